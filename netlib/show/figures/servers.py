"""How servers compare: round trips against the number of clients, memory for a slow one."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from netlib.load.load import Report
from netlib.show import plots

COLORS = (plots.LOSS, plots.THIRD, plots.SENDER, plots.RECEIVER)
MARKERS = "xs^o"
APART = 0.075  # of the axes' height, between two names of lines


def quantiles(reports: Mapping[tuple[str, int], Report]) -> Figure:
    """Draw p50 and p99 of the round trip against the number of clients, a line for each server.

    reports: by the server's name and the number of clients. Dashed: n/λ, with the λ of the server
    that answered most per second, which is the mean round trip if all n are on their way.
    """
    servers = list(dict.fromkeys(server for server, _ in reports))
    crowds = sorted({clients for _, clients in reports})
    fastest = max(reports[server, crowds[-1]].rate for server in servers)
    figure, axes = plt.subplots(1, 2, sharey=True, figsize=(7, 3.4))
    for ax, q in zip(axes, (0.5, 0.99), strict=True):
        plots.theory(crowds, [1e3 * n / fastest for n in crowds], ax)
        for server, color, marker in zip(servers, COLORS, MARKERS, strict=False):
            times = [1e3 * reports[server, n].quantile(q) for n in crowds]
            ax.plot(crowds, times, marker=marker, color=color, label=server)
        ax.set(xscale="log", yscale="log", xlabel="clients", title=f"p{100 * q:.0f}")
    axes[0].set_ylabel("round trip [ms]")
    for ax in axes:  # now that the limits are known
        _name_apart(ax)
    return figure


def _name_apart(ax: Axes):
    """Write the lines' names to the right, in the order of their ends, never on each other."""
    to_axes = ax.transData + ax.transAxes.inverted()
    ends = {line: float(to_axes.transform(line.get_xydata()[-1])[1]) for line in ax.lines}
    height = -1.0
    for line in sorted(ends, key=ends.__getitem__):
        height = max(ends[line], height + APART)
        dashed = line.get_linestyle() == "--"
        name, color = (
            ("n/λ", "0.35") if dashed else (str(line.get_label()), plots.dark(line.get_color()))
        )
        ax.annotate(name, (1.02, height), xycoords="axes fraction", color=color, va="center")


def held(histories: Mapping[str, Sequence[float]]) -> Figure:
    """Draw how many bytes are held for a reader after each of its reads, a line for each writer."""
    figure, ax = plt.subplots()
    for (name, history), color in zip(histories.items(), COLORS[::2], strict=False):
        ax.plot([held / 1e3 for held in history], color=color)
        plots.name_line(ax, len(history), history[-1] / 1e3, name, color)
    longest = max(map(len, histories.values()))
    ax.set(xlim=(0, 1.2 * longest), ylim=0, xlabel="reads", ylabel="held [kB]")
    return figure
