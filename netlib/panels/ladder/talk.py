"""Two protocol endpoints in a live conversation over real UDP, with a slow relay between them."""

import contextlib
import time
from collections.abc import Callable
from functools import partial
from math import inf
from typing import NamedTuple

from netlib.endpoint import Endpoint
from netlib.links.link import Link
from netlib.panels.session import Session
from netlib.trace import Trace
from netlib.worlds.driver import Driver, drive
from netlib.worlds.relay import Record, Relay

LOOK = 0.05  # seconds between two looks at the relay
LIMIT = 1000  # datagrams, after which it ends by itself: a page cannot show more


class Progress(NamedTuple):
    """What has happened lately, and when each side's timer will go off [s, relay's time]."""

    rows: list[Record]
    deadlines: list[float | None]


class Alarm(NamedTuple):
    """A timer has gone off at one side (0 or 1), at `at` [s, the relay's time]."""

    side: int
    at: float


class TimerSpy:
    """An endpoint that calls `alarm` whenever its timer goes off; the first wake is none."""

    def __init__(self, endpoint: Endpoint, alarm: Callable[[], object]):
        self._endpoint, self._alarm, self._begun = endpoint, alarm, False
        self.deadline = endpoint.deadline

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        return self._after(self._endpoint.receive(datagram, now))

    def wake(self, now: float) -> list[bytes]:
        if self._begun:
            self._alarm()
        return self._after(self._endpoint.wake(now))

    def _after(self, datagrams: list[bytes]) -> list[bytes]:
        self._begun, self.deadline = True, self._endpoint.deadline
        return datagrams


class LiveTalk:
    """Run a sender and a receiver until neither has anything to do, or until it is stopped.

    The session's thread owns both sockets and the relay. What happens is `report`ed from it, as
    Progress, Alarm and at last End. The link is that of both directions; its delay can be changed,
    and a datagram on its way tampered with, from any thread.
    """

    def __init__(self, ends: tuple[Endpoint, Endpoint], link: Link, report: Callable):
        self.session = Session(self._talk, report)
        self._trace, self._zero = Trace(show_times=True), 0.0
        self._ends, self._link = ends, link
        self._relay: Relay | None = None
        self._taken, self._idle = 0, 0

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
        self._link = self._link.copy(delay=delay)
        self.session.touch()
        with contextlib.suppress(RuntimeError):  # it has just ended
            if relay := self._relay:
                relay.dial(self._link, self._link)

    def tamper(self, way: str, number: int, what: str, seconds: float) -> bool:
        """Have the relay do something to a datagram; return whether it was still on its way."""
        self.session.touch()
        with contextlib.suppress(RuntimeError):  # it has just ended
            if relay := self._relay:
                return relay.tamper(way, number, what, seconds)
        return False

    def _talk(self) -> str:
        alarms = [partial(self._report_alarm, side) for side in (0, 1)]
        sender, receiver = map(TimerSpy, self._ends, alarms)
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
        while not (why := self.session.over()):
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
        dues = [None if (due := d.due()) == inf else due - self._zero for d in drivers]
        self.session.report(Progress(rows, dues))
        if self._taken > LIMIT:
            return f"it ended by itself, after {LIMIT} datagrams and losses"
        self._idle = 0 if rows or dues != [None, None] or _carries(relay) else self._idle + 1
        # more than one look: a datagram may be in the kernel, between a socket and the relay
        return "nothing is left to happen" if self._idle > 2 else ""


def _carries(relay: Relay) -> bool:
    report = relay.report
    return report.forward.in_flight + report.backward.in_flight > 0
