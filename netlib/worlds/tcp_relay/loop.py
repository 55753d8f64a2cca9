"""The thread of a TCP relay: it accepts, waits and passes on, for all connections.

The kernel names the connections that are ready, a heap those whose bytes are due; nobody else is
looked at. An alarm stays in the heap when an earlier one replaces it, and is skipped.
"""

import contextlib
import errno
import heapq
import selectors
import socket
import threading
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from math import inf
from selectors import EVENT_READ
from time import perf_counter

from netlib.sockets.background import wakeup_pair
from netlib.sockets.base import bound_socket, readable
from netlib.worlds.relay.report import BUSY, NOTHING_YET, Lateness, Tally, too_late
from netlib.worlds.tcp_relay.connection import Connection, Side
from netlib.worlds.tcp_relay.flow import Flow, Path

IDLE = 1.0  # seconds: the longest wait
BACKLOG = 4096  # connections that may wait to be accepted; the kernel may allow fewer
ACCEPTS = 256  # connections accepted in a row before the others have their turn
NO_FILE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
PAUSE = 0.05  # seconds until it tries to accept again, when there was no file left


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

    def too_busy(self, rtt: float) -> str:
        """Return why an experiment with this round-trip time [s] should be run again, or ""."""
        if self.starved:
            return f"{BUSY}nobody could be accepted {self.starved} times, no file was free"
        return too_late(self.lateness, rtt)

    def __str__(self) -> str:
        causes = ", ".join(f"{count} {cause}" for cause, count in sorted(self.refused.items()))
        lines = {
            "connections": f"{self.connections}, {self.open} open, {self.reset} reset",
            "refused": causes or "none",
            "forward": f"{self.forward} bytes",
            "backward": f"{self.backward} bytes",
            "lateness": str(self.lateness or NOTHING_YET),
            "starved": str(self.starved),
        }
        return "\n".join(f"{name:12}{line}" for name, line in lines.items())


class Loop:
    """Relay from `host`, `port` to `target`, a family and an address, from `run` until `stop`."""

    def __init__(self, host: str, port: int, target: tuple, paths: tuple, room: int, hole: range):
        with contextlib.ExitStack() as stack:
            self._waker, self._wakeup = map(stack.enter_context, wakeup_pair())
            self._waker.setblocking(False)
            self._poll = stack.enter_context(selectors.DefaultSelector())
            self._poll.register(self._wakeup, EVENT_READ, lambda _: self._wakeup.recv(4096))
            listener = bound_socket(socket.SOCK_STREAM, host, port, None)
            self._listener = stack.enter_context(listener)
            listener.listen(BACKLOG)
            listener.setblocking(False)
            self.address = listener.getsockname()
            self._opened = stack.pop_all()
        self.failure: BaseException | None = None  # what it died of
        self._target, self._room, self._hole = target, room, hole
        self._paths = tuple(Path(*settings) for settings in paths)
        self._lock = threading.Lock()  # held while bytes are passed on, not while waiting
        self._silent = self._ended = False
        self._connections: set[Connection] = set()
        self._alarms: list[tuple[float, int, Connection]] = []
        self._accepts_at = 0.0  # when to listen; infinite: it does
        self._counts: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._tally = Tally()

    def run(self):
        """Relay until it is stopped; this is the thread."""
        try:
            while not self._ended:
                ready = self._wait()
                with self._lock:
                    self._turn(ready)
        except BaseException as failure:  # the relay's next call raises it
            self.failure = failure
        finally:
            self.release()

    def stop(self):
        """End the thread, or the one that is about to begin."""
        self._ended = True
        self._wake()

    def release(self):
        """Close all sockets. Doing it twice is harmless."""
        with self._lock:
            self._opened.close()  # the listener first: nobody is to wait there in vain
            for side in (side for connection in self._connections for side in connection.sides):
                side.close()
            self._connections.clear()

    def dial(self, *settings: tuple[float, float | None]):
        """Give bytes that come in from now on these paths, there and back."""
        with self._lock:
            for path, (delay, rate) in zip(self._paths, settings, strict=True):
                path.dial(delay, rate)

    def silence(self, silent: bool):
        """Pass on nothing until called with False."""
        with self._lock:  # so that it is silent once this returns
            self._silent = silent
        self._wake()

    def reset(self):
        """Reset all connections."""
        with self._lock:
            self._accept()
            for connection in self._connections:
                connection.abandon()
                self._look_again(connection, 0.0)
        self._wake()

    @property
    def report(self) -> StreamReport:
        """What it has seen so far."""
        with self._lock:
            return StreamReport(
                open=len(self._connections),
                refused=dict(self._refused),
                forward=self._paths[0].passed,
                backward=self._paths[1].passed,
                lateness=self._tally.lateness(),
                **self._counts,
            )

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
        (family, address), (forward, backward) = self._target, self._paths
        flows = Flow(forward, self._room, self._hole), Flow(backward, self._room)
        with contextlib.ExitStack() as stack:  # far first: without it no client should be accepted
            far = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            near = stack.enter_context(self._listener.accept()[0])
            connection = Connection(near, far, address, flows, self._tally)
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

    def _wake(self):
        with contextlib.suppress(OSError):  # it is full, and so awake; or the thread has ended
            self._waker.send(b"!")


def select_exactly(selector, seconds: float) -> list:
    """Return what is ready. epoll alone rounds the wait up to 1 ms, select() on it does not."""
    if hasattr(selector, "fileno"):
        readable([selector.fileno()], seconds)
        seconds = 0
    return selector.select(seconds)
