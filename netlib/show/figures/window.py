"""Sliding windows: where both ends stand at one moment, and what windows and repeats cost."""

import numpy as np
from matplotlib.patches import Rectangle

from netlib.measure.stats import mean_and_error
from netlib.show import plots
from netlib.show.plots import CENTRED, LOSS, RECEIVER, SENDER, THIRD

KEY = {
    "✓": ("acknowledged, delivered", "#A6DCC8"),
    "→": ("sent, no ACK yet", "#56B4E9"),
    "+": ("held until the gap is filled", "#E69F00"),
    "": ("in the window, free", "white"),
    " ": ("outside", "#E4E4E4"),
}
STEP, LOWER = 3.6, 1.35  # from one moment to the next, from the sender to its receiver [cells]


def sliding_window(moments, ax):
    """Draw what both ends know at some moments: {time [s]: (sender, receiver)}, of one run.

    sender: messages, base, next, window and, if it has them, acked numbers. receiver: delivered,
    kept (numbers), window. A frame is a window; the words above say where base and next are.
    """
    ends = moments.values()
    last = max(max(len(s.messages), s.base + s.window) for s, _ in ends)
    for place, (time, (sender, receiver)) in enumerate(moments.items()):
        names = [message.decode() for message in sender.messages]
        names += ["·"] * (last - len(names))
        top, expected = -STEP * place, len(receiver.delivered)
        ax.text(-2.6, top - LOWER / 2 + 0.35, f"{time * 1e3:.0f} ms", ha="right", va="center")
        _row(ax, top, "sender", names, [_at_sender(sender, n) for n in range(last)])
        _row(ax, top - LOWER, "receiver", names, [_at_receiver(receiver, n) for n in range(last)])
        _frame(ax, top, sender.base, min(sender.base + sender.window, last), SENDER)
        _frame(ax, top - LOWER, expected, min(expected + receiver.window, last), RECEIVER)
        _marks(ax, top + 0.95, sender.base, sender.next)
    _key(ax)
    bottom = -STEP * (len(moments) - 1) - LOWER - 0.3
    ax.set(xlim=(-4.6, last + 6), ylim=(bottom, 1.6), aspect="equal")
    ax.axis("off")
    return ax


def _at_sender(sender, number: int) -> str:
    if number < sender.base or number in getattr(sender, "acked", ()):
        return "✓"
    if number < sender.next:
        return "→"
    return "" if number < sender.base + sender.window else " "


def _at_receiver(receiver, number: int) -> str:
    expected = len(receiver.delivered)
    if number < expected:
        return "✓"
    if number in receiver.kept:
        return "+"
    return "" if number < expected + receiver.window else " "


def _row(ax, y, who, names, states):
    ax.text(-0.25, y + 0.35, who, ha="right", va="center", fontsize=9)
    for x, (name, state) in enumerate(zip(names, states, strict=True)):
        _cell(ax, x, y, f"{name} {state}".strip(), KEY[state][1])


def _cell(ax, x, y, text, color):
    ax.add_patch(Rectangle((x + 0.06, y), 0.88, 0.7, facecolor=color, edgecolor="0.6"))
    ax.text(x + 0.5, y + 0.35, text, **CENTRED)


def _frame(ax, y, begin, end, color):
    width = end - begin - 0.06
    ax.add_patch(Rectangle((begin + 0.03, y - 0.1), width, 0.9, fill=False, ec=color, lw=2.2))


def _marks(ax, y, base, following):
    """Write where base and next are; side by side, each keeps to the outer side of its cell."""
    aside = 0.15 if following == base + 1 else 0
    for name, x in ("base", base - aside), ("next", following + aside):
        ax.text(x + 0.5, y + 0.22, name, **{**CENTRED, "fontsize": 8}, color="0.25")


def _key(ax):
    """Write on the right what the colours and signs mean."""
    right = max(patch.get_x() + patch.get_width() for patch in ax.patches) + 0.5
    for place, (sign, (meaning, color)) in enumerate(KEY.items()):
        row = -1.15 * place - 0.2
        _cell(ax, right, row, sign, color)
        ax.text(right + 1.15, row + 0.35, meaning, va="center", fontsize=9)


def compared(x, runs, ax, formulas=()):
    """Draw the means of several runs against x, with two standard errors.

    runs: by name, an array with a row for each run and a column for each x. formulas: functions of
    x, drawn dashed. Each name stands at its last point above 0.
    """
    every = np.linspace(min(x), max(x), 200)
    for formula in formulas:
        plots.theory(every, formula(every), ax)
    looks = zip((SENDER, THIRD, LOSS, RECEIVER), "osD^", strict=True)
    for (name, each), (color, marker) in zip(runs.items(), looks, strict=False):
        mean, error = mean_and_error(each)
        plots.measured(x, mean, ax, error=2 * error, color=color, marker=marker)
        last = np.flatnonzero(mean > 0)[-1]
        plots.name_line(ax, x[last], mean[last], name, color)
    return ax
