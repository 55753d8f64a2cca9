"""Playout: what a player that waits makes of packets that arrive unevenly.

A packet sent at t is played at t + wait. One that arrives later than that is late, and as lost to
the ear as one that never arrives. Drawn after the staircases of J. F. Kurose, K. W. Ross, Computer
Networking, section on removing jitter at the receiver.
"""

import numpy as np

from netlib.show import plots
from netlib.show.style import INK, LOSS, RECEIVER, SENDER


def playout(sent, arrived, wait, ax):
    """Draw when each packet was sent, arrived and is played [s; shown in ms]; late ones in red.

    arrived: nan for a packet that never does, a cross on the play line. wait [s]: from sending to
    playing. A line leads from each arrival to the play line: the time in the buffer, or, in red,
    the time by which it is late.
    """
    sent, arrived = (1000 * np.asarray(times, dtype=float) for times in (sent, arrived))
    play, number = sent + 1000 * wait, np.arange(1, len(sent) + 1)
    late, lost = arrived > play, np.isnan(arrived)
    in_time = ~(late | lost)
    for times, color in ((sent, SENDER), (play, INK)):
        ax.step(times, number, where="post", color=color, linewidth=1.3)
    ax.hlines(number[in_time], arrived[in_time], play[in_time], color=RECEIVER, linewidth=2)
    ax.hlines(number[late], play[late], arrived[late], color=LOSS, linewidth=2, zorder=3)
    ax.plot(arrived[in_time], number[in_time], "o", color=RECEIVER, markersize=5)
    for times, where in ((arrived, late), (play, lost)):
        ax.plot(times[where], number[where], "x", color=LOSS, zorder=3, mew=2)
    _name(ax, sent, play, late | lost, in_time)
    ax.set(xlabel="time [ms]", ylabel="packet number")
    return ax


def loss_against_wait(waits, missing, paper, ax, error=None, color=SENDER, marker="o"):
    """Draw which fraction is missing for each wait [s; shown in ms and %], theory behind it.

    missing, paper: fractions, measured and on paper; error: half widths of intervals, as fractions.
    """
    milliseconds = 1000 * np.asarray(waits)
    half = None if error is None else 100 * np.asarray(error)
    plots.theory(milliseconds, 100 * np.asarray(paper), ax)
    plots.measured(
        milliseconds, 100 * np.asarray(missing), ax, error=half, color=color, marker=marker
    )
    top = max(110 * np.max(paper), ax.get_ylim()[1])
    ax.set(xlabel="wait after sending, $d$ [ms]", ylabel="late or lost [%]", ylim=(0, top))
    return ax


def _name(ax, sent, play, missing, in_time):
    """Write the lines' names where nothing else is: on the left of one, on the right of the other.

    The count of missing packets stands in the empty corner below the play line.
    """
    top = len(sent)
    at = 0.8 * top
    first = np.interp(at, np.arange(1, top + 1), sent)
    plots.name_line(ax, first, at, "sent", SENDER, aside=(-8, 8))
    last = np.interp(at, np.arange(1, top + 1), play)
    plots.name_line(ax, last, at, "played", INK, aside=(34, -6))
    words = f"• {in_time.sum()} in time\n× {missing.sum()} late or lost"
    ax.text(0.98, 0.06, words, ha="right", va="bottom", transform=ax.transAxes)
