"""World 2 for TCP: a byte stream made late and slow. It cannot be made lossy.

A relay of a stream ends one TCP connection and begins another. Each of the two kernels has
acknowledged what it gave to the relay and keeps no copy: bytes that the relay drops are never sent
again, and the stream is not late, it is wrong (a `hole` shows it). Segments are lost below TCP: in
a relay between two kernels, or in the simulator. Nor can it delay the handshake, which its own
kernel answers. It can hold bytes back, read no more than it has room for, so that a fast sender has
to wait, and pass on both kinds of end: EOF, so that a connection can be half closed, and a reset.

One thread serves all connections: the kernel names those that are ready, a heap those whose bytes
are due, and nobody else is looked at.
"""

import contextlib
import errno
import heapq
import select
import selectors
import socket
import threading
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from math import inf
from selectors import EVENT_READ
from time import perf_counter

from netlib import checks
from netlib.sockets.base import bound_socket, named, resolved
from netlib.trace import Address
from netlib.worlds.relay import RelayDied
from netlib.worlds.relay.report import Lateness, Tally
from netlib.worlds.tcp_relay.connection import Connection, Side
from netlib.worlds.tcp_relay.flow import Flow, Path

IDLE = 1.0  # seconds: the longest wait
BACKLOG = 4096  # connections that may wait to be accepted; the kernel may allow fewer
ACCEPTS = 256  # connections accepted in a row before the others have their turn
NO_FILE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
PAUSE = 0.05  # seconds until it tries to accept again, when there was no file left
FD_SETSIZE = 1024  # select() takes no descriptor from here on
NOT_RUNNING = "the relay runs inside its `with` block, or from start() to close()"
NOT_HERE = ("loss", "duplicate", "reorder")


@dataclass(frozen=True)
class StreamReport:
    """What a TCP relay has seen: connections, `open` ones among them, `refused` ones by cause and
    those that ended in a `reset`; bytes passed on in each direction; how often it was `starved`:
    nobody could be accepted, as no file was free. lateness: by how much bytes left after their
    time, except those that waited for their reader; None before the first.
    """

    connections: int = 0
    open: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    reset: int = 0
    forward: int = 0
    backward: int = 0
    starved: int = 0
    lateness: Lateness | None = None


class TCPRelay:
    """Stand in for the TCP server at `destination`, behind a slow path.

    delay: seconds each way. rate: bits per second each way, which all connections share, first
    come, first sent; None: no limit. room: bytes of a connection that may be on their way in each
    direction; a faster sender has to wait, so that no more than room / delay bytes per second get
    through. hole: the numbers of bytes to leave out of each stream on the way there, such as
    range(100, 200). host, port: where to listen; loopback and any free port unless they say so.

    Urgent bytes (MSG_OOB) go on in their place, as ordinary ones.
    """

    def __init__(
        self,
        destination: Address,
        *,
        delay: float = 0.0,
        rate: float | None = None,
        room: int = 2**20,
        hole: range = range(0),
        host: str | None = None,
        port: int = 0,
        **impossible,
    ):
        self._delay, self._rate = _path_settings(delay, rate, **impossible)
        self._room = checks.whole("room", room, " of bytes", least=1)
        if not isinstance(hole, range) or hole.step != 1:
            raise ValueError(f"hole must be a range of byte numbers in a row, got {hole!r}")
        self.destination, self._hole = destination, hole
        self._family, self._target = resolved(destination, socket.SOCK_STREAM)
        loopback = "::1" if self._family == socket.AF_INET6 else "127.0.0.1"
        self._host, self._port = host or loopback, port
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._address: Address = ()
        self._lock = threading.Lock()  # held while bytes are passed on, not while waiting
        self._begin_anew()

    def start(self) -> "TCPRelay":
        """Begin to relay, and return itself; a `with` block calls this."""
        if self._thread is not None:
            raise RuntimeError(f"this relay is running already, at {named(self._address)}")
        with contextlib.ExitStack() as stack:
            self._waker, self._wakeup = map(stack.enter_context, socket.socketpair())
            self._waker.setblocking(False)
            self._poll = stack.enter_context(selectors.DefaultSelector())
            self._poll.register(self._wakeup, EVENT_READ, lambda _: self._wakeup.recv(4096))
            listener = bound_socket(socket.SOCK_STREAM, self._host, self._port, None)
            self._listener = stack.enter_context(listener)
            listener.listen(BACKLOG)
            listener.setblocking(False)
            self._address = listener.getsockname()
            self._opened = stack.pop_all()
        self._begin_anew()
        self._thread = threading.Thread(target=self._run, name="TCPRelay", daemon=True)
        try:
            self._thread.start()
        except BaseException:  # interrupted while it waits for the thread, which may run by now
            self.close()
            raise
        return self

    def close(self):
        """Reset all connections that are not over. Closing twice is harmless.

        Raises RelayDied if it has died and was not closed since.
        """
        if self._thread is None:
            return
        self._ended = True
        self._wake()
        with contextlib.suppress(RuntimeError):  # not begun yet: it will end as soon as it begins
            self._thread.join()
        self._release()
        self._thread = None
        try:
            self._expect_alive()
        finally:
            self._failure = None

    def dial(self, **changes):
        """Go on with another `delay` or `rate`; bytes that are on their way keep their times."""
        self._expect_alive()
        settings = _path_settings(**{"delay": self._delay, "rate": self._rate, **changes})
        with self._lock:
            self._delay, self._rate = settings
            for path in self._paths:
                path.dial(*settings)

    def silence(self, silent: bool = True):
        """Pass on nothing from now on, and accept nobody, yet close nothing: as a host that froze.

        The relay's kernel still acknowledges what it has room for, so that a sender notices only
        by the answers that do not come. False ends it.
        """
        self._expect_alive()
        with self._lock:  # so that it is silent once this returns
            self._silent = silent
        self._wake()

    def reset(self):
        """Reset all connections, also those that wait to be accepted, and go on."""
        self._expect_alive()
        with self._lock:
            if self._thread is None:
                raise RuntimeError(NOT_RUNNING)
            self._accept()
            for connection in self._connections:
                connection.abandon()
                self._look_again(connection, 0.0)
        self._wake()

    @property
    def address(self) -> Address:
        """Where clients connect to."""
        self._expect_alive()
        if not self._address:
            raise RuntimeError(NOT_RUNNING)
        return self._address

    @property
    def report(self) -> StreamReport:
        """What it has seen so far."""
        self._expect_alive()
        with self._lock:
            return StreamReport(
                open=len(self._connections),
                refused=dict(self._refused),
                forward=self._paths[0].passed,
                backward=self._paths[1].passed,
                lateness=self._tally.lateness(),
                **self._counts,
            )

    def __enter__(self) -> "TCPRelay":
        return self.start()

    def __exit__(self, *exception):
        self.close()

    def __repr__(self) -> str:
        where = named(self._address) if self._thread else "not running"
        return f"TCPRelay({where} → {named(self.destination)})"

    def _begin_anew(self):
        self._silent = self._ended = False
        self._paths = Path(self._delay, self._rate), Path(self._delay, self._rate)
        self._connections: set[Connection] = set()
        self._alarms: list[tuple[float, int, Connection]] = []
        self._accepts_at = 0.0  # when to listen; infinite: it does
        self._counts: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._tally = Tally()

    def _run(self):
        try:
            while not self._ended:
                ready = self._wait()
                with self._lock:
                    self._turn(ready)
        except BaseException as failure:  # the next call raises it
            self._failure = failure
        finally:
            self._release()

    def _release(self):
        with self._lock:
            self._opened.close()  # the listener first: nobody is to wait there in vain
            for side in (side for connection in self._connections for side in connection.sides):
                side.close()
            self._connections.clear()

    def _wait(self) -> list:
        if self._silent:  # nothing else can end it
            self._wakeup.recv(4096)
            return []
        due = min(self._alarms[0][0] if self._alarms else inf, self._accepts_at)
        return select_exactly(self._poll, max(0.0, min(due - perf_counter(), IDLE)))

    def _turn(self, ready: list):
        if self._silent:
            return
        for key, events in ready:
            key.data(events)
        now = perf_counter()
        while self._alarms and self._alarms[0][0] <= now:
            due, _, connection = heapq.heappop(self._alarms)
            if due == connection.alarm:  # else it has an earlier one, or is over
                connection.alarm = inf
                connection.write_due()
                self._settle(connection)
        if self._accepts_at <= now:
            self._accepts_at = inf
            self._poll.register(self._listener, EVENT_READ, self._accept)

    def _accept(self, _events: int = 0):
        try:
            for _ in range(ACCEPTS):
                self._open_connection()
        except OSError as error:  # nobody waits any more, or the client has gone again
            if error.errno in NO_FILE and self._accepts_at == inf:
                self._counts["starved"] += 1
                self._poll.unregister(self._listener)
                self._accepts_at = perf_counter() + PAUSE

    def _open_connection(self):
        forward, backward = self._paths
        flows = Flow(forward, self._room, self._hole), Flow(backward, self._room)
        with contextlib.ExitStack() as stack:  # far first: without it no client should be accepted
            far = stack.enter_context(socket.socket(self._family, socket.SOCK_STREAM))
            near = stack.enter_context(self._listener.accept()[0])
            connection = Connection(near, far, self._target, flows, self._tally)
            stack.pop_all()
        self._connections.add(connection)
        self._counts["connections"] += 1
        self._settle(connection)

    def _handle(self, connection: Connection, side: Side, events: int):
        if connection in self._connections:  # else it was retired earlier in this turn
            connection.handle(side, events)
            self._settle(connection)

    def _settle(self, connection: Connection):
        """Wait for what a connection needs next; close it if it needs nothing more."""
        if connection.finished:
            if connection.refusal:
                self._refused[connection.refusal] += 1
            elif connection.broken:
                self._counts["reset"] += 1
            self._retire(connection)
            return
        for side in connection.sides:
            self._watch(connection, side, side.wanted)
        self._look_again(connection, connection.deadline)

    def _look_again(self, connection: Connection, at: float):
        if at < connection.alarm:
            connection.alarm = at
            heapq.heappush(self._alarms, (at, id(connection), connection))

    def _watch(self, connection: Connection, side: Side, events: int):
        if events == side.events:
            return
        if side.events:
            self._poll.unregister(side.socket)
        if events:
            self._poll.register(side.socket, events, partial(self._handle, connection, side))
        side.events = events

    def _retire(self, connection: Connection):
        connection.alarm = inf
        for side in connection.sides:
            self._watch(connection, side, 0)
            side.close()
        self._connections.remove(connection)

    def _expect_alive(self):
        if self._failure is not None:
            message = f"the relay has died, and its connections with it: {self._failure!r}"
            raise RelayDied(message) from self._failure

    def _wake(self):
        if self._thread is not None:
            with contextlib.suppress(OSError):  # it is full, and so awake; or the thread has ended
                self._waker.send(b"!")


def select_exactly(poll, seconds: float) -> list:
    """Return what is ready. epoll alone rounds the wait up to 1 ms, select() on it does not."""
    number = poll.fileno() if hasattr(poll, "fileno") else FD_SETSIZE
    if number < FD_SETSIZE:
        select.select([number], [], [], seconds)
        seconds = 0
    return poll.select(seconds)


def _path_settings(delay: float, rate: float | None, **impossible) -> tuple[float, float | None]:
    for name in impossible:
        if name in NOT_HERE:
            raise ValueError(
                f"a TCP relay has no {name!r}: both kernels have acknowledged what reached it, so "
                "what it drops nobody sends again, and the stream is corrupt (try hole=). Segments "
                "are lost below TCP: use the simulator, or a relay between two kernels"
            )
        raise TypeError(f"TCPRelay has no parameter {name!r}")
    return checks.seconds("delay", delay), checks.bit_rate(rate)
