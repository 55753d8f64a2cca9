"""The path of a datagram from program to program: where it can be lost, and who tells."""

from collections.abc import Mapping
from typing import NamedTuple

from matplotlib.axes import Axes

from netlib.show import plots
from netlib.show.plots import CENTRED, dark


class Place(NamedTuple):
    """A place on the path: in words, as a datagram meets them, with line breaks to fit."""

    name: str
    lost: str  # when it is lost there
    teller: str  # who tells


PLACES = (
    Place("send queue", "the queue\nis full", "tc -s qdisc,\nSndbufErrors"),
    Place("router", "the queue\nis full", "the router's\ncounters"),
    Place("wire", "noise turns\na bit", "error counters\n(ip -s link)"),
    Place("port", "nobody\nis bound", "ICMP, to a con-\nnected sender"),
    Place("receive buffer", "the buffer\nis full", "the gauge,\n/proc/net/udp"),
    Place("program", "it comes\ntoo late", "the program's\nclock"),
)
TOP = 3.0  # of the boxes
INK, SOFT = "0.15", "0.35"


def path(counts: Mapping[str, str], ax: Axes) -> Axes:
    """Draw the path with a cross wherever a datagram can be lost, and below it why and who tells.

    counts: what was seen at some of the places, such as {"router": "800 of 4000"}. Raises
    ValueError for a place that is not on the path.
    """
    if unknown := set(counts) - {place.name for place in PLACES}:
        known = ", ".join(place.name for place in PLACES)
        raise ValueError(f"expected places on the path ({known}), got {sorted(unknown)}")
    ax.plot([-1, len(PLACES) - 1], [TOP, TOP], color=plots.SENDER, linewidth=2, zorder=1)
    _box(ax, -1, "program\nsendto")
    for x, place in enumerate(PLACES):
        _box(ax, x, place.name.replace(" ", "\n"))
        _mark(ax, x, place, counts.get(place.name, ""))
    for y, row in ((1.75, "lost if"), (0.9, "who tells"), (0.1, "seen here")):
        ax.text(-1, y, row, **CENTRED, color=SOFT, style="italic")
    ax.set(xlim=(-1.5, len(PLACES) - 0.5), ylim=(-0.2, TOP + 0.5))
    ax.set_axis_off()
    return ax


def _box(ax: Axes, x: float, words: str):
    box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": plots.SENDER}
    ax.text(x, TOP, words, **CENTRED, color=INK, bbox=box, zorder=2)


def _mark(ax: Axes, x: float, place: Place, count: str):
    ax.plot([x, x], [TOP, 2.3], color=plots.LOSS, linewidth=1, zorder=0)
    ax.plot([x], [2.3], "x", color=plots.LOSS, markersize=8, markeredgewidth=2)
    for y, words in ((1.75, place.lost), (0.9, place.teller)):
        ax.text(x, y, words, **{**CENTRED, "fontsize": 8.5}, color=INK)
    ax.text(x, 0.1, count, **CENTRED, color=dark(plots.LOSS), weight="bold")
