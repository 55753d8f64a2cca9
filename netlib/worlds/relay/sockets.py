"""The sockets of a relay: they never wait, and know when each datagram came to this machine.

Clients send to one socket, the front. Each client has another one towards the destination, so that
an answer finds its way back by the socket at which it comes in, as in a home router (NAT).
"""

import contextlib
import errno
import os
import selectors
import socket
import struct
import sys
from collections import Counter, OrderedDict
from collections.abc import Callable
from time import perf_counter, perf_counter_ns, time_ns
from typing import NamedTuple

from netlib.kernel.gauge import gauge
from netlib.trace import Address
from netlib.worlds.relay.report import BLOCKED, EVICTED, REFUSED, TOO_LONG

ANY = "0.0.0.0"
DRAIN = 64  # datagrams taken from one socket before the others have their turn
WANTED = 4 * 2**20  # bytes of receive buffer to ask for; the kernel may grant less
SO_TIMESTAMPNS = 35  # Linux: the kernel's arrival time with each datagram, socket(7)
RECVERR = {  # Linux: ICMP errors without a connection; IP_RECVERR, IPV6_RECVERR: ip(7), ipv6(7)
    socket.AF_INET: (socket.IPPROTO_IP, 11),
    socket.AF_INET6: (socket.IPPROTO_IPV6, 25),
}
PKTINFO = socket.IPPROTO_IP, 8  # Linux, IP_PKTINFO: which of this host's addresses was asked, ip(7)
REMEMBERED = 10_000  # sources for which a front at 0.0.0.0 knows which address they asked
EXTENDED_ERROR = struct.Struct("=IB")  # how struct sock_extended_err begins: errno, origin
ICMP = (2, 3)  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6: as opposed to what this machine found out
TIMESPEC = struct.Struct("@ll")  # seconds, nanoseconds
JUMP = 10**6  # ns by which the time of day may move against `now` between two batches: NTP slews it
SELECT_ROOM = 500  # clients, where one select (at most 512 sockets on Windows) asks every socket
now = perf_counter  # seconds, on a clock that nobody sets
CAUSES = {
    errno.EMSGSIZE: TOO_LONG,
    errno.EAGAIN: BLOCKED,
    10035: BLOCKED,  # Winsock's EAGAIN
    errno.ENOBUFS: BLOCKED,
    errno.EBADF: EVICTED,  # closed while datagrams for it were on their way
    10038: EVICTED,  # what Winsock says then: not a socket
}


def day_of_zero() -> int:
    """Return the time of day [ns] at which `now` was 0, because the kernel stamps times of day.

    Recompute it for every batch: NTP adjusts the clock. What comes between the two readings makes
    the answer too early, and so departures late, but never early.
    """
    return max(time_ns() - perf_counter_ns(), time_ns() - perf_counter_ns())


class RelaySocket:
    """A UDP socket at (host, port); `drops` counts by cause what could not be sent."""

    def __init__(self, family: int, host: str, port: int, drops: Counter[str]):
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._drops, self._overflowed, self._zero = drops, 0, day_of_zero()
        self._asked: dict[Address, bytes] = {}  # by source, where one socket has many addresses
        try:
            self._set_up(host == ANY)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self.address: Address = self._socket.getsockname()
        self.fileno = self._socket.fileno

    def arrivals(self, since: float) -> list[tuple[float, bytes, Address]]:
        """Take what waits here, up to DRAIN datagrams: each with its arrival time and source.

        At `since` [s] nothing was waiting. If the time of day has jumped since the last call, the
        stamps are worth nothing: then these arrive now, late rather than early.
        """
        batch, receive, zero = [], self._receive, day_of_zero()
        steady, self._zero = abs(zero - self._zero) < JUMP, zero
        try:
            for _ in range(DRAIN):
                payload, ancillary, _, source = receive(65535, 128)
                at = _seconds(ancillary[0][2], zero) if ancillary and steady else now()
                batch.append((max(since, at), payload, source))
                if len(ancillary) > 1:
                    self._remember(source, ancillary[1][2])
        except BlockingIOError:
            if not batch:  # then it was an error that made the socket ready
                self._read_errors()
        except OSError as error:  # of an earlier sendto, not of this call
            self._note(error)
        return batch

    def send(self, payload: bytes, address: Address) -> bool:
        """Send one datagram; return whether the kernel took it, else count why not."""
        sendto = self._sendto if self._asked else self._socket.sendto
        try:
            sendto(payload, address)
            return True
        except OSError as error:
            return self._send_again(payload, address, error)

    def is_at(self, address: Address) -> bool:
        """Return whether an address is one of this socket's own."""
        if address[1] != self.address[1]:  # almost always
            return False
        return address == self.address or (self.address[0] == ANY and _is_local(address[0]))

    def overflowed(self) -> int:
        """Return how many datagrams the kernel has thrown away because the buffer was full."""
        queue = gauge(self._socket) if self.fileno() >= 0 else None
        self._overflowed = max(self._overflowed, queue.drops if queue else 0)
        return self._overflowed

    def close(self):
        self.overflowed()
        self._socket.close()

    def _send_again(self, payload: bytes, address: Address, error: OSError) -> bool:
        if error.errno not in CAUSES:  # what came back for an earlier one; this one has not gone
            self._note(error)
            try:
                self._sendto(payload, address)
                return True
            except OSError as again:
                error = again
        self._drops[cause_of(error)] += 1
        return False

    def _remember(self, source: Address, info: bytes):
        if len(self._asked) >= REMEMBERED:  # the others are answered from a usual address
            self._asked.clear()
        self._asked[source] = bytes(4) + info[4:]  # without the interface: routing chooses it

    def _set_up(self, everywhere: bool):
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WANTED)
        if sys.platform == "linux":
            self._socket.setsockopt(*RECVERR[self._socket.family], 1)
            with contextlib.suppress(OSError):  # then the time at which we take it has to do
                self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
                self._socket.setsockopt(*PKTINFO, int(everywhere))

    if sys.platform == "linux":

        @property
        def _receive(self):
            return self._socket.recvmsg

        def _sendto(self, payload: bytes, address: Address):
            if address in self._asked:  # answer from the address that was asked
                info = (*PKTINFO, self._asked[address])
                self._socket.sendmsg([payload], [info], 0, address)
            else:
                self._socket.sendto(payload, address)

        def _note(self, error: OSError):
            self._read_errors()

        def _read_errors(self):
            """Empty the error queue, which would keep select awake; count its ICMP messages."""
            with contextlib.suppress(OSError):  # BlockingIOError: it is empty
                while True:
                    for level, kind, data in self._socket.recvmsg(0, 512, socket.MSG_ERRQUEUE)[1]:
                        if (level, kind) in RECVERR.values() and (cause := icmp_cause(data)):
                            self._drops[cause] += 1

    else:

        def _receive(self, size: int, _: int) -> tuple[bytes, list, int, Address]:
            payload, source = self._socket.recvfrom(size)
            return payload, [], 0, source

        def _sendto(self, payload: bytes, address: Address):
            self._socket.sendto(payload, address)

        def _note(self, error: OSError):
            if isinstance(error, ConnectionError):
                self._drops[REFUSED] += 1

        def _read_errors(self):
            pass


class Client(NamedTuple):
    """One client: its address, and the socket at which its answers arrive."""

    address: Address
    socket: RelaySocket


class Clients:
    """All clients of a relay, at most `room` of them: a newcomer takes the place of the one that
    has been silent for longest, also if the system has no socket left for it. One that has been
    silent for `idle` seconds is forgotten (None: never).
    """

    def __init__(self, room: int, open_socket: Callable[[], RelaySocket], idle: float | None):
        self.evicted = self.expired = 0
        self._open_socket, self._idle = open_socket, idle
        self._heard: dict[Address, float] = {}  # when each has sent its latest [s]
        self._clients: OrderedDict[Address, Client] = OrderedDict()  # the longest silent first
        self._selector = selectors.DefaultSelector()
        self.fds = self._watched()  # what to select, for the answers
        self._room = room if self.fds else min(room, SELECT_ROOM)
        self._overflowed_before = 0  # at sockets that are closed

    def ready(self) -> list[Client]:
        """Return the clients for which something has arrived."""
        return [key.data for key, _ in self._selector.select(0)]

    def find(self, address: Address, at: float) -> Client | None:
        """Return the client at this address, which sent at `at`; None if it can have no socket."""
        client = self._clients.get(address)
        if client is None:
            client = self._admit(address)
        else:
            self._clients.move_to_end(address)
        if self._idle and client:
            self._heard[address] = at
        return client

    def expire(self, now: float):
        """Forget those that have been silent for too long."""
        while self._idle and self._clients:
            if self._heard[next(iter(self._clients))] > now - self._idle:
                return
            self._forget()
            self.expired += 1

    def overflowed(self) -> int:
        """Return how many answers the kernel has thrown away because a buffer was full."""
        clients = self._clients.values()
        return self._overflowed_before + sum(client.socket.overflowed() for client in clients)

    def close(self):
        while self._clients:
            self._forget()
        self._selector.close()

    def __len__(self) -> int:
        return len(self._clients)

    def _admit(self, address: Address) -> Client | None:
        if len(self) >= self._room:
            self._evict()
        sock = self._opened()
        if sock is None and self._clients:  # then the newcomer needs that one's descriptor
            self._evict()
            sock = self._opened()
        if sock is None:
            return None
        client = self._clients[address] = Client(address, sock)
        self._selector.register(sock.fileno(), selectors.EVENT_READ, client)
        self.fds = self._watched()
        return client

    def _watched(self) -> list[int]:
        """Return the one descriptor that stands for all (epoll, kqueue), or else (Windows) all."""
        if hasattr(self._selector, "fileno"):
            return [self._selector.fileno()]
        return [client.socket.fileno() for client in self._clients.values()]

    def _opened(self) -> RelaySocket | None:
        with contextlib.suppress(OSError):  # such as EMFILE: too many open files
            return self._open_socket()
        return None

    def _evict(self):
        self._forget()
        self.evicted += 1

    def _forget(self):
        address, (_, sock) = self._clients.popitem(last=False)
        self._heard.pop(address, None)
        self._selector.unregister(sock.fileno())
        self.fds = self._watched()
        sock.close()
        self._overflowed_before += sock.overflowed()


def cause_of(error: OSError) -> str:
    """Return why a datagram could not be sent, in the words of a report."""
    if isinstance(error, ConnectionError):
        return REFUSED
    return CAUSES.get(error.errno or 0) or error.strerror or str(error)


def icmp_cause(data: bytes) -> str:
    """Return what an entry of the error queue (Linux) says, or "" if no ICMP message brought it."""
    number, origin = EXTENDED_ERROR.unpack_from(data)
    if origin not in ICMP:
        return ""
    return REFUSED if number == errno.ECONNREFUSED else f"{os.strerror(number)} (ICMP)"


def _is_local(host: str) -> bool:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
            return True
    except OSError:
        return False


def _seconds(stamp: bytes, zero: int) -> float:
    seconds, nanoseconds = TIMESPEC.unpack(stamp)
    # not in the future, should the time of day have been set back meanwhile
    return min((seconds * 10**9 + nanoseconds - zero) * 1e-9, now())
