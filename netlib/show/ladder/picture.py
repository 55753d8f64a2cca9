"""The drawing of a ladder as SVG: where each row lies, and each shape."""

import html
from statistics import median_low

from netlib.show.ladder.pairing import Arrow, Mark

LANE, ROW, TOP, MARGIN = 260, 26, 34, 90  # pixels
TIMES = 60  # pixels more on the left for the times
FLIGHT, LONGEST = 60, 90  # pixels for the median flight; for the longest time without an event
NAMED, DIES = 0.4, 0.65  # of the way: where an arrow is named; where a lost one ends, beyond it
APART, LINE = 20, 13  # pixels at least between two events of one place; between two times
DATA, ANSWER, WRONG, GREY = "#0072B2", "#009E73", "#D55E00", "#777"
HALO = 'stroke="white" stroke-width="5" paint-order="stroke"'  # so that no line crosses a text


class Picture:
    """Lay out the arrows and marks of a ladder, and draw them."""

    def __init__(self, items: list[Arrow | Mark], roles: list[str], digits: int | None):
        timed = digits is not None
        self._items, self._timed = items, timed
        self._margin = MARGIN + TIMES * timed
        self._falls: dict[str, int] = {}  # by how much the last arrow of each place fell
        lane = LANE if len(roles) < 4 else LANE * 2 // 3
        self._lanes = {role: self._margin + lane * n for n, role in enumerate(roles)}
        rows = _rows(items)
        self._rows, self._breaks = _on_times(rows, _scale(items)) if timed else _on_rows(rows)
        self._bottom = max(self._rows.values(), default=TOP) + ROW // 2 + ROW
        self._width = self._margin + MARGIN + lane * max(len(roles) - 1, 1)
        shown = {row: f"{time:.{digits}f}" for row, (time, _, _) in rows.items()} if timed else {}
        self._first = {time: row for row, time in reversed(shown.items())}  # of each time

    @property
    def height(self) -> int:
        """How high the picture is [pixels]."""
        return self._bottom + 8

    def whole(self, alt: str) -> str:
        """Return the picture with its names as one SVG; `alt` says the same in words."""
        pairs = zip(self._names(), self._lines(), strict=True)
        lanes = "".join(name + line for name, line in pairs)
        return self._svg(lanes + self._body(), self.height, alt)

    def box(self, alt: str, height: int) -> str:
        """Return a box of this height [pixels] to scroll in, in which the names stay in sight."""
        names = self._svg("".join(self._names()), 24, "the places")
        body = self._svg("".join(self._lines()) + self._body(), self.height, alt)
        place = f"max-height:{height}px;overflow:auto;border:1px solid {GREY};background:white"
        kept = "position:sticky;top:0;line-height:0;background:white"
        return (
            f'<div tabindex="0" role="region" aria-label="sequence diagram, to scroll in" '
            f'style="{place}"><div style="{kept}">{names}</div>'
            f'<div style="margin-top:-24px;line-height:0">{body}</div></div>'
        )

    def _svg(self, inside: str, height: int, alt: str) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self._width}" height="{height}" '
            f'font-family="sans-serif" font-size="12" role="img" '
            f'aria-label="{html.escape(alt)}">'
            f'<rect width="100%" height="100%" fill="white"/>{inside}</svg>'
        )

    def _names(self) -> list[str]:
        bold = 'text-anchor="middle" font-weight="bold"'
        names = [_text(x, 16, role, bold) for role, x in self._lanes.items()]
        if names and self._timed:
            names[0] = _text(62, 16, "t [s]", f'text-anchor="end" fill="{GREY}"') + names[0]
        return names

    def _lines(self) -> list[str]:
        return [_line(x, 24, x, self._bottom, GREY, 1) for x in self._lanes.values()]

    def _body(self) -> str:
        white = 'stroke="white" stroke-width="3" stroke-dasharray="3 4"'  # time is left out here
        parts = []
        for x in self._lanes.values():
            parts += [f'<path d="M{x} {y1}V{y2}" {white}/>' for y1, y2 in self._breaks]
        parts += self._times()
        parts += [self._drawn(item) for item in self._items]
        return "".join(parts)

    def _times(self) -> list[str]:
        """Return the axis: each time once, at its first event."""
        end = f'text-anchor="end" fill="{GREY}"'
        firsts = sorted(self._first.items(), key=lambda pair: pair[1])
        return [_text(62, self._rows[row] + 4, time, end) for time, row in firsts]

    def _drawn(self, item: Arrow | Mark) -> str:
        if isinstance(item, Mark):
            return self._mark(item)
        x1, x2 = self._lanes[item.source], self._lanes[item.destination]
        y1 = self._rows[item.start]
        if item.end is None:
            fall = self._falls.get(item.source, FLIGHT) if self._timed else ROW
            share = DIES if self._timed else 0.5
            return self._arrow(item, x1, y1, *_along(x1, y1, x2, y1 + fall, share))
        y2 = self._rows[item.end]
        self._falls[item.source] = y2 - y1
        return self._arrow(item, x1, y1, x2, y2)

    def _arrow(self, arrow: Arrow, x1: int, y1: int, x2: int, y2: int) -> str:
        color = ANSWER if arrow.answer else DATA
        if arrow.end is None or (arrow.again and not arrow.answer):
            color = WRONG
        dashes = ' stroke-dasharray="7 4"' if arrow.copy else ""
        line = _line(x1, y1, x2, y2, color, 1.6, dashes)
        tip = _cross(x2, y2) if arrow.end is None else _head(x2, y2, x1, y1, color)
        loop = _loop(*_along(x1, y1, x2, y2, 22 / abs(x2 - x1)), color) if arrow.again else ""
        if arrow.copy:  # named once, at the original
            return line + tip
        x, y = _along(x1, y1, x2, y2, self._share(arrow))
        return line + tip + loop + _label(x, y - 5, arrow.label, "middle")

    def _share(self, arrow: Arrow) -> float:
        """Return where on an arrow its name stands: near its start, away from those that cross."""
        if not self._timed:
            return 0.5
        return NAMED / DIES if arrow.end is None else NAMED  # of the part that is drawn; of all

    def _mark(self, mark: Mark) -> str:
        x, y = self._lanes[mark.role], self._rows[mark.start]
        outwards = 1 if x > self._margin else -1
        anchor = "start" if outwards > 0 else "end"
        timer = mark.what in ("timer", "timeout")
        color = WRONG if timer else GREY
        shape = _clock(x, y) if timer else _dot(x, y)
        return shape + _label(x + 11 * outwards, y + 4, mark.what, anchor, color)


def _rows(items: list[Arrow | Mark]) -> dict[int, tuple[float, str, bool]]:
    """Return of each row its time, its place, and whether it is an arrival; in order."""
    rows: dict[int, tuple[float, str, bool]] = {}
    for item in items:
        if isinstance(item, Mark):
            rows.setdefault(item.start, (item.sent, item.role, False))
            continue
        rows[item.start] = (item.sent, item.source, False)
        if item.end is not None:
            rows[item.end] = (item.arrived, item.destination, True)
    return dict(sorted(rows.items()))


def _on_rows(rows: dict) -> tuple[dict[int, int], list]:
    """Lay events out evenly, a line each."""
    first = min(rows, default=0)
    return {row: TOP + ROW * (row - first) + ROW // 2 for row in rows}, []


def _on_times(rows: dict, scale: float) -> tuple[dict[int, int], list[tuple[int, int]]]:
    """Lay events out by their times, but never on top of each other; return where time is cut.

    An answer leaves where its question has arrived. A long silence is shortened.
    """
    places, breaks = {}, []
    lowest: dict[str, tuple[int, float, bool]] = {}  # of each place: y, time, was it an arrival
    before, y = next(iter(rows.values()), (0.0,))[0], TOP + ROW // 2
    for row, (time, place, arrival) in rows.items():
        top, gap = y, (time - before) * scale
        y += round(min(gap, LONGEST)) if time == before else max(LINE, round(min(gap, LONGEST)))
        if gap > LONGEST:
            breaks.append((top + 12, y - 12))
        if place in lowest:
            last, at, came = lowest[place]
            answer = came and not arrival and at == time
            y = max(y, last + (0 if answer else APART))
        places[row], lowest[place], before = y, (y, time, arrival), time
    return places, breaks


def _scale(items: list[Arrow | Mark]) -> float:
    """Return pixels per second: the median flight takes FLIGHT of them."""
    ends = [(i.sent, i.arrived) for i in items if isinstance(i, Arrow) and i.end is not None]
    flights = [arrived - sent for sent, arrived in ends if arrived > sent]
    return FLIGHT / median_low(flights) if flights else LONGEST


def _along(x1: int, y1: int, x2: int, y2: int, share: float) -> tuple[int, int]:
    return int(x1 + share * (x2 - x1)), int(y1 + share * (y2 - y1))


def _line(x1: int, y1: int, x2: int, y2: int, color: str, width: float, more: str = "") -> str:
    ends = f'x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"'
    thick = "" if width == 1 else f' stroke-width="{width}"'
    return f'<line {ends} stroke="{color}"{thick}{more}/>'


def _text(x: int, y: int, text: str, look: str) -> str:
    return f'<text x="{x}" y="{y}" {look}>{html.escape(text)}</text>'


def _label(x: int, y: int, text: str, anchor: str, color: str = "") -> str:
    fill = f' fill="{color}"' if color else ""
    at = f'x="{x}" y="{y}" text-anchor="{anchor}"'
    return f"<text {HALO} {at}{fill}>{html.escape(text)}</text>"


def _cross(x: int, y: int) -> str:
    strokes = f"M{x - 5} {y - 5}L{x + 5} {y + 5}M{x - 5} {y + 5}L{x + 5} {y - 5}"
    return f'<path d="{strokes}" stroke="{WRONG}" stroke-width="2.4"/>'


def _head(x: int, y: int, from_x: int, from_y: int, color: str) -> str:
    back = 9 if from_x > x else -9
    slope = (y - from_y) / (x - from_x or 1)
    upper, lower = y + back * slope - 4, y + back * slope + 4
    return f'<path d="M{x} {y}L{x + back} {upper:.1f}L{x + back} {lower:.1f}Z" fill="{color}"/>'


def _loop(x: int, y: int, color: str) -> str:
    """Return a turn around an arrow's beginning: it is sent again."""
    turn = f"M{x - 4} {y - 3}A5 5 0 1 1 {x - 4} {y + 3}M{x - 8} {y + 2}L{x - 4} {y + 3}V{y + 8}"
    return f'<path d="{turn}" fill="none" stroke="{color}" stroke-width="1.6"/>'


def _clock(x: int, y: int) -> str:
    face = f"M{x - 7} {y}A7 7 0 1 1 {x + 7} {y}A7 7 0 1 1 {x - 7} {y}"
    hands = f"M{x} {y - 5}V{y}H{x + 4}"
    return f'<path d="{face}{hands}" fill="white" stroke="{WRONG}" stroke-width="1.6"/>'


def _dot(x: int, y: int) -> str:
    return f'<path d="M{x - 3} {y}A3 3 0 1 1 {x + 3} {y}A3 3 0 1 1 {x - 3} {y}" fill="{GREY}"/>'
