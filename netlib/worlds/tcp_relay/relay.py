"""World 2 for TCP: a byte stream made slow, late and cut anew. Lost it cannot be: see TCPRelay."""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterable
from typing import NamedTuple

from netlib import checks
from netlib.sockets.background import Background
from netlib.sockets.base import bound_socket, named, resolved
from netlib.trace import Address
from netlib.worlds.tcp_relay.chopper import Chopper, piece_sizes
from netlib.worlds.tcp_relay.connection import Connection, Side
from netlib.worlds.tcp_relay.flow import Flow

IDLE = 1.0  # seconds: the longest wait
BACKLOG = 128  # connections that may wait to be accepted
NOT_HERE = ("loss", "duplicate", "reorder")


class StreamCounts(NamedTuple):
    """What a TCP relay has seen: connections, how many of them the destination refused and how
    many ended in a reset; bytes passed on in each direction.
    """

    connections: int = 0
    refused: int = 0
    reset: int = 0
    forward: int = 0
    backward: int = 0


class TCPRelay:
    """Stand in for the TCP server at `destination`, behind a slow path.

    delay: seconds each way. rate: bits per second each way, None: no limit. chop: cut the stream
    anew, into pieces of these sizes over and over, or from a seed into any sizes; a piece is filled
    from several sends if need be, and sent on its own (after 10 ms it goes as it is). room: bytes
    that may be on their way in each direction; a faster sender has to wait, so that no more than
    room / delay bytes per second get through.

    The end of a stream is passed on, so a connection can be half closed, and so is a reset. What
    cannot be passed on is loss. The relay ends one TCP connection and begins another one: each of
    the two kernels has acknowledged what it gave to the relay, and keeps no copy. Bytes that the
    relay drops are never sent again, and the stream is not late, it is wrong. See for yourself
    with a `hole`: range(100, 200) leaves out these bytes on the way there. Segments are lost below
    TCP: in a relay between two kernels, or in the simulator. Nor can it delay the handshake, which
    the relay's kernel answers.
    """

    def __init__(
        self,
        destination: Address,
        *,
        delay: float = 0.0,
        rate: float | None = None,
        chop: int | Iterable[int] | None = None,
        hole: range = range(0),
        room: int = 2**20,
        host: str | None = None,
        **impossible,
    ):
        _refuse(impossible)
        self.destination, self._host, self._hole = destination, host, hole
        self._delay, self._rate = checks.seconds("delay", delay), checks.bit_rate(rate)
        self._room = checks.whole("room", room, " of bytes", least=1)
        self._chop = tuple(chop) if isinstance(chop, Iterable) else chop
        self._flow("forward")  # so that a mistake is an error where it is made
        self._family, self._far = resolved(destination, socket.SOCK_STREAM)
        self._listener: socket.socket | None = None
        self._address: Address | None = None
        self._connections: list[Connection] = []
        self._over = StreamCounts()
        self._lock = threading.Lock()  # held while bytes are passed on, not while waiting
        self._silent = self._ended = False

    def start(self) -> "TCPRelay":
        """Begin to relay, and return itself; a `with` block calls this."""
        if self._listener is not None:
            raise RuntimeError(f"this relay is running already, at {named(self._address)}")
        loopback = "::1" if self._family == socket.AF_INET6 else "127.0.0.1"
        self._listener = bound_socket(socket.SOCK_STREAM, self._host or loopback, 0, None)
        self._listener.listen(BACKLOG)
        self._listener.setblocking(False)
        self._address = self._listener.getsockname()
        self._bell, self._ear = socket.socketpair()
        self._began, self._over = time.perf_counter(), StreamCounts()
        self._silent = self._ended = False
        self._background = Background(self._run).start()
        return self

    def close(self):
        """End all connections, those that are not over by a reset. Closing twice is harmless."""
        if self._listener is None:
            return
        self._ended = True
        self._bell.send(b"!")
        try:
            self._background.join()
        finally:
            for each in (self._listener, self._bell, self._ear):
                each.close()
            self._listener = None

    def silence(self, silent: bool = True):
        """Pass on nothing from now on, and accept nobody, yet close nothing: as a host that froze.

        The relay's kernel still acknowledges what it has room for, so that a sender notices only
        by the answers that do not come. False ends it.
        """
        with self._lock:  # so that it is silent once this returns
            self._silent = silent
        if self._listener is not None:
            self._bell.send(b"!")

    @property
    def address(self) -> Address:
        """Where clients connect to."""
        if self._address is None:
            raise RuntimeError("the relay runs inside its `with` block, or from start() to close()")
        return self._address

    @property
    def counts(self) -> StreamCounts:
        """What it has seen so far."""
        with self._lock:
            seen = [_counts(connection) for connection in self._connections]
            return StreamCounts(*map(sum, zip(self._over, *seen, strict=True)))

    def __enter__(self) -> "TCPRelay":
        return self.start()

    def __exit__(self, *exception):
        self.close()

    def __repr__(self) -> str:
        where = named(self._address) if self._listener else "not running"
        return f"TCPRelay({where} → {named(self.destination)}: {self.counts})"

    def _run(self):
        try:
            while not self._ended:
                self._turn()
        finally:
            with self._lock:
                for connection in list(self._connections):
                    self._retire(connection)

    def _turn(self):
        now, wait = self._now(), IDLE
        reading: dict[socket.socket, tuple[Connection, Side]] = {}
        writing: dict[socket.socket, tuple[Connection, Side]] = {}
        for connection in [] if self._silent else self._connections:
            reading |= {side.socket: (connection, side) for side in connection.readers()}
            writing |= {side.socket: (connection, side) for side in connection.writers(now)}
            wait = min(wait, connection.wait(now))
        doors = [self._ear] if self._silent else [self._ear, self._listener]
        ready = select.select([*doors, *reading], list(writing), list(writing), wait)
        with self._lock:
            if self._ear in ready[0]:
                self._ear.recv(4096)
            elif not self._silent:  # else it has been silenced while it waited
                self._pass_on(ready, reading, writing)

    def _pass_on(self, ready: tuple, reading: dict, writing: dict):
        now = self._now()
        for sock in ready[0]:
            if sock is self._listener:
                self._accept()
            else:
                connection, side = reading[sock]
                connection.read(side, now)
        for sock in {*ready[1], *ready[2]}:
            connection, side = writing[sock]
            connection.write(side, now)
        for connection in [each for each in self._connections if each.finished]:
            self._retire(connection)

    def _accept(self):
        with contextlib.suppress(OSError):  # the client has gone again
            client, _ = self._listener.accept()
            flows = self._flow("forward", self._hole), self._flow("backward")
            self._connections.append(Connection(client, self._family, self._far, flows))

    def _flow(self, way: str, hole: range = range(0)) -> Flow:
        chopper = None if self._chop is None else Chopper(piece_sizes(self._chop, way))
        return Flow(self._delay, self._rate, chopper, hole, self._room)

    def _retire(self, connection: Connection):
        connection.close()
        self._connections.remove(connection)
        pairs = zip(self._over, _counts(connection), strict=True)
        self._over = StreamCounts(*map(sum, pairs))

    def _now(self) -> float:
        return time.perf_counter() - self._began


def _counts(connection: Connection) -> StreamCounts:
    flows = connection.forward, connection.backward
    reset = any(flow.broken for flow in flows) and not connection.refused
    return StreamCounts(1, connection.refused, reset, *(flow.passed for flow in flows))


def _refuse(parameters: dict):
    for name in parameters:
        if name in NOT_HERE:
            raise ValueError(
                f"a TCP relay has no {name!r}: both kernels have acknowledged what reached it, so "
                "what it drops nobody sends again, and the stream is corrupt (try hole=). Segments "
                "are lost below TCP: use the simulator, or a relay between two kernels"
            )
        raise TypeError(f"TCPRelay has no parameter {name!r}")
