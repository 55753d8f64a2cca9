"""What a reset destroys: where the bytes of a connection were, and which of them were read."""

from netlib.show import plots
from netlib.show.style import LOSS, RECEIVER, SENDER

ROWS = "before close()", "after the RST"


def reset(taken: int, queued: int, received: int, ax):
    """Draw where bytes lay before a close that sent an RST, and what became of them.

    taken: bytes that the closing side's kernel took; queued: of these, how many lay in the
    receive queue of the other side; received: how many of them it still read.
    """
    pieces = [
        (1, 0, queued, RECEIVER, "peer's receive queue"),
        (1, queued, taken, SENDER, "my send buffer, or on the wire"),
        (0, 0, received, RECEIVER, "read"),
        (0, received, taken, LOSS, "destroyed"),
    ]
    for row, left, right, color, name in pieces:
        look = {"hatch": "xx", "fill": False} if color == LOSS else {"color": color}
        edge = {"edgecolor": color} if color == LOSS else {}
        ax.barh(row, (right - left) / 1e6, 0.55, left / 1e6, **look, **edge)
        ax.text((left + right) / 2e6, row + 0.3, name, color="0.2", ha="center", va="bottom")
    plots.rows(ax, [1, 0], ROWS)
    ax.set(xlabel="position in the stream [MB]", ylim=(-0.4, 1.7))
    return ax
