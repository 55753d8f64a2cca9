"""Figures: each function draws one thing on the axes it is given, and returns them."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats

# Okabe and Ito's colours, one role each in the whole course
SENDER, RECEIVER, LOSS, THIRD = "#0072B2", "#009E73", "#D55E00", "#CC79A7"
FILLS = ("#56B4E9", "#E69F00", "#F0E442")
THEORY = {"color": "0.45", "linestyle": "--", "linewidth": 1.4, "zorder": 1}


def use_style():
    """Draw this notebook's figures in the style of the course, sharp on every screen."""
    plt.style.use(Path(__file__).with_name("netlib.mplstyle"))
    set_matplotlib_formats("retina", bbox_inches=None)  # constrained layout has cut the margins


def ecdf(samples, ax, *, color=SENDER, label=""):
    """Draw the fraction of samples at or below each value; samples: any sequence of numbers."""
    values = np.sort(np.asarray(samples, dtype=float))
    ax.step(values, np.arange(1, len(values) + 1) / len(values), where="post", color=color)
    if label:
        name_line(ax, values[len(values) // 2], 0.5, label, color)
    ax.set(ylim=(0, 1.02), ylabel="fraction of samples")
    return ax


def measured(x, y, ax, *, error=None, color=SENDER, label="", marker="o"):
    """Draw measured points, with error bars (half widths, same shape as y) where they are known."""
    ax.errorbar(x, y, yerr=error, fmt=marker, color=color, capsize=2, linewidth=1, zorder=3)
    if label:
        name_line(ax, x[-1], y[-1], label, color)
    return ax


def theory(x, y, ax, *, label=""):
    """Draw what the formula says, dashed and grey, behind the data."""
    ax.plot(x, y, **THEORY)
    if label:
        name_line(ax, x[-1], y[-1], label, THEORY["color"])
    return ax


def name_line(ax, x, y, text, color):
    """Write a line's name beside the point (x, y) of it, in its colour."""
    ax.annotate(text, (x, y), (6, 0), textcoords="offset points", color=color, va="center")


def byte_tape(sends, receives, ax):
    """Draw where sends (sizes in bytes) and receives (likewise) cut one stream into pieces."""
    for row, (sizes, color) in enumerate([(receives, RECEIVER), (sends, SENDER)]):
        edges = np.concatenate([[0], np.cumsum(sizes)])
        ax.barh(row, sizes, left=edges[:-1], height=0.55, color=color, edgecolor="white")
        for left, size in zip(edges, sizes, strict=False):
            if size > 0.03 * edges[-1]:
                ax.text(left + size / 2, row, str(size), color="white", ha="center", va="center")
    ax.set(
        yticks=[0, 1], yticklabels=["receives", "sends"], xlabel="position in the stream [bytes]"
    )
    ax.spines["left"].set_visible(False)
    ax.tick_params(left=False)
    return ax


def crossing(sent, arrived, ax):
    """Draw a line for each packet, from when it was sent (above) to when it arrived (below) [s].

    A packet whose arrival is nan was lost: half a line, and a cross.
    """
    sent, arrived = np.asarray(sent, dtype=float), np.asarray(arrived, dtype=float)
    lost, half = np.isnan(arrived), np.nanmedian(arrived - sent) / 2
    there = ~lost
    ax.plot([sent[there], arrived[there]], [1, 0], color="0.6", linewidth=0.8, zorder=1)
    ax.plot([sent[lost], sent[lost] + half], [1, 0.5], color=LOSS, linewidth=0.8, zorder=1)
    ax.plot(sent, np.ones_like(sent), "|", color=SENDER, markersize=9)
    ax.plot(arrived, np.zeros_like(sent), "|", color=RECEIVER, markersize=9)
    ax.plot(sent[lost] + half, np.full(lost.sum(), 0.5), "x", color=LOSS)
    ax.set(yticks=[0, 1], yticklabels=["arrived", "sent"], xlabel="time [s]", ylim=(-0.2, 1.2))
    ax.spines["left"].set_visible(False)
    ax.tick_params(left=False)
    return ax
