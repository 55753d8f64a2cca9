"""The drawing of a ladder as SVG: the places, the arrows, and names where nothing else is."""

from typing import NamedTuple

from netlib.show import svg
from netlib.show.ladder.layout import DIES, NAMES, TALLEST, WIDTH, Item, Layout
from netlib.show.ladder.pairing import Arrow, Mark
from netlib.show.style import GREY, LOSS, RECEIVER, SENDER, dark

NAMED: tuple[float, ...] = (
    0.4,
    0.32,
    0.48,
    0.24,
    0.56,
    0.64,
    0.16,
    0.72,
)  # of the way: for a name, the best first
INSTANT = "a bar: one instant, drawn apart to be read"

Area = tuple[float, float, float, float]  # left, top, right, bottom [pixels]


class Part(NamedTuple):
    """A piece of the picture, and from where to where it reaches downwards [pixels]."""

    top: float
    bottom: float
    markup: str


class Picture:
    """Draw the arrows and marks of a ladder; digits: of its times, None if they mean nothing."""

    def __init__(self, items: list[Item], roles: list[str], digits: int | None):
        self._layout = Layout(items, roles, digits)
        self._items, self._lanes = items, self._layout.lanes
        self._taken: list[Area] = []

    @property
    def fits(self) -> bool:
        """Whether all of it can be seen at once."""
        return self._layout.height <= TALLEST

    def whole(self, description: str) -> str:
        """Return the picture with its names as one SVG."""
        parts, columns = self._parts(), self._layout.columns
        if len(columns) == 1:
            inside = self._names() + "".join(part.markup for part in parts)
        else:
            inside = "".join(self._column(n, parts) for n in range(len(columns)))
        return self._svg(inside + self._foot(), self._layout.height, description)

    def box(self, description: str) -> str:
        """Return a box to scroll in, in which the names stay in sight."""
        names = self._svg(self._names(), NAMES, "the places")
        body = "".join(part.markup for part in self._parts()) + self._foot()
        whole = self._svg(body, self._layout.height, description)
        place = f"max-height:{TALLEST}px;overflow:auto;border:1px solid {GREY};background:white"
        kept = "position:sticky;top:0;line-height:0;background:white"
        return (
            f'<div tabindex="0" role="region" aria-label="sequence diagram, to scroll in" '
            f'style="{place}"><div style="{kept}">{names}</div>'
            f'<div style="margin-top:-{NAMES}px;line-height:0">{whole}</div></div>'
        )

    def _svg(self, inside: str, height: int, description: str) -> str:
        look = {"width": WIDTH, "height": height, "font_size": svg.FONT_SIZE}
        return svg.picture(svg.ground() + inside, WIDTH, height, description, **look)

    def _column(self, number: int, parts: list[Part]) -> str:
        top, bottom = self._layout.columns[number]
        width, height = WIDTH // len(self._layout.columns), bottom - top
        inside = "".join(p.markup for p in parts if p.top < bottom and p.bottom > top)
        place = {"x": number * width, "y": NAMES, "width": width, "height": height}
        view = f"0 {top} {width} {height}"
        return self._names(number * width) + svg.shape("svg", inside, **place, viewBox=view)

    def _names(self, left: int = 0) -> str:
        bold = {"font_weight": "bold"}
        names = [svg.text(left + x, 20, r, "middle", **bold) for r, x in self._lanes.items()]
        if names and self._layout.digits is not None:
            names.insert(0, svg.text(left + self._layout.times_end, 20, "t [s]", "end", fill=GREY))
        return "".join(names)

    def _foot(self) -> str:
        place = 20, self._layout.height - 10
        return svg.text(*place, INSTANT, fill=GREY) if self._layout.instants else ""

    def _parts(self) -> list[Part]:
        """Return all but the names of the places: the lines first, then the words on them."""
        pairs = list(zip(self._items, self._layout.ends, strict=True))
        lines = [Part(*ends, self._lines(item, *ends)) for item, ends in pairs]
        marks = [self._words(item, y) for item, (y, _) in pairs if isinstance(item, Mark)]
        arrows = [(item, ends) for item, ends in pairs if isinstance(item, Arrow)]
        names = [self._name(arrow, *ends) for arrow, ends in arrows if not arrow.copy]
        return [*self._lanes_down(), *lines, *marks, *names]

    def _lanes_down(self) -> list[Part]:
        layout, (top, bottom) = self._layout, (self._layout.cuts[0], self._layout.cuts[-1])
        white = {"stroke": "white", "stroke_width": 3, "stroke_dasharray": "3 4"}
        bar = {"stroke_width": 6, "stroke_linecap": "round"}
        lanes = self._lanes.values()
        parts = [Part(top, bottom, svg.line(x, top, x, bottom, GREY)) for x in lanes]
        for y1, y2 in layout.breaks:  # time is left out
            parts += [Part(y1, y2, svg.path(f"M{x} {y1}V{y2}", **white)) for x in lanes]
        for role, y1, y2 in layout.instants:
            x = self._lanes[role]
            parts.append(Part(y1, y2, svg.line(x, y1, x, y2, GREY, **bar)))
        for time, y in sorted(layout.times.items(), key=lambda pair: pair[1]):
            parts.append(Part(y, y, svg.text(layout.times_end, y + 5, time, "end", fill=GREY)))
        return parts

    def _lines(self, item: Item, y1: int, y2: int) -> str:
        if isinstance(item, Mark):
            x, timer = self._lanes[item.role], _is_timer(item)
            return _clock(x, y1) if timer else svg.path(svg.ring(x, y1, 4), fill=GREY)
        x1, x2 = self._across(item)
        color = _color(item)
        dashes = {"stroke_dasharray": "7 4"} if item.copy else {}
        line = svg.line(x1, y1, x2, y2, color, stroke_width=2, **dashes)
        if item.end is None:
            tip = svg.cross(x2, y2)
            self._taken.append((x2 - 12, y2 - 10, x2 + 12, y2 + 10))
        else:
            tip = svg.head(x2, y2, x1, y1, color)
        if not item.again or item.copy:
            return line + tip
        x, y = _along(x1, y1, x2, y2, 30 / (abs(x2 - x1) or 30))
        self._taken.append((x - 10, y - 8, x + 8, y + 8))
        return line + tip + _loop(x, y, color)

    def _across(self, arrow: Arrow) -> tuple[int, int]:
        """Return where an arrow begins and ends, from left to right or back."""
        x1, x2 = self._lanes[arrow.source], self._lanes[arrow.destination]
        dies = 0.5 if self._layout.digits is None else DIES
        return x1, x2 if arrow.end is not None else int(x1 + dies * (x2 - x1))

    def _words(self, mark: Mark, y: int) -> Part:
        """Return the words beside a mark."""
        x = self._lanes[mark.role]
        side, anchor = (-1, "end") if x == min(self._lanes.values()) else (1, "start")
        color = dark(LOSS) if _is_timer(mark) else GREY
        x, look = x + 13 * side, {"fill": color, **svg.HALO}
        self._taken.append(_area(x, y + 5, mark.what, anchor))
        return Part(y, y, svg.text(x, y + 5, mark.what, anchor, **look))

    def _name(self, arrow: Arrow, y1: int, y2: int) -> Part:
        """Return an arrow's name, where it covers no other."""
        (x1, x2), shares = self._across(arrow), NAMED
        if self._layout.digits is None:
            shares = (0.5, *NAMED)
        elif arrow.end is None:
            shares = tuple(share / DIES for share in NAMED if share < DIES)
        least = float("inf")
        for share in shares:
            place = _along(x1, y1, x2, y2, share)
            area = _area(place[0], place[1] - 5, arrow.label, "middle")
            covered = sum(_overlap(area, other) for other in self._taken)
            if covered < least:
                (x, y), free, least = place, area, covered
            if not least:
                break
        self._taken.append(free)
        return Part(y - 10, y - 9, svg.text(x, y - 5, arrow.label, "middle", **svg.HALO))


def _is_timer(mark: Mark) -> bool:
    return mark.what in ("timer", "timeout")


def _color(arrow: Arrow) -> str:
    """Return the colour of what was lost, or sent again by a timer; else that of its direction."""
    if arrow.end is None or (arrow.again and not arrow.answer and not arrow.reply):
        return LOSS
    return RECEIVER if arrow.answer else SENDER


def _area(x: float, y: float, text: str, anchor: str) -> Area:
    """Return which area words take: digits and small letters are narrower than the widest."""
    width = 0.9 * svg.room(text)
    left = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
    return left, y - 0.8 * svg.FONT_SIZE, left + width, y + 0.2 * svg.FONT_SIZE


def _overlap(one: Area, other: Area) -> float:
    """Return how large an area is covered by both [pixels²]."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0)


def _along(x1: int, y1: int, x2: int, y2: int, share: float) -> tuple[int, int]:
    return int(x1 + share * (x2 - x1)), int(y1 + share * (y2 - y1))


def _loop(x: int, y: int, color: str) -> str:
    """Return a turn around an arrow's beginning: it is sent again."""
    turn = f"M{x - 4} {y - 4}A6 6 0 1 1 {x - 4} {y + 4}M{x - 9} {y + 3}L{x - 4} {y + 4}V{y + 10}"
    return svg.path(turn, stroke=color, stroke_width=2)


def _clock(x: int, y: int) -> str:
    hands = f"M{x} {y - 6}V{y}H{x + 5}"
    return svg.path(svg.ring(x, y, 8) + hands, fill="white", stroke=LOSS, stroke_width=2)
