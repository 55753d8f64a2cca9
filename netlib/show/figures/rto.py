"""A retransmission timer at work: what it measured, what it made of that, when it went off.

The points are round trips; the line through them is their running mean, SRTT; the line above is
the timeout that follows from both (RFC 6298, section 2). A cross is a timeout that went off: after
it the timeout doubles (section 5.5), and the next one stands twice as high.
"""

from collections.abc import Iterable
from itertools import accumulate, pairwise
from operator import itemgetter

from netlib.show import plots
from netlib.show.style import LOSS, RECEIVER, SENDER, THIRD, dark
from netlib.trace import Trace

SHAPES = {"o": "●", "s": "■"}
LOOKS = (SENDER, "o"), (THIRD, "s")


def timer_at_work(trace: Trace, history: Iterable[tuple[float, float]], ax):
    """Draw the round trips, SRTT, RTO and timeouts of a simulated run against time [s; in ms].

    trace: of a sender with one message in flight. history: that of its RttEstimator.
    """
    rtts, rtos = (list(values) for values in zip(*history, strict=True))
    times, means = sample_times(trace, rtts), smoothed(rtts)
    for values, color in ((means, RECEIVER), (rtos, SENDER)):
        ax.step(times, [1000 * v for v in values], where="post", color=color, linewidth=1.3)
    ax.plot(times, [1000 * rtt for rtt in rtts], ".", color="0.45", markersize=4)
    again = timeouts(trace)
    ax.plot([t for t, _ in again], [1000 * wait for _, wait in again], "x", color=LOSS, mew=2)
    peak = rtos.index(max(rtos[1:] or rtos))  # there all lines are apart
    plots.name_line(ax, times[peak], 1000 * rtos[peak], "RTO", SENDER)
    plots.name_line(ax, times[peak], 800 * means[peak], "SRTT", RECEIVER)
    plots.name_line(ax, times[-1], 1000 * means[-1], "round trips", "0.35")
    if again:
        time, wait = max(again, key=itemgetter(1))
        plots.name_line(ax, time, 1000 * wait, "timeout", LOSS, aside=(-8, 0))
    ax.set(xlabel="time [s]", ylabel="[ms]", ylim=0)
    return ax


def price_of_k(ks, above, sent_again, ax):
    """Draw how often a timer of SRTT + K RTTVAR is too short, by the name of the path.

    above: fractions of the round trips; sent_again: retransmissions per message.
    """
    for (name, rows), (color, marker) in zip(sent_again.items(), LOOKS, strict=False):
        plots.measured(ks, [100 * share for share in rows], ax, color=color, marker=marker)
        hollow = {"markerfacecolor": "white", "color": color, "linestyle": ""}
        ax.plot(ks, [100 * share for share in above[name]], marker, **hollow)
        last = len(ax.texts)
        ax.text(
            0.98,
            0.92 - 0.1 * last,
            f"{SHAPES[marker]} {name}",
            color=dark(color),
            ha="right",
            va="center",
            transform=ax.transAxes,
        )
    ax.axvline(4, **plots.THEORY)
    ax.set(xlabel="K", ylabel="too short a timer [%]", ylim=0)
    return ax


def sample_times(trace: Trace, rtts: Iterable[float]) -> list[float]:
    """Return when each of these round trips was measured [s], in a run in virtual time."""
    sent, times, rest = 0.0, [], list(rtts)[::-1]
    for event in trace.only("send", "receive", role="sender"):
        if event.action == "send":
            sent = event.time
        elif rest and event.time - sent == rest[-1]:  # others came in answer to a second copy
            times.append(event.time)
            rest.pop()
    return times


def timeouts(trace: Trace) -> list[tuple[float, float]]:
    """Return when the sender sent the same again, and how long it had waited [s]."""
    sends = trace.only("send", role="sender")
    pairs = pairwise(sends)
    return [(b.time, b.time - a.time) for a, b in pairs if a.payload == b.payload]


def smoothed(rtts: Iterable[float]) -> list[float]:
    """Return SRTT after each round trip [s] (RFC 6298, section 2.3)."""
    return list(accumulate(rtts, lambda mean, rtt: mean + (rtt - mean) / 8))
