"""What every socket class here shares: opening, naming an address, and errors that help."""

import contextlib
import errno
import select
import socket
import struct
import sys
import time

from netlib.trace import Address, Trace, named

# bytes of a datagram's payload: RFC 768, 791, 8200
LIMITS: dict[int, int] = {socket.AF_INET: 65535 - 20 - 8, socket.AF_INET6: 65535 - 8}
ABORT = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)  # SO_LINGER: on, for 0 s


def bound_socket(kind: int, host: str, port: int, timeout: float | None) -> socket.socket:
    """Return a socket bound to (host, port), IPv4 or IPv6 as the host asks; port 0: any free one.

    Raises ValueError for an impossible timeout or port, OSError if the address cannot be had.
    """
    refuse_impossible(timeout, port)
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=kind)[0]
    except socket.gaierror as error:
        raise explained(error, f"cannot bind to {named((host, port))}") from None
    sock = socket.socket(family, kind)
    try:
        if kind == socket.SOCK_STREAM and hasattr(socket, "SO_REUSEPORT"):  # i.e. not Windows,
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # where it means "steal"
        sock.bind(address)
        sock.settimeout(timeout)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"cannot bind to {named(address)}: {reason(error)}") from None
    return sock


def refuse_impossible(timeout: float | None, port: int):
    """Raise ValueError for a timeout or a port that cannot be."""
    if timeout is not None and not 0 < timeout < float("inf"):
        raise ValueError(f"timeout must be a positive number of seconds or None, got {timeout!r}")
    if not 0 <= port <= 65535:  # the resolver would take it modulo 65536, in silence
        raise ValueError(f"port must be in [0, 65535], got {port!r}")


def resolved(
    destination: Address, kind: int, family: int = 0, name: str = "destination"
) -> tuple[int, Address]:
    """Return an address's family (0: any) and its numeric form. Raises ValueError, OSError."""
    match destination:
        case (str() as host, int() as port, *_) if 0 < port < 65536:
            try:
                family, *_, numeric = socket.getaddrinfo(host, port, family, kind)[0]
            except OSError as error:
                raise explained(error, f"cannot send to {named(destination)}") from None
            return family, numeric
    raise ValueError(f"{name} must be (host, port), got {destination!r}")


def readable(fds: list[int], seconds: float) -> list[int]:
    """Wait until one of these descriptors is readable, at most so long; return which are."""
    try:
        return select.select(fds, (), (), seconds)[0]
    except ValueError:  # it takes no descriptor above 1023
        if sys.platform == "win32":  # which has no such limit, and no poll
            raise
    poller = select.poll()  # which takes any, and counts in milliseconds
    for fd in fds:
        poller.register(fd, select.POLLIN)
    if not poller.poll(int(seconds * 1000)):
        time.sleep(seconds % 1e-3)
    return [fd for fd, _ in poller.poll(0)]


def abort(sock: socket.socket):
    """Close a socket with a RST: what was queued is gone, and nothing stays in TIME-WAIT."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
    sock.close()


class SocketOwner:
    """What owning a socket means: a place in the trace, and a close that always happens.

    The one shared base of the socket classes; it exists so that closing is written once.
    """

    def __init__(self, sock: socket.socket, trace: Trace | None, role: str):
        self._socket, self._trace = sock, trace
        self.role = role if trace is None else trace.name(sock.getsockname(), role)

    def fileno(self) -> int:
        """Return the file descriptor, for select and the kernel's gauges; -1 once closed."""
        return self._socket.fileno()

    def interrupt(self):
        """End a wait of another thread on this socket (if the kernel will; else it times out)."""
        with contextlib.suppress(OSError):  # such as ENOTCONN: the connection is over already
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self):
        """Close the socket; closing twice is harmless."""
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def within(timeout: float | None) -> str:
    """Return how long a wait was; one without a limit can still end, when the system gives up."""
    return "before the system gave up" if timeout is None else f"within {timeout:g} s"


def reason(error: OSError) -> str:
    """Return what the kernel said, with what to do about it where that is known."""
    hints: dict[int | None, str] = {
        errno.EADDRINUSE: "another socket has this port; port=0 lets the kernel choose a free one",
        errno.EADDRNOTAVAIL: "this machine has no such address",
        errno.EACCES: "to bind a port below 1024 takes a privilege (use port=0); to broadcast, too",
        errno.EBADF: "this socket is closed",
        errno.ENOTSOCK: "this socket is closed",  # as Windows says it
        errno.ECANCELED: "the block that used this socket was left early; open a new one",
        errno.ECONNREFUSED: "nobody listens there; open the listener first",
        errno.ECONNRESET: "the peer reset the connection: it died, or closed with data unread",
        errno.EPIPE: "the peer has closed its end; it will not read what you send",
    }
    text, hint = error.strerror or str(error), hints.get(error.errno)
    return f"{text} ({hint})" if hint else text


def explained(error: OSError, doing: str) -> OSError:
    """Return an error of the same type and number that says what was done, and what helps."""
    return type(error)(error.errno, f"{doing}: {reason(error)}")
