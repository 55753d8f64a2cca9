"""Figures of slowness: the points are what was measured, and what waited is marked."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from netlib.links import Link
from netlib.show import plots
from netlib.show.figures import slow
from netlib.worlds import Sink, Source, simulate, steady


@pytest.fixture
def ax():
    return Figure().subplots()


def points(ax, color):
    """Return where the points (not the lines) of this colour are."""
    marks = [line for line in ax.lines if line.get_linestyle() == "None"]
    return [line.get_xydata().tolist() for line in marks if line.get_color() == color]


def test_a_windows_throughput_is_drawn_in_products_under_a_bound_with_its_knee_at_one(ax):
    slow.window_throughput([5_000, 20_000], [2e6, 4e6], 0.02, 4e6, ax)
    assert points(ax, plots.SENDER)[0] == [[0.5, 2.0], [2.0, 4.0]]
    x, bound = next(line for line in ax.lines if line.get_linestyle() == "--").get_data()
    assert np.interp([0.5, 1.9], x, bound) == pytest.approx([2, 4])


def test_a_windows_delay_is_drawn_over_the_round_trip_or_the_queue(ax):
    slow.window_delay([5_000, 20_000], [0.021, 0.041], 0.02, 4e6, ax)
    assert points(ax, plots.RECEIVER)[0] == [[0.5, 21.0], [2.0, 41.0]]
    x, bound = next(line for line in ax.lines if line.get_linestyle() == "--").get_data()
    assert np.interp([0.5, 2], x, bound) == pytest.approx([20, 40])


def traced(loss):
    schedule = steady(100, 4, 3)
    return simulate(Source(schedule), Sink(), Link(delay=0.01, loss=loss), Link(delay=0.01))


def test_journeys_have_no_arrival_for_what_was_lost():
    sent, arrived, first = slow.journeys(traced({1}))
    assert sent == pytest.approx([0, 0.01, 0.02])
    assert arrived == pytest.approx([0.01, float("nan"), 0.03], nan_ok=True)
    assert first == pytest.approx({0: 0.01, 2: 0.03})


def test_a_message_that_waited_for_another_is_drawn_in_the_colour_of_losses(ax):
    slow.held_up(traced(0.0), [0.010, 0.035, 0.035], ax)
    handed = [line for line in ax.lines if list(line.get_ydata()) == [0, -1]]
    assert [line.get_color() == plots.LOSS for line in handed] == [False, True, True]
    assert [round(line.get_xdata()[1]) for line in handed] == [10, 35, 35]
