"""Figures of congestion: windows, queues and goodputs, each drawn over what paper says of it."""

import numpy as np

from netlib.measure import theory
from netlib.measure.flow import Flow, Recorded
from netlib.show import plots

COLORS = plots.SENDER, plots.LOSS, plots.RECEIVER, plots.THIRD
STYLES = "-", "--", "-.", ":"


def collapse(windows, goodputs, ax, *, capacity: float, braked: float):
    """Draw the goodput [bits/s] of flows with fixed windows [segments], and that of two Renos.

    capacity [bits/s]: what the link can carry of payload.
    """
    plots.theory([0, max(windows)], [capacity / 1e6] * 2, ax)
    plots.name_line(ax, max(windows) / 2, 1.07 * capacity / 1e6, "the link", plots.THEORY["color"])
    plots.measured(windows, np.divide(goodputs, 1e6), ax)
    ax.plot(windows, np.divide(goodputs, 1e6), color=plots.SENDER, linewidth=0.8)
    plots.measured([max(windows)], [braked / 1e6], ax, color=plots.RECEIVER, marker="s")
    plots.name_line(
        ax, max(windows), 0.88 * braked / 1e6, "with brakes", plots.RECEIVER, aside=(-8, 0)
    )
    ax.set(xlabel="window of each flow [segments]", ylabel="goodput [Mbit/s]")
    ax.set(ylim=(0, 1.2 * capacity / 1e6))
    return ax


def window_series(flow: Flow, recorded: Recorded, axes, *, until: float, mss: int = 1000):
    """Draw cwnd, ssthresh and what is in flight [segments] above, the round trips [ms] below."""
    upper, lower = axes
    times, cwnd, ssthresh = _until(np.array(recorded.history), until).T
    ssthresh = np.where(np.isfinite(ssthresh), ssthresh, np.nan)
    upper.plot(*(_until(flow.in_flight, until) / [1, mss]).T, color="0.75", linewidth=1)
    upper.step(times, ssthresh, "--", where="post", color=plots.LOSS, linewidth=1)
    upper.step(times, cwnd, where="post", color=plots.SENDER)
    lower.plot(*(_until(flow.rtts, until) * [1, 1e3]).T, ".", color=plots.RECEIVER, markersize=2)
    plots.name_line(upper, times[-1], cwnd[-1], "cwnd", plots.SENDER)
    plots.name_line(upper, times[-1], ssthresh[-1], "ssthresh", plots.LOSS)
    upper.set(ylabel="segments", ylim=0)
    lower.set(xlabel="time [s]", ylabel="RTT [ms]", ylim=0)
    return axes


def _until(rows: np.ndarray, time: float) -> np.ndarray:
    return rows[rows[:, 0] <= time]


def time_sequence(flow: Flow, ax, since: float, until: float, *, mss: int = 1000):
    """Draw each segment sent at its time and number, again sent ones, and the ACKs, as steps."""
    first = flow.sent[:, 0].searchsorted(since)
    base = flow.sent[first, 1] / mss if first < len(flow.sent) else 0.0
    times, starts, _, again = flow.sent[first : flow.sent[:, 0].searchsorted(until)].T
    new = again == 0
    ax.plot(times[new], starts[new] / mss - base, ".", color=plots.SENDER, markersize=4)
    ax.plot(times[~new], starts[~new] / mss - base, "x", color=plots.LOSS)
    acks = flow.acks[flow.acks[:, 0].searchsorted(since) : flow.acks[:, 0].searchsorted(until)]
    ax.step(acks[:, 0], acks[:, 1] / mss - base, where="post", color=plots.RECEIVER)
    if new.any():
        plots.name_line(ax, times[new][-1], starts[new][-1] / mss - base, "sent", plots.SENDER)
    if len(acks):
        plots.name_line(ax, acks[-1, 0], acks[-1, 1] / mss - base, "ACK", plots.RECEIVER)
    ax.set(xlabel="time [s]", ylabel="segment")
    return ax


def sawtooth(recorded: Recorded, ax, *, top: float, period: float):
    """Draw cwnd over time [segments]; behind it, one tooth of the height and length of paper."""
    times, cwnd, _ = np.array(recorded.history).T
    cut = cuts(recorded)[2]
    plots.theory([cut, cut + period, cut + period], [top / 2, top, top / 2], ax)
    plots.theory([0, times[-1]], [top, top], ax)
    ax.step(times, cwnd, where="post", color=plots.SENDER)
    plots.name_line(ax, times[-1], top, f"{top:.1f}", plots.THEORY["color"])
    ax.set(xlabel="time [s]", ylabel="cwnd [segments]", ylim=0)
    return ax


def cuts(recorded: Recorded) -> np.ndarray:
    """Return when the window was cut [s]."""
    times, cwnd, _ = np.array(recorded.history).T
    return times[1:][np.diff(cwnd) < 0]


def phase(paths: dict[str, tuple], ax, *, capacity: float):
    """Draw the way of two flows' shares, x and y: each path by its name, from a dot on.

    Behind: where both have the same, and where both together have `capacity`.
    """
    plots.theory([0, capacity], [capacity, 0], ax)
    plots.name_line(ax, capacity / 6, capacity * 5 / 6, "all of it", plots.THEORY["color"])
    plots.theory([0, capacity], [0, capacity], ax, label="fair")
    for (name, (x, y)), color, style in zip(paths.items(), COLORS, STYLES, strict=False):
        ax.plot(x, y, style, color=color, linewidth=1.2)
        ax.plot(x[0], y[0], "o", color=color)
        plots.name_line(ax, x[0], y[0], name, color, aside=(4, -10))
    ax.set(xlabel="flow 1 [segments]", ylabel="flow 2 [segments]", xlim=0, ylim=0)
    return ax


def goodput_against_loss(losses, goodputs, ax, *, mss: int, rtt: float, rto: float):
    """Draw goodputs [bits/s], a row of seeds for each loss, over Mathis's and PFTK's formulas."""
    every = np.geomspace(min(losses), max(losses), 100)
    mathis, pftk = theory.mathis(every, mss, rtt), theory.pftk(every, mss, rtt, rto)
    plots.theory(every, mathis / 1e6, ax, label="Mathis")
    ax.plot(every, pftk / 1e6, **plots.THEORY | {"linestyle": ":"})
    plots.name_line(ax, every[-1], pftk[-1] / 1e6, "PFTK", plots.THEORY["color"])
    rows = np.asarray(goodputs) / 1e6
    error = 2 * rows.std(axis=1, ddof=1) / np.sqrt(rows.shape[1])
    plots.measured(losses, rows.mean(axis=1), ax, error=error)
    ax.set(xscale="log", yscale="log", xlabel="loss p", ylabel="goodput [Mbit/s]")
    return ax


def overlaid(series: dict[str, tuple], ax, *, ylabel: str = "cwnd [segments]"):
    """Draw several series (times [s], values) by their names, in colours and kinds of line."""
    for (name, (times, values)), color, style in zip(series.items(), COLORS, STYLES, strict=False):
        ax.plot(times, values, style, color=color, linewidth=1.3)
        plots.name_line(ax, times[-1], values[-1], name, color)
    ax.set(xlabel="time [s]", ylabel=ylabel)
    return ax


def waits(series: dict[str, tuple], ax, *, width: float = 0.5):
    """Draw the median wait in each interval of `width` [s]; series: (times [s], waits [s])."""
    medians = {}
    for name, (times, found) in series.items():
        bins = np.asarray(times) // width
        each = [np.median(np.asarray(found)[bins == number]) for number in np.unique(bins)]
        medians[name] = (np.unique(bins) + 0.5) * width, np.multiply(each, 1e3)
    overlaid(medians, ax, ylabel="wait in the queue [ms]").set(yscale="log")
    return ax


def beside(recorded: dict[str, Recorded], reference: dict[str, tuple], axes):
    """Draw each control's cwnd over another simulator's (times [s], segments), on its own axes."""
    for ax, (name, each) in zip(axes, recorded.items(), strict=True):
        times, cwnd, _ = np.array(each.history).T
        ax.step(times, cwnd, where="post", color=plots.SENDER)
        ax.plot(*reference[name], "o", color=plots.LOSS, markersize=2.5, fillstyle="none", zorder=3)
        ax.set(ylabel=f"{name}\ncwnd [segments]", ylim=(0, 125))
    axes[-1].set(xlabel="time [s]", xlim=(0, times[-1]))
    return axes


def growth(recorded: Recorded, curve, ax, *, since: float, until: float):
    """Draw cwnd [segments] between two losses [s] over the curve W(seconds since) of paper."""
    times, cwnd, _ = np.array(recorded.history).T
    inside = (since <= times) & (times < until)
    every = np.linspace(0, until - since, 200)
    plots.theory(since + every, curve(every), ax)
    ax.step(times[inside], cwnd[inside], where="post", color=plots.SENDER)
    ax.set(xlabel="time [s]", ylabel="cwnd [segments]", ylim=0)
    return ax
