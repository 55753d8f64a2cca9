"""TCP's state diagram, drawn from the table of its steps, with the states of real sockets lit."""

import html
from collections import Counter
from collections.abc import Iterable, Mapping
from math import hypot

from netlib.kernel.states import STATES, TRANSITIONS, Step

WIDTH, HEIGHT, ACROSS, DOWN, LEFT, TOP = 740, 510, 290, 75, 80, 28  # pixels
BOX = (132, 34)
GREY, LIT, COLORS = "#777", "#F0E442", ("#0072B2", "#009E73", "#CC79A7")
END = "the end"  # CLOSED is drawn twice, so that no arrow has to go back to the top
# (column, row); a kernel keeps a queue of half-open sockets, and so LISTEN beside SYN-RECEIVED
PLACES = {
    "CLOSED": (1, 0), "LISTEN": (0, 1), "SYN-RECEIVED": (0, 2), "SYN-SENT": (2, 2),
    "ESTABLISHED": (1, 3), "FIN-WAIT-1": (0, 4), "CLOSING": (1, 4), "CLOSE-WAIT": (2, 4),
    "FIN-WAIT-2": (0, 5), "TIME-WAIT": (1, 5), "LAST-ACK": (2, 5), END: (1, 6),
}  # fmt: skip


class StateDiagram:
    """Draw the diagram; `lit` tells who is in which states: {"client": ["ESTABLISHED"]}.

    Its text twin is its `repr`. Raises ValueError for a state that TCP does not have.
    """

    def __init__(self, lit: Mapping[str, Iterable[str]] | None = None):
        self.lit = {who: Counter(states) for who, states in (lit or {}).items()}
        unknown = {s for states in self.lit.values() for s in states} - set(STATES)
        if unknown:
            raise ValueError(f"expected states of RFC 9293, got {sorted(unknown)!r}")

    def __repr__(self) -> str:
        rows = [f"{s}: {', '.join(text)}" for s in STATES if (text := self._tags(s).values())]
        return "\n".join(rows) or "StateDiagram: no socket is there"

    def _repr_svg_(self) -> str:
        parts = [_arrow(step) for step in TRANSITIONS]
        parts += [_label(step) for step in TRANSITIONS]  # above every line
        parts += [_box(place, self._tags(place)) for place in PLACES]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'style="width:100%;max-width:{WIDTH}px" font-family="sans-serif" font-size="11.5" '
            f'role="img" aria-label="{html.escape(repr(self))}">'
            f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>'
        )

    def _tags(self, state: str) -> dict[str, str]:
        """Return for each colour the words beside a state: who is there, and how many."""
        tags = {}
        for color, (who, states) in zip(COLORS, self.lit.items(), strict=False):
            if count := states[state]:
                tags[color] = who if count == 1 else f"{who} × {count}"
        return tags


def _center(place: str) -> tuple[float, float]:
    column, row = PLACES[place]
    return LEFT + ACROSS * column, TOP + DOWN * row


def _two_ways(step: Step) -> bool:
    return any((s.source, s.target) == (step.target, step.source) for s in TRANSITIONS)


def _ends(step: Step) -> tuple[float, float, float, float]:
    """Return where an arrow begins and ends: at the edges of its boxes."""
    late = step.target == "CLOSED" and PLACES[step.source][1] > 3
    (x1, y1), (x2, y2) = _center(step.source), _center(END if late else step.target)
    dx, dy = x2 - x1, y2 - y1
    aside = 9 / hypot(dx, dy) if _two_ways(step) else 0  # two ways: each keeps to its own side
    sx, sy = -dy * aside, dx * aside
    begin, end = _leave(sx, sy, dx, dy), _leave(sx, sy, -dx, -dy)
    return x1 + sx + dx * begin, y1 + sy + dy * begin, x2 + sx - dx * end, y2 + sy - dy * end


def _leave(x: float, y: float, dx: float, dy: float) -> float:
    """Return after how much of (dx, dy) one leaves a box, from (x, y) off its center."""
    half_width, half_height = BOX[0] / 2 + 2, BOX[1] / 2 + 2
    across = (half_width - x * (1 if dx > 0 else -1)) / abs(dx) if dx else 9
    down = (half_height - y * (1 if dy > 0 else -1)) / abs(dy) if dy else 9
    return min(across, down)


def _arrow(step: Step) -> str:
    x1, y1, x2, y2 = _ends(step)
    dx, dy = x2 - x1, y2 - y1
    ux, uy = dx / hypot(dx, dy), dy / hypot(dx, dy)
    back = [(x2 - 8 * ux + s * uy, y2 - 8 * uy - s * ux) for s in (4, -4)]
    left, right = (f"{x:.1f} {y:.1f}" for x, y in back)
    line = f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{GREY}" fill="none"/>'
    return f'{line}<path d="M{x2:.1f} {y2:.1f}L{left}L{right}Z" fill="{GREY}"/>'


def _label(step: Step) -> str:
    x1, y1, x2, y2 = _ends(step)
    along = 0.3 if _two_ways(step) else 0.5
    x, y = x1 + (x2 - x1) * along, y1 + (y2 - y1) * along + 4
    words = html.escape(f"{step.event} / {step.sent}" if step.sent else step.event)
    halo = 'stroke="white" stroke-width="5" paint-order="stroke"'
    return f'<text {halo} x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="#333">{words}</text>'


def _box(place: str, tags: dict[str, str]) -> str:
    x, y = _center(place)
    name, (width, height) = ("CLOSED" if place == END else place), BOX
    fill, stroke = (LIT, 2.5) if tags else ("#f4f4f4", 1)
    parts = [
        f'<rect x="{x - width / 2}" y="{y - height / 2}" width="{width}" height="{height}" '
        f'rx="6" fill="{fill}" stroke="#333" stroke-width="{stroke}"/>',
        f'<text x="{x}" y="{y + 4.5}" text-anchor="middle" font-weight="bold">{name}</text>',
    ]
    at = x - width / 2
    for color, words in tags.items():
        wide = 7 * len(words) + 12
        parts.append(
            f'<rect x="{at}" y="{y + height / 2 - 4}" width="{wide}" height="17" rx="8" '
            f'fill="{color}"/><text x="{at + wide / 2}" y="{y + height / 2 + 8.5}" fill="white" '
            f'text-anchor="middle">{html.escape(words)}</text>'
        )
        at += wide + 4
    return "".join(parts)
