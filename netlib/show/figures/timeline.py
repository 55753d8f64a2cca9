"""Who keeps whom waiting: a row for each client, and bars while it waits."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from netlib.load.visitors import Trips
from netlib.show import plots


def timelines(visits: Mapping[str, Mapping[str, Trips]]) -> Figure:
    """Draw for each server (by its name) when each client waited for its line, below each other."""
    size = (7, 1.1 * len(visits))
    figure, axes = plt.subplots(len(visits), sharex=True, squeeze=False, figsize=size)
    for ax, (server, clients) in zip(axes.flat, visits.items(), strict=True):
        timeline(clients, ax)
        ax.set_title(server, loc="left", fontsize=10)
    axes[-1, 0].set_xlabel("time [ms]")
    return figure


def timeline(clients: Mapping[str, Trips], ax: Axes) -> Axes:
    """Draw a row for each client: a bar while a line was away, a dot when it came back [s]."""
    for row, trips in enumerate(clients.values()):
        bars = [(1e3 * sent, 1e3 * (back - sent)) for sent, back in trips]
        ax.broken_barh(bars, (row - 0.3, 0.6), facecolor=plots.FILLS[1])
        backs = [1e3 * back for _, back in trips]
        ax.plot(backs, [row] * len(backs), "o", color=plots.SENDER, markersize=4)
    plots.rows(ax, range(len(clients)), list(clients))
    ax.set(ylim=(len(clients) - 0.5, -0.5), xlim=0)
    return ax
