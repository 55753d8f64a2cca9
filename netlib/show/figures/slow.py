"""Figures of slowness: what a window allows, and what one lost message holds up."""

import numpy as np

from netlib.measure import theory
from netlib.show import plots
from netlib.trace import Trace

WINDOW = "window / bandwidth-delay product"


def window_throughput(sizes, found, rtt, rate, ax):
    """Draw the throughput [bits/s] found with windows of these sizes [bytes] behind its bound.

    rtt [s] and rate [bits/s] are the path's; the bound is min(W/RTT, C).
    """
    product = rate * rtt / 8
    every = np.linspace(0, 1.05 * max(sizes), 200)
    plots.theory(every / product, theory.throughput(every, rtt, rate) / 1e6, ax)
    plots.measured(np.asarray(sizes) / product, np.asarray(found) / 1e6, ax)
    plots.name_line(ax, 1.4, 0.87 * rate / 1e6, "at most min(W/RTT, C)", plots.THEORY["color"])
    ax.set(xlabel=WINDOW, ylabel="throughput [Mbit/s]", ylim=0, xlim=0)
    return ax


def window_delay(sizes, delays, rtt, rate, ax):
    """Draw how long an answer took [s] with windows of these sizes [bytes]; max(RTT, W/C) behind.

    rtt [s] and rate [bits/s] are the path's.
    """
    product = rate * rtt / 8
    every = np.linspace(0, 1.05 * max(sizes), 200)
    plots.theory(every / product, np.maximum(rtt, 8 * every / rate) * 1e3, ax)
    shown = np.asarray(sizes) / product, np.asarray(delays) * 1e3
    plots.measured(*shown, ax, color=plots.RECEIVER)
    plots.name_line(ax, 0.15, 2.6 * rtt * 1e3, "at least max(RTT, W/C)", plots.THEORY["color"])
    ax.set(xlabel=WINDOW, ylabel="delay of an answer [ms]", ylim=0, xlim=0)
    return ax


def held_up(trace: Trace, delivered, ax):
    """Draw a simulated stream: each message sent (above), arrived, and handed over (below).

    delivered: when each message was handed over [s], by number. What had to wait for an earlier
    one is drawn in the colour of losses. The trace is of messages that begin with their number in
    4 bytes, from "sender" to "receiver".
    """
    sent, arrived, first = journeys(trace)
    plots.crossing(np.multiply(sent, 1e3), np.multiply(arrived, 1e3), ax)
    for number, at in enumerate(delivered):
        held = at > first[number]
        color, width = (plots.LOSS, 1.2) if held else ("0.6", 0.8)
        ax.plot([first[number] * 1e3, at * 1e3], [0, -1], color=color, linewidth=width, zorder=1)
    ax.plot(np.multiply(delivered, 1e3), -np.ones(len(delivered)), "|", color=plots.THIRD, ms=9)
    plots.rows(ax, [1, 0, -1], ["sent", "arrived", "handed over"])
    ax.set(xlabel="time [ms]", ylim=(-1.2, 1.2))
    return ax


def journeys(trace: Trace) -> tuple[list[float], list[float], dict[int, float]]:
    """Return when each datagram was sent and arrived (nan: lost), and each message's first arrival.

    Of one payload, the datagrams arrive in the order in which they were sent.
    """
    sent: list[float] = []
    arrived: list[float] = []
    first: dict[int, float] = {}
    lost = {(event.time, event.payload) for event in trace.only("lost")}
    arrivals = trace.only("receive", role="receiver")
    for event in trace.only("send", role="sender"):
        sent.append(event.time)
        if (event.time, event.payload) in lost:
            arrived.append(float("nan"))
            continue
        match = next(a for a in arrivals if a.payload == event.payload)
        arrivals.remove(match)
        arrived.append(match.time)
        first.setdefault(int.from_bytes(event.payload[:4], "big"), match.time)
    return sent, arrived, first
