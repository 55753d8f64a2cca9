"""Two protocol endpoints in a live conversation over real UDP, with a slow relay between them.

    sender's Driver ──UDP──> Relay (a heap of datagrams) ──UDP──> receiver's Driver
          └──────────────── all live in the time of one Clock ───────────────┘

One thread owns the drivers, another one the relay. While the clock stands still, real datagrams lie
in the relay and no timer goes off; when it goes on, or faster, so does all of that. One step lets
the clock go until the next thing happens: a datagram leaves the relay, or a timer goes off.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from math import inf
from typing import NamedTuple

from netlib.endpoint import Endpoint
from netlib.links.link import Link
from netlib.panels.session import PATIENCE, Session
from netlib.trace import Trace
from netlib.worlds.clock import Clock
from netlib.worlds.driver import Driver, drive
from netlib.worlds.relay import Record, Relay

LOOK = 0.05  # seconds between two looks at the relay
STEP = 1.0  # second of real time that a step takes, at most
ROUNDING = 1e-6  # seconds: a step goes so far beyond what it leads to
FRAME = 100_000  # bytes on the wire around each datagram
LIMIT = 1000  # datagrams, after which it ends by itself: a page cannot show more
DONE = "nothing is left to happen"
HELD = 10 * PATIENCE  # seconds without a touch while it is paused: somebody explains


def slow_link(delay: float, spacing: float) -> Link:
    """Return a link that takes `delay` [s], and transmits each datagram for `spacing` [s]."""
    if not spacing:
        return Link(delay)
    return Link(delay, rate=8 * FRAME / spacing, overhead=FRAME)  # hardly more for a longer one


class Progress(NamedTuple):
    """What has happened lately, and when each side's timer will go off [s, the clock's time]."""

    rows: list[Record]
    deadlines: list[float | None]


class Alarm(NamedTuple):
    """A timer has gone off at one side (0 or 1), at `at` [s, the clock's time]."""

    side: int
    at: float


class TimerSpy:
    """An endpoint that calls `alarm` whenever its timer goes off; the first wake is none."""

    def __init__(self, endpoint: Endpoint, alarm: Callable[[], object]):
        self._endpoint, self._alarm, self._expected = endpoint, alarm, True
        self.deadline = endpoint.deadline

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        return self._after(self._endpoint.receive(datagram, now))

    def wake(self, now: float) -> list[bytes]:
        if not self._expected:
            self._alarm()
        return self._after(self._endpoint.wake(now))

    def add(self, message: bytes):
        """Give the sender one more message; if it is due at once, that is no timer."""
        before = self.deadline
        self._endpoint.add(message)  # type: ignore[attr-defined]
        self.deadline = self._endpoint.deadline
        self._expected = self._expected or self.deadline != before

    def _after(self, datagrams: list[bytes]) -> list[bytes]:
        self._expected, self.deadline = False, self._endpoint.deadline
        return datagrams


class LiveTalk:
    """Run a sender and a receiver until neither has anything to do, or until it is stopped.

    What happens is `report`ed from the session's thread, as Progress, Alarm and at last End. The
    link is that of both directions; its delay can be changed, a datagram on its way tampered with,
    and the clock stopped, from any thread.
    """

    def __init__(self, ends: tuple[Endpoint, Endpoint], link: Link, report: Callable):
        self.session = Session(self._talk, report)
        self._trace, self._clock = Trace(show_times=True), Clock()
        alarms = (partial(self._report_alarm, side) for side in (0, 1))
        self._sender, self._receiver = map(TimerSpy, ends, alarms)
        self._link = link
        self._relay: Relay | None = None
        self._taken, self._idle, self._step = 0, 0, 0.0
        self._pacing = threading.Lock()
        self._added: deque[bytes] = deque()

    @property
    def trace(self) -> Trace:
        """What the relay has recorded, so far or of all of it."""
        relay = self._relay
        return relay.trace if relay else self._trace

    @property
    def course(self) -> tuple[float, float | None]:
        """At what speed the clock goes, and until when [s, the clock's time]; None: for ever."""
        speed, until = self._clock.course
        return speed, None if until == inf else until

    def now(self) -> float:
        """Return what the clock shows [s]; it began with the talk."""
        return self._clock.now()

    def run(self, speed: float):
        """Have the clock go at this speed: 1 is real time, with 0 everything stands still."""
        self.session.touch()
        self.session.patience = PATIENCE if speed else HELD
        with self._pacing:
            self._step = 0.0
            self._clock.run(speed)

    def step(self, speed: float):
        """Stand still, but first go on until the next thing happens: at this speed, or faster."""
        self.run(0)
        self._step = speed

    def add(self, message: bytes):
        """Give the sender one more message; it must have a method `add`."""
        self.session.touch()
        self._added.append(message)

    def dial(self, delay: float):
        """Change the delay [s] of the datagrams to come, both ways."""
        self._link = self._link.copy(delay=delay)
        self.session.touch()
        with contextlib.suppress(RuntimeError):  # it has just ended
            if relay := self._relay:
                relay.dial(self._link, self._link)

    def tamper(self, name: tuple[str, int, int], what: str, seconds: float) -> bool:
        """Do something to a datagram (way, number, copy); return whether it was on its way."""
        self.session.touch()
        way, number, copy = name
        with contextlib.suppress(RuntimeError):  # it has just ended
            if relay := self._relay:
                return relay.tamper(way, number, what, seconds, copy)
        return False

    def _talk(self) -> str:
        links, clock = (self._link.copy(), self._link.copy()), self._clock
        with (
            Driver(self._receiver, role="receiver", clock=clock) as there,
            Relay(there.address, *links, thread=True, record=True, clock=clock) as relay,
            Driver(self._sender, relay.address, role="sender", clock=clock) as here,
        ):
            self._relay = relay
            try:
                return self._turns(relay, here, there)
            finally:
                self._relay, self._trace = None, relay.trace

    def _turns(self, relay: Relay, *drivers: Driver) -> str:
        while not (why := self.session.over()):
            while self._added:
                self._sender.add(self._added.popleft())
            drive(*drivers, limit=LOOK)
            if why := self._look(relay, drivers):
                break
        return why

    def _report_alarm(self, side: int):
        self.session.report(Alarm(side, self.now()))

    def _look(self, relay: Relay, drivers: tuple[Driver, ...]) -> str:
        """Report what the relay has done; return why the conversation is over, if it is."""
        _, rows = relay.rows_since(self._taken)
        self._taken += len(rows)
        dues = [None if (due := d.due_on_clock()) == inf else due for d in drivers]
        self.session.report(Progress(rows, dues))
        if self._taken > LIMIT:
            return f"it ended by itself, after {LIMIT} datagrams and losses"
        coming = [due for due in (relay.next_due(), *dues) if due is not None]
        if self._step and coming and not rows:  # else an answer is perhaps not in the relay yet
            self._go_until(min(coming))
        self._idle = 0 if rows or coming else self._idle + 1
        # more than one look: a datagram may be in the kernel, between a socket and the relay
        return DONE if self._idle > 2 else ""

    def _go_until(self, due: float):
        with self._pacing:  # a Resume may have come first
            if self._step:
                speed, self._step = max(self._step, (due - self.now()) / STEP), 0.0
                self._clock.run(speed, due + ROUNDING)
