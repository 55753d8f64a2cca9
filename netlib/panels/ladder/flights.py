"""Where each datagram of a live conversation is: what its arrow looks like, as data."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from netlib.links.link import Link
from netlib.show.ladder.pairing import Repeats
from netlib.worlds.relay import Record

KEPT = 30  # arrows that are shown; older ones are in the trace


@dataclass
class Flight:
    """One datagram: its corners are (time [s], share of the way), the last is where it will end.

    state: "flying", "arrived" or "lost". copy: 0 for the original, 1 for its first copy, ...
    """

    way: str
    number: int
    label: str
    corners: list[tuple[float, float]]
    again: bool = False
    copy: int = 0
    state: str = "flying"

    @property
    def due(self) -> float:
        """When it arrives, has arrived, or was lost [s]."""
        return self.corners[-1][0]

    def share(self, now: float) -> float:
        """Return what share of the way lies behind it at `now` [s]."""
        (before, share), (due, end) = self.corners[-2:]
        return share + (end - share) * min(1.0, max(0.0, (now - before) / (due - before or 1)))

    def path_until(self, now: float) -> list[tuple[float, float]]:
        """Return the corners up to where it is now."""
        return [*(c for c in self.corners[:-1] if c[0] < now), (now, self.share(now))]

    def reschedule(self, now: float, due: float):
        """From where it is now, have it arrive at another time [s]."""
        self.corners = [*self.path_until(now), (due, 1.0)]

    def finish(self, state: str, at: float):
        """Have it end, at `at` [s], where it should be by then."""
        whole = [*self.corners[:-1], (at, 1.0)]
        self.corners, self.state = whole if state == "arrived" else self.path_until(at), state


@dataclass
class Flights:
    """All arrows, made of the rows that a relay records, and of what a hand has done.

    link: what the relay has in each direction; here it says when a datagram is due.
    """

    link: Link
    label: Callable[[bytes], str]
    all: list[Flight] = field(default_factory=list)
    _repeats: Repeats = field(default_factory=Repeats)

    def __post_init__(self):
        self._links = {way: self.link.copy() for way in ("forward", "backward")}

    def take(self, row: Record):
        """Note what the relay has recorded."""
        if row.action == "send":
            again = self._repeats.take(row.way, row.payload, row.way == "backward")
            name, corners = self.label(row.payload), self._corners(row)
            self.all.append(Flight(row.way, row.number, name, corners, again))
        elif flight := self.flying(row.way, row.number):
            flight.finish("lost" if row.action == "lost" else "arrived", row.time)

    def dial(self, delay: float):
        """Expect another delay [s] of the datagrams to come."""
        for link in self._links.values():
            link.change(delay=delay)

    def tampered(self, flight: Flight, what: str, now: float, seconds: float):
        """Note that the relay has done this at `now` [s]; a drop it records itself."""
        if what == "delay":
            flight.reschedule(now, flight.due + seconds)
        elif what == "duplicate":
            corners = [flight.path_until(now)[-1], *(c for c in flight.corners if c[0] > now)]
            name = flight.way, flight.number
            copy = sum((f.way, f.number) == name for f in self.all)
            self.all.append(Flight(*name, flight.label, corners, flight.again, copy))

    def flying(self, way: str, number: int) -> Flight | None:
        """Return the datagram of that number if it is on its way: of two, the next to arrive."""
        pair = [f for f in self.on_the_way() if (f.way, f.number) == (way, number)]
        return min(pair, key=lambda flight: flight.due, default=None)

    def on_the_way(self) -> list[Flight]:
        """Return what is on its way, the oldest first."""
        return [flight for flight in self.all if flight.state == "flying"]

    def _corners(self, row: Record) -> list[tuple[float, float]]:
        """Return its way: first it may wait for its turn, then it travels."""
        link = self._links[row.way]
        due = link.carry(len(row.payload), row.time)[0]
        leaves = due - link.delay.mean
        waits = [(leaves, 0.0)] if leaves > row.time else []
        return [(row.time, 0.0), *waits, (due, 1.0)]

    def newest(self) -> list[dict]:
        """Return the newest arrows for the page: numbers and short texts only."""
        rounded = ([[round(t, 3), round(s, 3)] for t, s in f.corners] for f in self.all[-KEPT:])
        pairs = zip(self.all[-KEPT:], rounded, strict=True)
        return [asdict(flight) | {"corners": corners} for flight, corners in pairs]
