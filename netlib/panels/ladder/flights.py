"""Where each datagram of a live conversation is: what its arrow looks like, as data."""

from collections.abc import Callable
from dataclasses import dataclass, field

from netlib.links.link import Link
from netlib.show.ladder.pairing import Repeats
from netlib.trace import printable
from netlib.worlds.relay import Record

KEPT = 30  # arrows that a page is told of while they fly; of all, once they stand still
Name = tuple[str, int, int]  # of a datagram: its way, its number there; 0, or which copy


@dataclass
class Flight:
    """One datagram: its corners are (time [s], share of the way), the last is where it will end.

    state: "flying", "arrived" or "lost", and then `why`. copy: 0 for the datagram itself, n for the
    n-th copy made in its direction.
    """

    way: str
    number: int
    label: str
    corners: list[tuple[float, float]]
    payload: bytes = b""
    again: bool = False
    copy: int = 0
    state: str = "flying"
    why: str = ""

    @property
    def name(self) -> Name:
        """What a page and a relay call it."""
        return self.way, self.number, self.copy

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

    def finish(self, state: str, at: float, why: str = ""):
        """Have it end, at `at` [s], where it should be by then."""
        whole = [*self.corners[:-1], (at, 1.0)]
        self.corners, self.state = whole if state == "arrived" else self.path_until(at), state
        self.why = why

    def told(self) -> str:
        """Return all that is known of it, as one sentence."""
        ends = {"forward": "to the receiver", "backward": "to the sender"}[self.way]
        kind = f"copy {self.copy} of datagram" if self.copy else "datagram"
        size = f"{len(self.payload)} bytes {printable(self.payload, 24)}"
        fate = {"flying": "due", "arrived": "arrived", "lost": "lost"}[self.state]
        begun = f"{'sent again' if self.again else 'sent'} at {self.corners[0][0]:.2f} s"
        ended = f"{fate} at {self.due:.2f} s{self.why and ', ' + self.why}"
        return f"{self.label}: {kind} {self.number} {ends}, {size}, {begun}, {ended}."

    def drawn(self) -> dict:
        """Return what a page needs to draw it: numbers and short texts only."""
        corners = [[round(t, 3), round(s, 3)] for t, s in self.corners]
        names = "way", "number", "copy", "label", "again", "state"
        return {name: getattr(self, name) for name in names} | {"corners": corners}


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
            self.all.append(Flight(row.way, row.number, name, corners, row.payload, again))
        elif flight := self.flying(row.way, row.number, row.copy):
            lost = row.action == "lost"
            flight.finish("lost" if lost else "arrived", row.time, row.note if lost else "")

    def dial(self, delay: float):
        """Expect another delay [s] of the datagrams to come."""
        for link in self._links.values():
            link.change(delay=delay)

    def copied(self, flight: Flight, now: float) -> Flight:
        """Note that the relay has made a copy at `now` [s]; return that."""
        corners = [flight.path_until(now)[-1], *(c for c in flight.corners if c[0] > now)]
        copy = 1 + sum(f.way == flight.way and f.copy > 0 for f in self.all)
        what = flight.label, corners, flight.payload, flight.again, copy
        self.all.append(Flight(flight.way, flight.number, *what))
        return self.all[-1]

    def find(self, way: str, number: int, copy: int) -> Flight | None:
        """Return the datagram of that name."""
        name = way, number, copy
        return next((flight for flight in reversed(self.all) if flight.name == name), None)

    def flying(self, way: str, number: int, copy: int) -> Flight | None:
        """Return the datagram of that name if it is on its way."""
        flight = self.find(way, number, copy)
        return flight if flight and flight.state == "flying" else None

    def on_the_way(self) -> list[Flight]:
        """Return what is on its way, the oldest first."""
        return [flight for flight in self.all if flight.state == "flying"]

    def latest(self) -> float:
        """Return when the last of them arrived or was lost [s]."""
        return max((flight.due for flight in self.all), default=0.0)

    def drawn(self, whole: bool) -> list[dict]:
        """Return all arrows for the page, or else the newest."""
        return [flight.drawn() for flight in (self.all if whole else self.all[-KEPT:])]

    def _corners(self, row: Record) -> list[tuple[float, float]]:
        """Return its way: first it may wait for its turn, then it travels."""
        link = self._links[row.way]
        due = link.carry(len(row.payload), row.time)[0]
        leaves = due - link.delay.mean
        waits = [(leaves, 0.0)] if leaves > row.time else []
        return [(row.time, 0.0), *waits, (due, 1.0)]
