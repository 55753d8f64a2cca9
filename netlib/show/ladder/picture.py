"""The drawing of a ladder as SVG: where each row lies, and each arrow."""

from statistics import median_low

from netlib.show import svg
from netlib.show.ladder.pairing import Arrow, Mark
from netlib.show.style import GREY, LOSS, RECEIVER, SENDER

LANE, ROW, TOP, MARGIN = 260, 26, 34, 90  # pixels
TIMES = 60  # pixels more on the left for the times
FLIGHT, LONGEST = 60, 90  # pixels for the median flight; for the longest time without an event
NAMED, DIES = 0.4, 0.65  # of the way: where an arrow is named; where a lost one ends, beyond it
APART, LINE = 20, 13  # pixels at least between two events of one place; between two times

Rows = dict[int, tuple[float, str, bool]]  # of each row: its time, its place, is it an arrival


class Picture:
    """Lay out the arrows and marks of a ladder, and draw them."""

    def __init__(
        self,
        items: list[Arrow | Mark],
        roles: list[str],
        digits: int | None,
        lane: int | None = None,
    ):
        timed = digits is not None
        self._items, self._timed = items, timed
        self._margin = MARGIN + TIMES * timed
        self._falls: dict[str, int] = {}  # by how much the last arrow of each place fell
        lane = lane or (LANE if len(roles) < 4 else LANE * 2 // 3)
        self._lanes = {role: self._margin + lane * n for n, role in enumerate(roles)}
        rows = _rows(items)
        self._rows, self._breaks = _on_times(rows, _scale(items)) if timed else _on_rows(rows)
        self._bottom = max(self._rows.values(), default=TOP) + ROW // 2 + ROW
        self._width = self._margin + MARGIN + lane * max(len(roles) - 1, 1)
        times = {row: f"{time:.{digits}f}" for row, (time, _, _) in rows.items()} if timed else {}
        self._first = {time: row for row, time in reversed(times.items())}  # of each time

    @property
    def height(self) -> int:
        """How high the picture is [pixels]."""
        return self._bottom + 8

    def whole(self, description: str) -> str:
        """Return the picture with its names as one SVG."""
        pairs = zip(self._names(), self._lines(), strict=True)
        lanes = "".join(name + line for name, line in pairs)
        return self._svg(lanes + self._body(), self.height, description)

    def box(self, description: str, height: int) -> str:
        """Return a box of this height [pixels] to scroll in, in which the names stay in sight."""
        names = self._svg("".join(self._names()), 24, "the places")
        body = self._svg("".join(self._lines()) + self._body(), self.height, description)
        place = f"max-height:{height}px;overflow:auto;border:1px solid {GREY};background:white"
        kept = "position:sticky;top:0;line-height:0;background:white"
        return (
            f'<div tabindex="0" role="region" aria-label="sequence diagram, to scroll in" '
            f'style="{place}"><div style="{kept}">{names}</div>'
            f'<div style="margin-top:-24px;line-height:0">{body}</div></div>'
        )

    def _svg(self, inside: str, height: int, description: str) -> str:
        look = {"width": self._width, "height": height, "font_size": 12}
        return svg.picture(svg.ground() + inside, self._width, height, description, **look)

    def _names(self) -> list[str]:
        names = [svg.text(x, 16, r, "middle", font_weight="bold") for r, x in self._lanes.items()]
        if names and self._timed:
            names[0] = svg.text(62, 16, "t [s]", "end", fill=GREY) + names[0]
        return names

    def _lines(self) -> list[str]:
        return [svg.line(x, 24, x, self._bottom, GREY) for x in self._lanes.values()]

    def _body(self) -> str:
        white = {"stroke": "white", "stroke_width": 3, "stroke_dasharray": "3 4"}
        gaps = [(x, *gap) for x in self._lanes.values() for gap in self._breaks]
        parts = [svg.path(f"M{x} {y1}V{y2}", **white) for x, y1, y2 in gaps]  # time is left out
        for time, row in sorted(self._first.items(), key=lambda pair: pair[1]):
            parts.append(svg.text(62, self._rows[row] + 4, time, "end", fill=GREY))
        return "".join(parts + [self._item(item) for item in self._items])

    def _item(self, item: Arrow | Mark) -> str:
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
        color = RECEIVER if arrow.answer else SENDER
        if arrow.end is None or (arrow.again and not arrow.answer):
            color = LOSS
        dashes = {"stroke_dasharray": "7 4"} if arrow.copy else {}
        line = svg.line(x1, y1, x2, y2, color, stroke_width=1.6, **dashes)
        tip = svg.cross(x2, y2) if arrow.end is None else svg.head(x2, y2, x1, y1, color)
        if arrow.copy:  # named once, at the original
            return line + tip
        loop = _loop(*_along(x1, y1, x2, y2, 22 / abs(x2 - x1)), color) if arrow.again else ""
        x, y = _along(x1, y1, x2, y2, self._share(arrow))
        return line + tip + loop + svg.text(x, y - 5, arrow.label, "middle", **svg.HALO)

    def _share(self, arrow: Arrow) -> float:
        """Return where on an arrow its name stands: near its start, away from those that cross."""
        if not self._timed:
            return 0.5
        return NAMED / DIES if arrow.end is None else NAMED  # of the part that is drawn; of all

    def _mark(self, mark: Mark) -> str:
        x, y = self._lanes[mark.role], self._rows[mark.start]
        side, anchor = (1, "start") if x > self._margin else (-1, "end")
        timer = mark.what in ("timer", "timeout")
        color = LOSS if timer else GREY
        shape = _clock(x, y) if timer else svg.path(svg.ring(x, y, 3), fill=GREY)
        return shape + svg.text(x + 11 * side, y + 4, mark.what, anchor, fill=color, **svg.HALO)


def _rows(items: list[Arrow | Mark]) -> Rows:
    """Return what is in each row, in order."""
    rows: Rows = {}
    for item in items:
        if isinstance(item, Mark):
            rows.setdefault(item.start, (item.sent, item.role, False))
            continue
        rows[item.start] = (item.sent, item.source, False)
        if item.end is not None and item.arrived is not None:
            rows[item.end] = (item.arrived, item.destination, True)
    return dict(sorted(rows.items()))


def _on_rows(rows: Rows) -> tuple[dict[int, int], list[tuple[int, int]]]:
    """Lay events out evenly, a line each."""
    first = min(rows, default=0)
    return {row: TOP + ROW * (row - first) + ROW // 2 for row in rows}, []


def _on_times(rows: Rows, scale: float) -> tuple[dict[int, int], list[tuple[int, int]]]:
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
            last, at, was_arrival = lowest[place]
            answer = was_arrival and not arrival and at == time
            y = max(y, last + (0 if answer else APART))
        places[row], lowest[place], before = y, (y, time, arrival), time
    return places, breaks


def _scale(items: list[Arrow | Mark]) -> float:
    """Return pixels per second: the median flight takes FLIGHT of them."""
    arrows = [item for item in items if isinstance(item, Arrow)]
    flights = [a.arrived - a.sent for a in arrows if a.arrived is not None and a.arrived > a.sent]
    return FLIGHT / median_low(flights) if flights else LONGEST


def _along(x1: int, y1: int, x2: int, y2: int, share: float) -> tuple[int, int]:
    return int(x1 + share * (x2 - x1)), int(y1 + share * (y2 - y1))


def _loop(x: int, y: int, color: str) -> str:
    """Return a turn around an arrow's beginning: it is sent again."""
    turn = f"M{x - 4} {y - 3}A5 5 0 1 1 {x - 4} {y + 3}M{x - 8} {y + 2}L{x - 4} {y + 3}V{y + 8}"
    return svg.path(turn, stroke=color, stroke_width=1.6)


def _clock(x: int, y: int) -> str:
    hands = f"M{x} {y - 5}V{y}H{x + 4}"
    return svg.path(svg.ring(x, y, 7) + hands, fill="white", stroke=LOSS, stroke_width=1.6)
