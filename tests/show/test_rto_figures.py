"""Figures of a retransmission timer: what is drawn is what the sender measured and waited for."""

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from netlib.links import Link, Normal
from netlib.protocols import RttEstimator, StopAndWaitReceiver, StopAndWaitSender
from netlib.show.figures.rto import price_of_k, sample_times, timeouts, timer_at_work
from netlib.worlds import simulate


@pytest.fixture
def ax() -> Axes:
    return Figure().subplots()


def run(loss, timer, delay=0.05, count=5):
    """Return the trace of a few messages, of which the first datagrams are lost as said."""
    sender, there = StopAndWaitSender([b"x"] * count, timer), Link(delay, loss=loss)
    links = there, there.copy(loss=0.0, seed=1)
    return simulate(sender, StopAndWaitReceiver(), *links)


def test_samples_stand_where_their_acks_came_and_karns_rule_leaves_out_the_repeated(ax):
    timer = RttEstimator(least=0.0)
    trace = run({1}, timer)
    times = sample_times(trace, [rtt for rtt, _ in timer.history])
    assert times == pytest.approx([0.1, 0.6, 0.7, 0.8])  # 0.1 + an RTO of 0.3 + 0.1 is no sample
    assert timeouts(trace) == [pytest.approx((0.4, 0.3))]
    timer_at_work(trace, timer.history, ax)
    (points,) = [line for line in ax.lines if line.get_marker() == "."]
    assert list(points.get_xdata()) == times
    assert points.get_ydata() == pytest.approx([100] * 4)
    (crosses,) = [line for line in ax.lines if line.get_marker() == "x"]
    assert crosses.get_ydata() == pytest.approx([300])


def test_the_steps_are_srtt_and_the_timeouts_of_the_history(ax):
    timer = RttEstimator(least=0.0)
    timer_at_work(run(set(), timer, Normal(0.05, 0.01)), timer.history, ax)
    mean, timeout = (line.get_ydata() for line in ax.lines[:2])
    assert mean[-1] == pytest.approx(1000 * timer.srtt)
    assert timeout == pytest.approx([1000 * rto for _, rto in timer.history])


def test_a_run_without_timeouts_has_no_cross_and_no_word_for_it(ax):
    timer = RttEstimator()
    timer_at_work(run(set(), timer), timer.history, ax)
    assert "timeout" not in {text.get_text() for text in ax.texts}


def test_the_price_of_k_is_drawn_in_per_cent_filled_for_the_sender_hollow_for_the_path(ax):
    price_of_k([0, 4], {"bell": [0.5, 0.01]}, {"bell": [0.35, 0.02]}, ax)
    filled, hollow, chosen = ax.lines
    assert (filled.get_ydata() == [35, 2]).all()
    assert list(hollow.get_ydata()) == [50, 1]
    assert hollow.get_markerfacecolor() == "white"
    assert chosen.get_xdata() == [4, 4]


def test_one_round_trip_is_enough_for_a_picture(ax):
    timer = RttEstimator()
    timer_at_work(run(set(), timer, count=1), timer.history, ax)
    assert list(ax.lines[0].get_ydata()) == [pytest.approx(100)]
