"""The sequence diagram of a trace: time runs down, each place is a line, each datagram an arrow."""

import html
from dataclasses import dataclass

from netlib.trace import Event, Trace, printable

LANE, ROW, TOP, MARGIN = 260, 26, 34, 90  # pixels
SENT, LOST, GREY = "#0072B2", "#D55E00", "#777"


@dataclass(frozen=True)
class Arrow:
    """One datagram: the rows (event numbers) and roles of its two ends; no end: never received."""

    start: int
    source: str
    destination: str
    label: str
    end: int | None


class Ladder:
    """Draw a trace of datagrams as a sequence diagram; its text twin is its `repr`.

    A send is paired with the first later arrival of the same payload at the same place.
    """

    def __init__(self, trace: Trace):
        self.arrows = arrows(trace)
        self.roles = list(dict.fromkeys(r for a in self.arrows for r in (a.source, a.destination)))
        self._rows = len(trace)

    def __repr__(self) -> str:
        return "\n".join(map(self._line, self.arrows)) or "Ladder: no datagram was sent"

    def _line(self, arrow: Arrow) -> str:
        width = max(len(a.label) for a in self.arrows)
        tail = "─" * (width - len(arrow.label))
        head = f"✗ {arrow.destination} (never received)" if arrow.end is None else "▶ "
        end = head if arrow.end is None else head + arrow.destination
        return f"{arrow.source} ── {arrow.label} ─{tail}{end}"

    def _repr_svg_(self) -> str:
        lanes = {role: MARGIN + LANE * n for n, role in enumerate(self.roles)}
        bottom = TOP + ROW * (self._rows + 1)
        width = 2 * MARGIN + LANE * max(len(lanes) - 1, 1)
        parts = [_lane(x, role, bottom) for role, x in lanes.items()]
        parts += [_arrow(a, lanes[a.source], lanes[a.destination]) for a in self.arrows]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{bottom + 8}" '
            f'font-family="sans-serif" font-size="12" role="img" '
            f'aria-label="{html.escape(repr(self))}">'
            f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>'
        )


def arrows(trace: Trace) -> list[Arrow]:
    """Pair each send of a trace with its arrival; the unpaired ones were never received."""
    arrivals = {n: e for n, e in enumerate(trace) if e.action == "receive"}
    return [_pair(trace, n, e, arrivals) for n, e in enumerate(trace) if e.action == "send"]


def _pair(trace: Trace, number: int, sent: Event, arrivals: dict[int, Event]) -> Arrow:
    known = isinstance(sent.peer, tuple)  # a list is no address, but may have been tried as one
    destination = trace.roles.get(sent.peer, "elsewhere") if known else "elsewhere"
    for later, event in arrivals.items():
        same = (event.role, event.payload) == (destination, sent.payload)
        if later > number and same and trace.roles.get(event.peer) == sent.role:
            del arrivals[later]
            break
    else:
        later = None
    return Arrow(number, sent.role, destination, printable(sent.payload, 24) or "(empty)", later)


def _lane(x: int, role: str, bottom: int) -> str:
    name = (
        f'<text x="{x}" y="16" text-anchor="middle" font-weight="bold">{html.escape(role)}</text>'
    )
    return f'{name}<line x1="{x}" y1="24" x2="{x}" y2="{bottom}" stroke="{GREY}"/>'


def _arrow(arrow: Arrow, x1: int, x2: int) -> str:
    y1 = TOP + ROW * arrow.start + ROW // 2
    y2 = TOP + ROW * (arrow.start if arrow.end is None else arrow.end) + ROW // 2
    if arrow.end is None:  # it dies half-way
        x2, y2 = (x1 + x2) // 2, y1 + ROW // 2
    color = LOST if arrow.end is None else SENT
    line = f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{color}" stroke-width="1.6"/>'
    tip = _cross(x2, y2) if arrow.end is None else _head(x2, y2, x1, y1)
    at = f'x="{(x1 + x2) // 2}" y="{(y1 + y2) // 2 - 5}" text-anchor="middle"'
    halo = 'stroke="white" stroke-width="5" paint-order="stroke"'  # so that no line crosses it
    return f"{line}{tip}<text {halo} {at}>{html.escape(arrow.label)}</text>"


def _cross(x: int, y: int) -> str:
    strokes = f"M{x - 5} {y - 5}L{x + 5} {y + 5}M{x - 5} {y + 5}L{x + 5} {y - 5}"
    return f'<path d="{strokes}" stroke="{LOST}" stroke-width="2.4"/>'


def _head(x: int, y: int, from_x: int, from_y: int) -> str:
    back = 9 if from_x > x else -9
    slope = (y - from_y) / (x - from_x or 1)
    upper, lower = y + back * slope - 4, y + back * slope + 4
    return f'<path d="M{x} {y}L{x + back} {upper:.1f}L{x + back} {lower:.1f}Z" fill="{SENT}"/>'
