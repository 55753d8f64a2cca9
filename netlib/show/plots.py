"""Figures: each function draws one thing on the axes it is given, and returns them."""

from typing import Any

import numpy as np

from netlib.measure import theory as formulas

# a notebook finds all of them here, as plots.SENDER
from netlib.show.style import (  # noqa: F401
    FILLS,
    LOSS,
    RECEIVER,
    SENDER,
    THEORY,
    THIRD,
    dark,
    ink_on,
    use_style,
)

CENTRED: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9}


def ecdf(samples, ax, *, color=SENDER, label=""):
    """Draw the fraction of samples at or below each value; samples: any sequence of numbers."""
    values = np.sort(np.asarray(samples, dtype=float))
    ax.step(values, np.arange(1, len(values) + 1) / len(values), where="post", color=color)
    if label:
        name_line(ax, values[len(values) // 2], 0.5, label, color)
    ax.set(ylim=(0, 1.02), ylabel="fraction of samples")
    return ax


def histogram(samples, ax, *, bins=40, color=SENDER, label=""):
    """Draw which fraction of the samples lies in each bin; bins: how many, or their edges."""
    values = np.asarray(samples, dtype=float)
    heights, edges, _ = ax.hist(
        values, bins, weights=np.ones_like(values) / len(values), color=color, alpha=0.6
    )
    if label:
        highest = int(np.argmax(heights))
        name_line(ax, edges[highest + 1], heights[highest], label, color)
    ax.set(ylim=0, ylabel="fraction of samples")
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


def loss_against_load(load, lost, ax, *, error=None, color=SENDER, marker="o"):
    """Draw measured losses over what a full queue loses on paper, 1 - 1/load."""
    every = np.linspace(min(1, *load), max(load), 200)
    theory(every, formulas.overflow_loss(every), ax, label="1 − 1/load")
    measured(load, lost, ax, error=error, color=color, marker=marker)
    ax.set(xlabel="load", ylabel="fraction lost")
    return ax


def time_series(times, values, ax, *, color=SENDER, label=""):
    """Draw a point for each value at its time [s]; nan, of a lost packet, is a cross below."""
    times, values = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    lost = np.isnan(values)
    ax.plot(times[~lost], values[~lost], ".", color=color, markersize=3)
    at_foot = ax.get_xaxis_transform()  # y from 0 to 1, whatever the values are
    ax.plot(times[lost], np.full(lost.sum(), 0.02), "x", color=LOSS, transform=at_foot)
    if label and not lost.all():
        name_line(ax, times[~lost][-1], values[~lost][-1], label, color)
    ax.set(xlabel="time [s]")
    return ax


def queue(entered, left, ax, *, color=SENDER):
    """Draw how many packets are inside, from when each entered and left [s].

    A packet that left at nan was dropped at the door: a cross, above those that it found inside.
    """
    entered, left = np.asarray(entered, dtype=float), np.asarray(left, dtype=float)
    dropped = np.isnan(left)
    times = np.concatenate([entered[~dropped], left[~dropped]])
    steps: np.ndarray = np.repeat([1, -1], len(times) // 2)
    order = np.lexsort([steps, times])  # at the same time, one leaves before another enters
    times, inside = times[order], np.cumsum(steps[order])
    ax.step(times, inside, where="post", color=color)
    before = np.searchsorted(times, entered[dropped], side="right")
    ax.plot(entered[dropped], np.append(0, inside)[before], "x", color=LOSS)
    ax.set(xlabel="time [s]", ylabel="packets inside", ylim=0)
    return ax


def name_line(ax, x, y, text, color, *, aside=(6, 0)):
    """Write a line's name beside the point (x, y) of it, in its colour, dark enough to be read.

    aside: how far from the point, in points; to the left of it, the name ends there.
    """
    side = {"ha": "right" if aside[0] < 0 else "left", "va": "center", "color": dark(color)}
    ax.annotate(text, (x, y), aside, textcoords="offset points", **side)


def rows(ax, places, names):
    """Write the names of rows at their places on the left, where no axis is needed."""
    ax.set(yticks=places, yticklabels=names)
    ax.spines["left"].set_visible(False)
    ax.tick_params(left=False)


def byte_tape(sends, receives, ax):
    """Draw where sends (sizes in bytes) and receives (likewise) cut one stream into pieces."""
    for row, (sizes, color) in enumerate([(receives, RECEIVER), (sends, SENDER)]):
        edges = np.concatenate([[0], np.cumsum(sizes)])
        ax.barh(row, sizes, left=edges[:-1], height=0.55, color=color, edgecolor="white")
        for left, size in zip(edges, sizes, strict=False):
            if size > 0.03 * edges[-1]:
                ax.text(
                    left + size / 2, row, str(size), color=ink_on(color), ha="center", va="center"
                )
    rows(ax, [0, 1], ["receives", "sends"])
    ax.set(xlabel="position in the stream [bytes]")
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
    rows(ax, [0, 1], ["arrived", "sent"])
    ax.set(xlabel="time [s]", ylim=(-0.2, 1.2))
    return ax
