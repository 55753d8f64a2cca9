"""Queues: how long packets wait, and what a full buffer does to those who share it."""

import numpy as np

from netlib.show import plots
from netlib.show.style import LOSS, RECEIVER, SENDER


def wait_against_load(loads, points, formula, service, ax, name):
    """Draw mean waits [ms] over the load; dashed behind them `formula`(load, service), up to 0.9.

    points: for each load (mean, low, high), the ends of its interval. service: the time to send a
    packet [ms]. The second series on the same axes takes the second colour and marker.
    """
    color, marker = (RECEIVER, "s") if ax.lines else (SENDER, "o")
    mean, low, high = np.transpose(points)
    every = np.linspace(0, 0.9)
    plots.theory(every, formula(every, service), ax)
    plots.measured(loads, mean, ax, error=(high - low) / 2, color=color, marker=marker)
    ax.axvline(1, color=LOSS, linewidth=1)
    highest = formula(0.9, service)
    plots.name_line(ax, 1, highest, name, color)
    top = max(1.1 * highest, ax.get_ylim()[1])
    ax.set(xlabel="load (fraction of the rate)", ylabel="mean wait [ms]")
    ax.set(xlim=(0, 1.4), ylim=(0, top), xticks=np.arange(0, 1.1, 0.2))
    return ax


def delays_in_time(delays, ax, name, *, per_second=50):
    """Draw the delay [s; shown in ms] of each packet of a call; a lost one (nan) is a cross.

    Axes that share their y reach as high as the worst call on any of them.
    """
    milliseconds = 1000 * np.asarray(delays, dtype=float)
    highest = float(np.max(milliseconds[~np.isnan(milliseconds)], initial=0))
    top = max(1.2 * highest, ax.get_ylim()[1])
    plots.time_series(np.arange(len(delays)) / per_second, milliseconds, ax)
    ax.text(0.05, 0.97, name, transform=ax.transAxes, va="top", color=SENDER)
    ax.set(xlabel="sent at [s]", ylim=(-top / 10, top))  # crosses lie below 0, delays above
    if ax.get_subplotspec().is_first_col():
        ax.set(ylabel="delay of the call [ms]")
    return ax
