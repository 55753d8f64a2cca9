"""The shapes of which pictures in SVG are made. Texts are escaped here, and nowhere else."""

import html
from math import hypot

from netlib.show.style import FONT, LOSS

FONT_SIZE = 16  # pixels, in still pictures

# no line crosses the text, not even between two words
HALO = {"stroke": "white", "stroke_width": 8, "stroke_linejoin": "round", "paint_order": "stroke"}


def picture(inside: str, width: int, height: int, description: str, /, **look) -> str:
    """Return a whole picture [pixels]; `description` says the same in words."""
    look = {"viewBox": f"0 0 {width} {height}", "font_family": FONT, **look}
    namespace = "http://www.w3.org/2000/svg"
    return shape("svg", inside, xmlns=namespace, role="img", aria_label=description, **look)


def shape(tag: str, inside: str = "", /, **look) -> str:
    """Return an element around what is markup already; stroke_width is written stroke-width."""
    attributes = "".join(f' {name.replace("_", "-")}="{_value(v)}"' for name, v in look.items())
    return f"<{tag}{attributes}>{inside}</{tag}>" if inside else f"<{tag}{attributes}/>"


def ground() -> str:
    """Return a white card, for pictures whose lines are dark: on a dark page it has round edges."""
    return shape("rect", width="100%", height="100%", rx=10, fill="white")


def room(words: str) -> float:
    """Return how wide words are at most [pixels], in the widest of the usual fonts."""
    return 0.62 * FONT_SIZE * len(words)


def text(x: float, y: float, words: str, anchor: str = "start", **look) -> str:
    """Return words that begin ("start"), stand ("middle") or end ("end") at (x, y)."""
    return shape("text", html.escape(words), x=x, y=y, text_anchor=anchor, **look)


def line(x1: float, y1: float, x2: float, y2: float, color: str, **look) -> str:
    """Return a straight line."""
    return shape("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=color, **look)


def path(d: str, **look) -> str:
    """Return a path that is not filled unless `fill` says so."""
    return shape("path", d=d, **{"fill": "none", **look})


def head(x: float, y: float, from_x: float, from_y: float, color: str) -> str:
    """Return the head of an arrow that comes from one point and ends at (x, y)."""
    length = hypot(x - from_x, y - from_y) or 1
    ux, uy = (x - from_x) / length, (y - from_y) / length
    back = [(x - 9 * ux + side * uy, y - 9 * uy - side * ux) for side in (4, -4)]
    left, right = (f"L{bx:.1f} {by:.1f}" for bx, by in back)
    return path(f"M{x:g} {y:g}{left}{right}Z", fill=color)


def cross(x: int, y: int, color: str = LOSS, width: float = 2.4) -> str:
    """Return the mark of a loss."""
    strokes = f"M{x - 5} {y - 5}L{x + 5} {y + 5}M{x - 5} {y + 5}L{x + 5} {y - 5}"
    return path(strokes, stroke=color, stroke_width=width)


def ring(x: int, y: int, radius: int) -> str:
    """Return a circle as the `d` of a path."""
    turn = f"A{radius} {radius} 0 1 1"
    return f"M{x - radius} {y}{turn} {x + radius} {y}{turn} {x - radius} {y}"


def _value(value) -> str:
    return f"{value:g}" if isinstance(value, float) else html.escape(str(value))
