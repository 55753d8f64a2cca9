"""The four buffers of a connection whose two ends both send and do not receive."""

from netlib.kernel.tcp_queues import TCPQueues
from netlib.show.plots import CENTRED, FILLS, RECEIVER, SENDER, ink_on

# (left, right), where the kernel does not tell: what notebook 04 measured on Linux 6.18
RECORDED = TCPQueues(32768, 24576), TCPQueues(32768, 24576)
NOTE = "recorded on Linux 6.18, not measured here"
WIDTH, HEIGHT = 2.5, 0.62


def four_buffers(left: TCPQueues | None, right: TCPQueues | None, ax):
    """Draw the bytes that wait between two programs: left's above, on their way to the right.

    None: the kernel does not tell; recorded numbers are drawn, and labelled as such.
    """
    if left is None or right is None:
        left, right = RECORDED
        ax.text(5, 0.5, NOTE, **CENTRED, style="italic")
    boxes = [
        (3.4, 1, left.send, SENDER, "left's send buffer"),
        (6.6, 1, right.receive, RECEIVER, "right's receive buffer"),
        (6.6, 0, right.send, SENDER, "right's send buffer"),
        (3.4, 0, left.receive, RECEIVER, "left's receive buffer"),
    ]
    for x, y, size, color, name in boxes:
        ax.barh(y, WIDTH, HEIGHT, x - WIDTH / 2, color=color)
        words = f"{name}\n{size:,} bytes".replace(",", " ")
        ax.text(x, y, words, **CENTRED, color=ink_on(color))
    for x, name in (0.6, "left"), (9.4, "right"):
        ax.barh(0.5, 1.5, 1 + HEIGHT, x - 0.75, color=FILLS[2])
        ax.text(x, 0.5, f"{name}:\nsending,\nnot\nreceiving", **CENTRED)
    for start in (1.43, 4.73, 7.93):
        _arrow(ax, start, start + 0.54, 1)
        _arrow(ax, start + 0.54, start, 0)
    ax.set(xlim=(-0.3, 10.3))
    ax.axis("off")
    return ax


def _arrow(ax, start: float, end: float, y: float):
    ax.annotate("", (end, y), (start, y), arrowprops={"arrowstyle": "->", "color": "0.3"})
