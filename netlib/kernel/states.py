"""The states of real TCP sockets, as the kernel tells them: /proc/net/tcp on Linux, else psutil."""

import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from netlib.trace import Address

TABLE = Path("/proc/net/tcp")
TICKS = 100  # a second, in this table: USER_HZ, include/uapi/asm-generic/param.h
# include/net/tcp_states.h, from 1 on, by the names of RFC 9293; 12 is a SYN-RECEIVED, too
LINUX = [
    "ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSED",
    "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING", "SYN-RECEIVED",
]  # fmt: skip
# what psutil calls otherwise, once its underscores are hyphens
PSUTIL = {"SYN-RECV": "SYN-RECEIVED", "FIN-WAIT1": "FIN-WAIT-1", "FIN-WAIT2": "FIN-WAIT-2"}
PSUTIL |= {"CLOSE": "CLOSED", "NONE": "CLOSED"}


class TCPSocket(NamedTuple):
    """One TCP socket in the kernel's table; the last three are None where it does not tell.

    unacked: bytes sent or waiting to be sent, that the peer has not acknowledged; of a listener, 0.
    unread: bytes received that no `recv` has taken; of a listener, connections not accepted.
    timer: seconds until the kernel itself will do something: retransmit, probe, forget.
    """

    state: str
    local: Address
    peer: Address
    unacked: int | None = None
    unread: int | None = None
    timer: float | None = None


def table(port: int) -> list[TCPSocket]:
    """Return the IPv4 TCP sockets of this machine whose local or peer port is `port`.

    A socket that no program holds any more (TIME-WAIT) is among them on Linux. Elsewhere only
    those of this process are, for the others take a privilege.
    Source: proc_pid_net(5); the kernel's Documentation/networking/proc_net_tcp.rst.
    """
    if sys.platform != "linux":
        return [row for row, _ in _by_psutil() if port in (row.local[1], *row.peer[1:])]
    mark = f":{port:04X} "  # only the addresses have four digits: all other lines cost nothing
    rows = [_row(line) for line in _lines() if mark in line]
    # the kernel hands out its table in pages, and while others open and close, a row can come twice
    return list({(row.local, row.peer): row for row in rows}.values())


def sides(server: Address, clients: Iterable[Address]) -> dict[str, list[str]]:
    """Return the states of the connections from `clients` to a server, by side, its listener's too.

    The clients are named, for a port may have had another server a minute ago, whose connections
    are still in TIME-WAIT.
    """
    rows, clients = table(server[1]), set(clients)
    ours = [row for row in rows if row.local == server]
    return {
        "client": sorted(r.state for r in rows if r.local in clients and r.peer == server),
        "server": sorted(r.state for r in ours if r.peer in clients or r.state == "LISTEN"),
    }


def both_states(sock: socket.socket, peer: Address) -> tuple[str, str]:
    """Return the states of a connection's two ends: that of `sock`, and its peer's at `peer`.

    "none": the kernel holds no socket at that end any more; "unknown": it tells nothing. An ACK
    of the peer's FIN may be delayed (RFC 1122, 4.2.3.2), and is waited for.
    """
    ends = peer, sock.getsockname()

    def theirs() -> list[str]:
        return [row.state for row in table(peer[1]) if (row.local, row.peer) == ends]

    try:
        with contextlib.suppress(TimeoutError):
            poll(lambda: theirs() != ["FIN-WAIT-1"], timeout=1)
        return state(sock), *(theirs() or ["none"])  # type: ignore[return-value]
    except OSError:
        return state(sock), "unknown"


def state(sock) -> str:
    """Return the state of a socket that this process holds: anything with a `fileno`."""
    if sys.platform == "linux":
        with socket.socket(fileno=os.dup(sock.fileno())) as same:
            return LINUX[same.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] - 1]
    states = (row.state for row, number in _by_psutil() if number == sock.fileno())
    return next(states, "unknown")


def wait_for_end(sock: socket.socket, timeout: float) -> bool:
    """Wait until a connection is CLOSED, `timeout` seconds at most; return whether it is.

    On systems other than Linux a socket that is no longer in the table counts as closed.
    """
    with contextlib.suppress(TimeoutError):
        poll(lambda: state(sock) in ("CLOSED", "unknown"), timeout=timeout)
    return state(sock) in ("CLOSED", "unknown")


def poll(
    happened: Callable[[], object],
    expected: str = "it to happen",
    found: Callable[[], object] = lambda: "nothing of it",
    timeout: float = 5.0,
):
    """Wait until something has happened, looking every millisecond. Raises TimeoutError."""
    deadline = time.monotonic() + timeout
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(f"expected {expected} within {timeout:g} s, got {found()}")
        time.sleep(0.001)


def sysctl(name: str, otherwise: str = "unknown") -> str:
    """Return one of Linux's settings for TCP, such as "tcp_syn_retries", as text."""
    with contextlib.suppress(OSError):
        return (Path("/proc/sys/net/ipv4") / name).read_text().strip()
    return otherwise


def _lines() -> list[str]:
    try:
        return TABLE.read_text().splitlines()
    except OSError as error:
        hint = "Linux tells the states of TCP sockets there: is /proc mounted?"
        raise OSError(error.errno, f"cannot read {TABLE}: {error.strerror} ({hint})") from None


def _row(line: str) -> TCPSocket:
    local, peer, code, queues, timer = line.split()[1:6]
    unacked, unread = (int(part, 16) for part in queues.split(":"))
    kind, ticks = (int(part, 16) for part in timer.split(":"))
    name = LINUX[int(code, 16) - 1]
    left = ticks / TICKS if kind else None
    return TCPSocket(name, _address(local), _address(peer), unacked, unread, left)


def _address(text: str) -> Address:
    host, port = text.split(":")
    # the kernel prints the four bytes as one number, in the machine's own order
    return socket.inet_ntoa(int(host, 16).to_bytes(4, sys.byteorder)), int(port, 16)


def _by_psutil() -> list[tuple[TCPSocket, int]]:
    """Return this process's TCP sockets with their file descriptors (-1: not told)."""
    import psutil  # a dependency of ipykernel: not loaded by who needs only sockets

    rows = psutil.Process().net_connections("tcp4")
    return [(TCPSocket(_named(r.status), tuple(r.laddr), tuple(r.raddr)), r.fd) for r in rows]


def _named(status: str) -> str:
    name = status.replace("_", "-")
    return PSUTIL.get(name, name)
