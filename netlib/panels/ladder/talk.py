"""Two protocol endpoints in a live conversation over real UDP, with a slow relay between them."""

import contextlib
import threading
import time
from collections.abc import Callable
from functools import partial
from math import inf
from typing import NamedTuple

from netlib.endpoint import Endpoint
from netlib.links.link import Link
from netlib.trace import Trace
from netlib.worlds.driver import Driver, drive
from netlib.worlds.relay import Record, Relay

LOOK = 0.05  # seconds between two looks at the relay
FAREWELL = 2.0  # seconds to wait for the thread
PATIENCE = 180.0  # seconds without a touch, after which a conversation ends by itself
LIMIT = 1000  # datagrams, after which it ends by itself: a page cannot show more


class News(NamedTuple):
    """What has happened up to `now`, and when each side's timer will go off [s, relay's time]."""

    now: float
    rows: list[Record]
    deadlines: tuple[float | None, float | None]


class Woken(NamedTuple):
    """A timer has gone off at one side (0 or 1), at `at` [s, the relay's time]."""

    side: int
    at: float


class Ended(NamedTuple):
    """The conversation is over, and everything closed. why: empty if it was asked to stop."""

    why: str


class Noted:
    """An endpoint whose timers are told to `woken`; being woken to begin is none."""

    def __init__(self, endpoint: Endpoint, woken: Callable[[], object]):
        self._endpoint, self._woken, self._begun = endpoint, woken, False

    @property
    def deadline(self) -> float | None:
        return self._endpoint.deadline

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        self._begun = True
        return self._endpoint.receive(datagram, now)

    def wake(self, now: float) -> list[bytes]:
        if self._begun:
            self._woken()
        self._begun = True
        return self._endpoint.wake(now)


class LiveTalk:
    """Run a sender and a receiver until neither has anything to do, or until told to stop.

    One thread owns both sockets and the relay. What happens is `report`ed from it, as News, Woken
    and at last Ended. The link is that of both directions; its delay can be changed, and a datagram
    on its way meddled with, from any thread.
    """

    def __init__(self, ends: tuple[Endpoint, Endpoint], link: Link, report: Callable):
        self._trace, self._zero = Trace(show_times=True), 0.0
        self._ends, self._link, self._report = ends, link, report
        self._relay: Relay | None = None
        self._touched, self._seen, self._idle = time.monotonic(), 0, 0
        self._stopping = False
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
        self._link, self._touched = self._link.copy(delay=delay), time.monotonic()
        with contextlib.suppress(RuntimeError):  # it has just ended
            if relay := self._relay:
                relay.dial(self._link, self._link)

    def tamper(self, way: str, number: int, what: str, seconds: float) -> bool:
        """Have the relay do something to a datagram; return whether it was still on its way."""
        self._touched = time.monotonic()
        with contextlib.suppress(RuntimeError):  # it has just ended
            if relay := self._relay:
                return relay.tamper(way, number, what, seconds)
        return False

    def stop(self):
        """End the thread, the relay and the sockets, and wait for that. Harmless when repeated."""
        self._stopping = True
        self._thread.join(FAREWELL)  # an endpoint that never returns cannot be ended

    def _run(self):
        try:
            why = self._talk()
        except Exception as failure:  # nobody joins this thread to hear of it, so it is reported
            why = f"{type(failure).__name__}: {failure}"
        self._report(Ended(why))

    def _talk(self) -> str:
        sender, receiver = (Noted(end, partial(self._wake, n)) for n, end in enumerate(self._ends))
        forward, backward = self._link.copy(), self._link.copy()
        with (
            Driver(receiver, role="receiver") as there,
            Relay(there.address, forward, backward, thread=True, record=True) as relay,
            Driver(sender, relay.address, role="sender") as here,
        ):
            self._zero, self._relay = time.perf_counter() - relay.rows_since()[0], relay
            try:
                return self._turns(relay, here, there)
            finally:
                self._relay, self._trace = None, relay.trace

    def _turns(self, relay: Relay, *drivers: Driver) -> str:
        why = ""
        while not (self._stopping or why):
            drive(*drivers, limit=LOOK)
            why = self._look(relay, drivers)
        return why

    def _wake(self, side: int):
        self._report(Woken(side, self.now()))

    def _look(self, relay: Relay, drivers: tuple[Driver, ...]) -> str:
        """Report what the relay has done; return why the conversation is over, if it is."""
        now, rows = relay.rows_since(self._seen)
        self._seen += len(rows)
        dues = tuple(None if (due := d.due()) == inf else due - self._zero for d in drivers)
        self._report(News(now, rows, dues))
        if time.monotonic() > self._touched + PATIENCE:
            return f"it ended by itself, after {PATIENCE / 60:g} minutes without a touch"
        if self._seen > LIMIT:
            return f"it ended by itself, after {LIMIT} datagrams and losses"
        self._idle = 0 if rows or dues != (None, None) or _carries(relay) else self._idle + 1
        # more than one look, for a datagram may be in the kernel, between a socket and the relay
        return "nothing is left to happen" if self._idle > 2 else ""


def _carries(relay: Relay) -> bool:
    report = relay.report
    return report.forward.in_flight + report.backward.in_flight > 0
