"""TCP's state diagram, drawn from the table of its steps, with the states of real sockets lit."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from math import hypot

from netlib.kernel.states import poll, sides
from netlib.protocols.tcp.states import STATES, TRANSITIONS, Step
from netlib.show import stills, svg
from netlib.show.style import GREY, INK, LOSS, RECEIVER, SENDER, THIRD, YELLOW, dark
from netlib.trace import Address

WIDTH, HEIGHT, ACROSS, DOWN, LEFT, TOP = 840, 548, 312, 81, 108, 28  # pixels
BOX, ASIDE = (148, 36), 14
COLORS = [dark(color) for color in (SENDER, RECEIVER, THIRD)]  # behind white words
END = "the end"  # CLOSED is drawn twice, so that no arrow has to go back to the top
# (column, row); a kernel keeps a queue of half-open sockets, and so LISTEN beside SYN-RECEIVED
PLACES = {
    "CLOSED": (1, 0), "LISTEN": (0, 1), "SYN-RECEIVED": (0, 2), "SYN-SENT": (2, 2),
    "ESTABLISHED": (1, 3), "FIN-WAIT-1": (0, 4), "CLOSING": (1, 4), "CLOSE-WAIT": (2, 4),
    "FIN-WAIT-2": (0, 5), "TIME-WAIT": (1, 5), "LAST-ACK": (2, 5), END: (1, 6),
}  # fmt: skip
RESET_FROM = (0, 6), "any state with a peer"  # an RST needs no other arrow: it ends them all
MOMENTARY = {"SYN-RECEIVED", "FIN-WAIT-1", "CLOSING", "LAST-ACK"}  # over when one segment arrives
RECORDED = "recorded on Linux 6.18: this system does not tell"


class StateDiagram:
    """Draw the diagram; `lit` holds the states of each side: {"client": ["ESTABLISHED"]}.

    note: what is written above it, such as where the states come from. Its text twin is its
    `repr`. Raises ValueError for a state that TCP does not have.
    """

    def __init__(self, lit: Mapping[str, Iterable[str]] | None = None, *, note: str = ""):
        self.note = note
        self.lit = {side: Counter(states) for side, states in (lit or {}).items()}
        unknown = {s for states in self.lit.values() for s in states} - set(STATES)
        if unknown:
            raise ValueError(f"expected states of RFC 9293, got {sorted(unknown)!r}")

    def __repr__(self) -> str:
        rows = [f"{s}: {', '.join(text)}" for s in STATES if (text := self._tags(s).values())]
        states = "\n".join(rows) or "StateDiagram: no socket is there"
        return f"{states}\n({self.note})" if self.note else states

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        return stills.bundle(self._repr_svg_(), repr(self))

    def _repr_svg_(self) -> str:
        parts = [_arrow(step) for step in TRANSITIONS]
        parts += [_label(step) for step in TRANSITIONS]  # above every line
        parts += [_box(place, self._tags(place)) for place in PLACES]
        parts.append(_reset())
        if self.note:
            parts.append(svg.text(WIDTH - 12, HEIGHT - 14, self.note, "end", fill=INK))
        look = {"font_size": svg.FONT_SIZE, "style": f"width:100%;max-width:{WIDTH}px"}
        return svg.picture(svg.ground() + "".join(parts), WIDTH, HEIGHT, repr(self), **look)

    def _tags(self, state: str) -> dict[str, str]:
        """Return for each colour the words beside a state: which side is there, and how often."""
        tags = {}
        for color, (side, states) in zip(COLORS, self.lit.items(), strict=False):
            if count := states[state]:
                tags[color] = side if count == 1 else f"{side} × {count}"
        return tags


def of_connections(
    server: Address, clients: Iterable[Address], recorded: Mapping[str, Iterable[str]]
) -> StateDiagram:
    """Return the diagram of the connections from `clients` to a server, as the kernel tells it.

    Where the kernel tells nothing the states are `recorded`, and the diagram says so. A state that
    lasts only until the next segment arrives is waited out, for a second at most.
    """
    addresses = list(clients)

    def settled() -> bool:
        states = sides(server, addresses)
        return MOMENTARY.isdisjoint(states["client"] + states["server"])

    try:
        with suppress(TimeoutError):
            poll(settled, timeout=1.0)
        lit = sides(server, addresses)
    except OSError:  # Linux without /proc
        return StateDiagram(recorded, note=RECORDED)
    if sys.platform != "linux" and not any(lit.values()):  # sockets that no program holds
        return StateDiagram(recorded, note=RECORDED)
    return StateDiagram(lit)


def _reset() -> str:
    """Return the arrow of an RST, from beside the last state to the end."""
    (column, row), words = RESET_FROM
    x, y, (end_x, _) = LEFT + ACROSS * column, TOP + DOWN * row, _center(END)
    begin, end = x + svg.room(words) / 2, end_x - BOX[0] / 2 - 2
    dashed = svg.line(begin, y, end, y, LOSS, stroke_dasharray="6 4")
    name = svg.text((begin + end) / 2, y + 5, "RST", "middle", fill=INK, **svg.HALO)
    origin = svg.text(x, y + 5, words, "middle", fill=INK, font_style="italic")
    return dashed + svg.head(end, y, begin, y, LOSS) + name + origin


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
    aside = ASIDE / hypot(dx, dy) if _two_ways(step) else 0  # two ways: each keeps to its own side
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
    return svg.line(x1, y1, x2, y2, GREY) + svg.head(x2, y2, x1, y1, GREY)


def _label(step: Step) -> str:
    x1, y1, x2, y2 = _ends(step)
    along = 0.3 if _two_ways(step) else 0.5
    x, y = x1 + (x2 - x1) * along, y1 + (y2 - y1) * along + 5
    words = f"{step.event} / {step.sent}" if step.sent else step.event
    return svg.text(x, y, words, "middle", fill=INK, **svg.HALO)


def _box(place: str, tags: dict[str, str]) -> str:
    x, y = _center(place)
    name, (width, height) = ("CLOSED" if place == END else place), BOX
    fill, stroke = (YELLOW, 2.5) if tags else ("#f4f4f4", 1)
    left, top = x - width / 2, y - height / 2
    size = {"x": left, "y": top, "width": width, "height": height, "rx": 6}
    box = svg.shape("rect", **size, fill=fill, stroke=INK, stroke_width=stroke)
    parts = [box, svg.text(x, y + (2 if tags else 5.5), name, "middle", font_weight="bold")]
    top += height - 10
    for color, words in tags.items():
        wide = svg.room(words) + 8
        size = {"x": left, "y": top, "width": wide, "height": 20, "rx": 10}
        parts.append(svg.shape("rect", **size, fill=color))
        parts.append(svg.text(left + wide / 2, top + 15.5, words, "middle", fill="white"))
        left += wide + 4
    return "".join(parts)
