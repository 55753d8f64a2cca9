"""Playout and queueing: what is late is drawn as late, and theory lies where the formula says."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from netlib.measure import theory
from netlib.show import plots
from netlib.show.figures import queueing
from netlib.show.figures.playout import loss_against_wait, playout

SENT = [0.000, 0.020, 0.040, 0.060]
ARRIVED = [0.025, 0.055, np.nan, 0.065]  # in time, 5 ms late, never, in time (and overtaking)


def marks(ax, marker):
    drawn = [line for line in ax.lines if line.get_marker() == marker]
    return [tuple(point) for line in drawn for point in np.round(line.get_xydata(), 6).tolist()]


def bars(ax, color):
    """Return (from, to) of the horizontal lines of a colour."""
    found = [c for c in ax.collections if to_hex(c.get_color()[0]) == color.lower()]
    return [(round(s[0, 0], 6), round(s[1, 0], 6)) for c in found for s in c.get_segments()]


def test_a_packet_is_late_by_what_lies_between_its_turn_and_its_arrival():
    ax = playout(SENT, ARRIVED, 0.030, Figure().subplots())
    assert marks(ax, "o") == [(25, 1), (65, 4)]
    assert marks(ax, "x") == [(55, 2), (70, 3)]  # late: at its arrival; lost: when it was due
    assert bars(ax, plots.LOSS) == [(50, 55)]
    assert bars(ax, plots.RECEIVER) == [(25, 30), (65, 90)]
    assert "• 2 in time\n× 2 late or lost" in [text.get_text() for text in ax.texts]


def test_a_longer_wait_makes_a_late_packet_one_in_time():
    ax = playout(SENT, ARRIVED, 0.036, Figure().subplots())
    assert marks(ax, "x") == [(76, 3)]
    assert bars(ax, plots.LOSS) == []


def test_a_stream_that_is_lost_as_a_whole_can_be_drawn():
    ax = playout(SENT, [np.nan] * 4, 0.030, Figure().subplots())
    assert len(marks(ax, "x")) == 4


def test_losses_against_wait_are_in_milliseconds_and_percent():
    ax = loss_against_wait([0.03, 0.05], [0.2, 0.1], [0.21, 0.09], Figure().subplots())
    assert marks(ax, "o") == [(30, 20), (50, 10)]
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert [line.get_xydata().tolist() for line in dashed] == [[[30, 21], [50, 9]]]


def test_two_series_of_waits_lie_over_their_theory_in_two_colours():
    ax = Figure().subplots()
    points = [(2.0, 1.5, 2.5), (16.0, 15.0, 17.0)]
    for formula in (theory.wait_md1, theory.wait_mm1):
        queueing.wait_against_load(np.array([0.4, 0.8]), points, formula, 8, ax, "sizes")
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert [line.get_ydata()[-1] for line in dashed] == pytest.approx([36, 72])
    assert ax.get_ylim()[1] > 72
    assert marks(ax, "o") == marks(ax, "s") == [(0.4, 2), (0.8, 16)]


def test_a_lost_packet_of_a_call_is_a_cross_and_a_delay_is_in_milliseconds():
    fig, (left, right) = plt.subplots(1, 2, sharey=True)
    queueing.delays_in_time([0.010, np.nan, 0.030], left, "a call")
    queueing.delays_in_time([0.010, 0.500], right, "another")
    plt.close(fig)
    assert marks(left, ".") == [(0, 10), (0.04, 30)]
    assert [x for x, _ in marks(left, "x")] == [0.02]
    assert left.get_ylim() == right.get_ylim() == (-60, 600)
    assert left.get_ylabel() and not right.get_ylabel()
