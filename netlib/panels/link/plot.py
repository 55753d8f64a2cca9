"""The last seconds of a stream, real and virtual: their numbers, and their picture as SVG."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from math import floor, log10

from netlib.panels.link.stream import Arrival, Lateness, Sending
from netlib.show import svg
from netlib.show.style import LOSS, SENDER

WINDOW = 10.0  # seconds that are shown
GRACE = 0.5  # seconds after which a datagram that should be there counts as lost

VIRTUAL = "#aaa"
REAL, GONE = f"var(--netlib-real,{SENDER})", f"var(--netlib-lost,{LOSS})"
SIGN = "width:1em;height:1em"
EM = 16  # units of the picture's own: as wide as the panel, it is as large as the panel's text
HEIGHT = 202
DESCRIPTION = "Delays of the last ten seconds, in both worlds; the table below has the numbers"
LEFT, MARGIN, TOP, BOTTOM = 64, 10, 34, 156  # of the axes
LANE = 16  # where the losses are
JITTER = "jitter (RFC 3550)"
BUSY = 5e-3  # seconds: a relay that is later than this cannot show what a link does
STEPS = {1: 0.25, 1.5: 0.5, 2: 0.5, 3: 1, 4: 1, 5: 1, 6: 2, 8: 2, 10: 2}  # top of an axis: step


@dataclass(slots=True)
class Flight:
    """One datagram: sent, due by the Link (None: lost), arrived (None: not, or not yet) [s]."""

    sent: float
    due: float | None
    arrived: float | None = None

    @property
    def decided(self) -> float:
        """When one may call it lost, if it has not arrived by then [s]."""
        return (self.sent if self.due is None else self.due) + GRACE


class Window:
    """What became of the datagrams of a stream: all of them counted, the last seconds kept."""

    def __init__(self):
        self.flights: dict[int, Flight] = {}
        self.now, self.late = 0.0, 0.0
        self._early: dict[int, float] = {}
        self._before: Counter[str] = Counter()

    def take(self, item: Sending | Arrival | Lateness):
        """Note what a stream has reported."""
        match item:
            case Sending(number, at, due):
                self.now = max(self.now, at)
                self.flights[number] = Flight(at, due, self._early.pop(number, None))
            case Arrival(number, at):
                self._arrive(number, at)
            case Lateness(p99):
                self.late = p99

    def forget(self):
        """Keep of what is too old to be shown no more than how many there were."""
        for number, flight in list(self.flights.items()):
            if max(flight.sent + WINDOW, flight.decided) >= self.now:
                return
            self._before += _tally([self.flights.pop(number)])

    def totals(self) -> Counter:
        """Return how many were "sent", "lost", "lost virtually" and "lost alike" since the start.

        Only those count whose time to arrive is over.
        """
        return self._before + _tally(self._decided())

    def recent(self) -> list[Flight]:
        """Return the datagrams that were sent in the last seconds, the oldest first."""
        return [f for f in self.flights.values() if f.sent >= self.now - WINDOW]

    def rows(self) -> list[list[str]]:
        """Return the table of both worlds: two totals, then what the last seconds were like."""
        totals, recent = self.totals(), self.recent()
        share = _tally(f for f in recent if f.decided < self.now)
        real = [(f.arrived, f.arrived - f.sent) for f in recent if f.arrived is not None]
        virtual = [(f.due, f.due - f.sent) for f in recent if f.due is not None]
        virtual = [pair for pair in virtual if pair[0] <= self.now]
        return [
            ["world", "sent", "lost", "lost, last 10 s", "mean delay, last 10 s", JITTER],
            ["real", *_cells(totals, share, "lost", real)],
            ["virtual time", *_cells(totals, share, "lost virtually", virtual)],
        ]

    def comparison(self) -> str:
        """Return in words how well the two worlds agree."""
        totals = self.totals()
        either = totals["lost"] + totals["lost virtually"] - totals["lost alike"]
        losses = f"Lost in both worlds: {totals['lost alike']} of {either}. " if either else ""
        late = f"99 % left the relay less than {self.late * 1000:.3g} ms after their time"
        busy = ": this machine is busy" if self.late > BUSY else ""
        return f"{losses}{late}{busy}." if self.late else losses

    def _arrive(self, number: int, at: float):
        flight = self.flights.get(number)
        if flight is None:
            self._early[number] = at  # overtook the report that it was sent, or is very old
        elif flight.arrived is None:
            flight.arrived = at

    def _decided(self) -> list[Flight]:
        return [f for f in self.flights.values() if f.decided < self.now]


def running_jitter(delays: list[float]) -> float:
    """Return the jitter that RFC 3550, section 6.4.1, estimates after these delays [s]."""
    estimate = 0.0
    for before, after in pairwise(delays):
        estimate += (abs(after - before) - estimate) / 16
    return estimate


def picture(window: Window, name: str = "live", width: int = 58) -> str:
    """Return the window as SVG, `width` em wide: delay over the time of sending, losses above.

    Blue is real and lies on grey, the same Link in virtual time. `name` keeps two pictures in one
    page apart. It holds numbers only: nothing from the network is text here.
    """
    right = max(14, width) * EM - MARGIN
    flights = window.recent()
    delays = [end - f.sent for f in flights for end in (f.due, f.arrived) if end is not None]
    top, step = _scale(1000 * max(delays, default=0.04))

    def dots(pairs: list[tuple[float, float]]) -> list[tuple[int, int]]:
        return [(_x(window, sent, right), _y(end - sent, top)) for sent, end in pairs]

    def crosses(lost) -> list[tuple[int, int]]:
        return [(_x(window, f.sent, right), LANE) for f in lost]

    gone = (f for f in flights if f.arrived is None and f.decided < window.now)
    marks = {
        "v": dots([(f.sent, f.due) for f in flights if f.due is not None]),
        "r": dots([(f.sent, f.arrived) for f in flights if f.arrived is not None]),
        "w": crosses(f for f in flights if f.due is None),
        "x": crosses(gone),
    }
    drawn = "".join(_marked(points, f"{name}-{kind}") for kind, points in marks.items())
    inside = _definitions(name) + _axes(top, step, right) + drawn
    look = {"style": "width:100%;display:block", "font_size": 14, "fill": "currentColor"}
    return svg.picture(inside, right + MARGIN, HEIGHT, DESCRIPTION, **look)


def key() -> str:
    """Return what the marks mean, as HTML that wraps where the page is narrow."""
    marks, entries = _marks(), []
    words = {"vr": "real, on grey: the same Link in virtual time", "wx": "lost, likewise"}
    for kinds, meaning in (words | {"v": "still on its way"}).items():
        drawn = svg.shape("g", "".join(marks[k] for k in kinds), transform="translate(8 8)")
        sign = svg.shape("svg", drawn, viewBox="0 0 16 16", aria_hidden="true", style=SIGN)
        entries.append(f"<span>{sign} {meaning}</span>")
    return f'<div class="netlib-key">{"".join(entries)}</div>'


def _cells(totals: Counter, share: Counter, lost: str, pairs: list[tuple]) -> list[str]:
    delays = [delay for _, delay in sorted(pairs)]
    counts = [str(totals["sent"]), str(totals[lost])]
    lately = f"{share[lost] / share['sent']:.1%}" if share["sent"] else "–"
    if not delays:
        return [*counts, lately, "–", "–"]
    times = (sum(delays) / len(delays), running_jitter(delays))
    return [*counts, lately, *(f"{time * 1000:.1f} ms" for time in times)]


def _tally(flights) -> Counter:
    counts: Counter[str] = Counter()
    for flight in flights:
        real, virtual = flight.arrived is None, flight.due is None
        counts.update({"sent": 1, "lost": real, "lost virtually": virtual})
        counts["lost alike"] += real and virtual
    return counts


def _scale(largest: float) -> tuple[float, float]:
    """Return the top of an axis that holds `largest`, and the distance of its ticks."""
    wanted = max(largest * 1.1, 1.0)
    unit = 10.0 ** floor(log10(wanted))
    top = next(top for top in STEPS if top * unit >= wanted * 0.999)
    return top * unit, STEPS[top] * unit


def _x(window: Window, at: float, right: int) -> int:
    return round(right - (window.now - at) / WINDOW * (right - LEFT))


def _y(delay: float, top: float) -> int:
    return round(BOTTOM - 1000 * delay / top * (BOTTOM - TOP))


def _marked(points: list[tuple[int, int]], mark: str) -> str:
    """Return a path that is drawn by the mark at each of its corners: 5 bytes a point."""
    if not points:
        return ""
    moves = [f"M{points[0][0]} {points[0][1]}l0 0"]
    for (x, y), (new_x, new_y) in pairwise(points):
        dx, dy = new_x - x, new_y - y
        if dx or dy:
            moves.append(f"{dx}{dy}" if dy < 0 else f"{dx} {dy}")
    return svg.path(" ".join(moves), style=f"marker:url(#{mark})")


def _marks() -> dict[str, str]:
    return {
        "v": svg.shape("circle", r=5, fill=VIRTUAL),
        "r": svg.shape("circle", r=2.2, fill=REAL),
        "w": svg.cross(0, 0, VIRTUAL, 6),
        "x": svg.cross(0, 0, GONE, 2.2),
    }


def _definitions(name: str) -> str:
    look = {"markerUnits": "userSpaceOnUse", "overflow": "visible"}
    marks = (svg.shape("marker", mark, id=f"{name}-{k}", **look) for k, mark in _marks().items())
    return svg.shape("defs", "".join(marks))


def _axes(top: float, step: float, right: int) -> str:
    ticks = [n * step for n in range(round(top / step) + 1)]
    heights = [(_y(tick / 1000, top), f"{tick:g}") for tick in ticks]
    ago = range(0, 11, 2)
    times = [(round(right - n / WINDOW * (right - LEFT)), f"{n}") for n in ago]
    grid = "".join(f"M{LEFT} {y}H{right}" for y, _ in heights)
    parts = [svg.path(grid, stroke="currentColor", opacity=0.15)]
    parts += [svg.text(LEFT - 8, y + 5, label, "end") for y, label in heights]
    parts += [svg.text(x, BOTTOM + 20, label, "middle") for x, label in times]
    parts.append(svg.text(LEFT - 8, LANE + 5, "lost", "end"))
    parts.append(svg.text((LEFT + right) // 2, BOTTOM + 40, "sent, seconds ago", "middle"))
    upwards = f"translate(16 {(TOP + BOTTOM) // 2}) rotate(-90)"
    parts.append(svg.text(0, 0, "one-way delay [ms]", "middle", transform=upwards))
    return "".join(parts)
