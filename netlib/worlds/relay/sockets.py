"""One UDP socket of a relay: it never waits, and knows when each datagram came to this machine."""

import contextlib
import errno
import socket
import struct
import sys
from time import perf_counter, perf_counter_ns, time_ns

from netlib.kernel.gauge import gauge
from netlib.trace import Address
from netlib.worlds.relay.report import BLOCKED, EVICTED, REFUSED, TOO_LONG

DRAIN = 64  # datagrams taken from one socket before the others have their turn
WANTED = 4 * 2**20  # bytes of receive buffer to ask for; the kernel may grant less
LINUX = sys.platform == "linux"
SO_TIMESTAMPNS = 35  # Linux: the kernel's arrival time with each datagram, socket(7)
ERRORS = socket.IPPROTO_IP, 11  # Linux, IP_RECVERR: ICMP errors without a connection, ip(7)
ERRORS6 = socket.IPPROTO_IPV6, 25  # IPV6_RECVERR
ICMP = (2, 3)  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6: as opposed to what this machine found out
TIMESPEC = struct.Struct("@ll")  # seconds, nanoseconds
now = perf_counter  # seconds, on a clock that nobody sets
CAUSES = {
    errno.EMSGSIZE: TOO_LONG,
    errno.EAGAIN: BLOCKED,
    errno.ENOBUFS: BLOCKED,
    errno.EBADF: EVICTED,  # closed while datagrams for it were on their way
}


def day_of_zero() -> int:
    """Return the time of day [ns] at which `now` was 0, for the kernel stamps the time of day.

    To be asked again each time, for the time of day is corrected all the time. What comes between
    the two readings makes the answer too early, and so departures late, but never early.
    """
    once, again = time_ns() - perf_counter_ns(), time_ns() - perf_counter_ns()
    return max(once, again)


class Port:
    """A UDP socket at a free port of `host`; `drops` counts by cause what could not be sent."""

    def __init__(self, family: int, host: str, drops: dict[str, int]):
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._drops, self._overflowed = drops, 0
        self._receive = self._receive_unstamped
        try:
            self._set_up(family)
            self._socket.bind((host, 0))
        except OSError:
            self._socket.close()
            raise
        self.address: Address = self._socket.getsockname()
        self.fileno = self._socket.fileno

    def arrivals(self) -> list[tuple[float, bytes, Address]]:
        """Take what waits here, up to DRAIN datagrams: each with its arrival time and source."""
        taken, receive, zero = [], self._receive, day_of_zero()
        try:
            for _ in range(DRAIN):
                payload, stamps, _, source = receive(65535, 64)
                at = _seconds(stamps[0][2], zero) if stamps else now()
                taken.append((at, payload, source))
        except BlockingIOError:
            if not taken:  # then it was an error that made the socket ready
                self._read_errors()
        except OSError as error:  # of an earlier sendto, not of this call
            self._note(error)
        return taken

    def send(self, payload: bytes, address: Address) -> bool:
        """Send one datagram; return whether the kernel took it, else count why not."""
        try:
            self._socket.sendto(payload, address)
            return True
        except ConnectionError as error:  # what came back for an earlier one; this one has not gone
            self._note(error)
            return self._send_again(payload, address)
        except OSError as error:
            return self._count(error)

    def overflowed(self) -> int:
        """Return how many datagrams the kernel has thrown away because the buffer was full."""
        seen = gauge(self) if self.fileno() >= 0 else None
        self._overflowed = max(self._overflowed, seen.drops if seen else 0)
        return self._overflowed

    def close(self):
        self.overflowed()
        self._socket.close()

    def _set_up(self, family: int):
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WANTED)
        if LINUX:
            ipv6 = family == socket.AF_INET6
            self._socket.setsockopt(*(ERRORS6 if ipv6 else ERRORS), 1)
            with contextlib.suppress(OSError):  # then the time at which we take it has to do
                self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
                self._receive = self._socket.recvmsg

    def _receive_unstamped(self, size: int, _: int) -> tuple[bytes, list, int, Address]:
        payload, source = self._socket.recvfrom(size)
        return payload, [], 0, source

    def _send_again(self, payload: bytes, address: Address) -> bool:
        try:
            self._socket.sendto(payload, address)
            return True
        except OSError as error:
            return self._count(error)

    def _note(self, error: OSError):
        if LINUX:
            self._read_errors()
        else:
            self._count(error)

    def _read_errors(self):
        """Empty the error queue, which would keep select awake; count the ICMP messages in it."""
        if not LINUX:
            return
        with contextlib.suppress(OSError):  # BlockingIOError: it is empty
            while True:
                ancillary = self._socket.recvmsg(0, 512, socket.MSG_ERRQUEUE)[1]
                errors = (data for *kind, data in ancillary if tuple(kind) in (ERRORS, ERRORS6))
                if any(error[4] in ICMP for error in errors):
                    self._drops[REFUSED] = self._drops.get(REFUSED, 0) + 1

    def _count(self, error: OSError) -> bool:
        if isinstance(error, ConnectionError):
            cause = REFUSED
        else:
            cause = CAUSES.get(error.errno) or error.strerror or str(error)
        self._drops[cause] = self._drops.get(cause, 0) + 1
        return False


def _seconds(stamp: bytes, zero: int) -> float:
    seconds, nanoseconds = TIMESPEC.unpack(stamp)
    # not in the future, should the time of day have been set back meanwhile
    return min((seconds * 10**9 + nanoseconds - zero) * 1e-9, now())
