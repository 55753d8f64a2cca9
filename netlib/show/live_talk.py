"""Two protocol endpoints in a live conversation over real UDP, with a slow relay between them."""

import socket
import threading
import time
from collections.abc import Callable
from select import select
from typing import NamedTuple

from netlib.endpoint import Endpoint
from netlib.links.link import Link
from netlib.links.relay import Relay, Row
from netlib.sockets.opening import bound_socket
from netlib.trace import Address, Trace

LOOK = 0.05  # seconds between two looks at the relay
PATIENCE = 180.0  # seconds without a touch, after which a conversation ends by itself
LIMIT = 1000  # datagrams, after which it ends by itself: a page cannot show more


class News(NamedTuple):
    """What has happened up to `now`, and when each side's timer will go off [s, relay's time]."""

    now: float
    rows: list[Row]
    deadlines: tuple[float | None, float | None]


class Woken(NamedTuple):
    """A timer has gone off at one side (0 or 1), at `at` [s, the relay's time]."""

    side: int
    at: float


class Ended(NamedTuple):
    """The conversation is over, and everything closed. why: empty if it was asked to stop."""

    why: str


class Side:
    """One endpoint at its socket; it answers whoever has spoken to it last."""

    def __init__(self, endpoint: Endpoint, sock: socket.socket, peer: Address | None):
        self.endpoint, self.peer, self._socket = endpoint, peer, sock
        self._begun = False
        self.fileno = sock.fileno

    def receive(self, now: float):
        datagram, self.peer = self._socket.recvfrom(65535)
        self._begun = True
        self._send(self.endpoint.receive(datagram, now))

    def wake_if_due(self, now: float) -> bool:
        """Wake the endpoint if it is time; return whether that was a timer and not the start."""
        if self.endpoint.deadline is None or self.endpoint.deadline > now:
            return False
        self._send(self.endpoint.wake(now))
        left = self.endpoint.deadline
        if left is not None and left <= now:
            raise RuntimeError(f"wake({now!r}) left the deadline at {left!r}, for ever due")
        timer, self._begun = self._begun, True
        return timer

    def _send(self, datagrams: list[bytes]):
        for datagram in datagrams:
            if self.peer is not None:
                self._socket.sendto(datagram, self.peer)


class LiveTalk:
    """Run a sender and a receiver until neither has anything to do, or until told to stop.

    One thread owns both sockets and the relay. What happens is `report`ed from it, as News, Woken
    and at last Ended. The delay [s], one way, can be changed, and a datagram on its way meddled
    with, from any thread.
    """

    def __init__(self, ends: tuple[Endpoint, Endpoint], delay: float, report: Callable):
        self._trace, self._zero = Trace(show_times=True), 0.0
        self._ends, self._delay, self._report = ends, delay, report
        self._relay: Relay | None = None
        self._touched, self._seen, self._idle = time.monotonic(), 0, 0
        self._ear, self._bell = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="live ladder", daemon=True)

    def start(self) -> "LiveTalk":
        """Begin; return at once."""
        self._thread.start()
        return self

    @property
    def trace(self) -> Trace:
        """What the relay has recorded, so far or of all of it."""
        relay = self._relay
        return relay.trace if relay else self._trace

    def now(self) -> float:
        """Return the relay's time [s]."""
        return time.perf_counter() - self._zero

    def dial(self, delay: float):
        """Change the delay [s] of the datagrams to come, both ways."""
        self._delay, self._touched = delay, time.monotonic()
        if relay := self._relay:
            relay.dial(Link(delay), Link(delay))

    def meddle(self, way: str, number: int, what: str, seconds: float) -> bool:
        """Have the relay do something to a datagram; return whether it was still on its way."""
        self._touched = time.monotonic()
        try:
            return bool(self._relay) and self._relay.meddle(way, number, what, seconds)
        except RuntimeError:  # it has just ended
            return False

    def stop(self):
        """End the thread, the relay and the sockets, and wait for that. Harmless when repeated."""
        if self._thread.is_alive():
            self._bell.send(b"!")
            self._thread.join()
        self._ear.close()
        self._bell.close()

    def _run(self):
        try:
            why = self._talk()
        except Exception as failure:  # nobody joins this thread to hear of it, so it is reported
            why = f"{type(failure).__name__}: {failure}"
        self._report(Ended(why))

    def _talk(self) -> str:
        sockets = [bound_socket(socket.SOCK_DGRAM, "127.0.0.1", 0, None) for _ in range(2)]
        with sockets[0], sockets[1]:
            link = Link(self._delay)
            target = sockets[1].getsockname()
            with Relay(target, link, link.copy(seed=1), thread=True, record=True) as relay:
                self._relay, peers = relay, (relay.address, None)
                sides = [Side(*three) for three in zip(self._ends, sockets, peers, strict=True)]
                try:
                    return self._turns(relay, sides)
                finally:
                    self._relay, self._trace = None, relay.trace

    def _turns(self, relay: Relay, sides: list[Side]) -> str:
        began = time.perf_counter()
        self._zero = began - relay.news()[0]
        while True:
            ready, _, _ = select([self._ear, *sides], [], [], self._wait(sides, began))
            now = time.perf_counter() - began
            if self._ear in ready:
                return ""
            for side in sides:
                if side in ready:
                    side.receive(now)
                elif side.wake_if_due(now):
                    self._report(Woken(sides.index(side), self.now()))
            if why := self._look(relay, sides, began - self._zero):
                return why

    def _wait(self, sides: list[Side], began: float) -> float:
        now = time.perf_counter() - began
        dues = [s.endpoint.deadline - now for s in sides if s.endpoint.deadline is not None]
        return max(0.0, min([LOOK, *dues]))

    def _look(self, relay: Relay, sides: list[Side], zero: float) -> str:
        """Report what the relay has done; return why the conversation is over, if it is."""
        now, rows = relay.news(self._seen)
        self._seen += len(rows)
        deadlines = [side.endpoint.deadline for side in sides]
        self._report(News(now, rows, tuple(d if d is None else d + zero for d in deadlines)))
        if time.monotonic() > self._touched + PATIENCE:
            return f"it ended by itself, after {PATIENCE / 60:g} minutes without a touch"
        if self._seen > LIMIT:
            return f"it ended by itself, after {LIMIT} datagrams and losses"
        quality = relay.quality
        busy = quality.forward.in_flight + quality.backward.in_flight or deadlines != [None, None]
        self._idle = 0 if busy or rows else self._idle + 1
        return (
            "nothing is left to happen" if self._idle > 2 else ""
        )  # none is in the kernel, either
