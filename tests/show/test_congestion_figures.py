"""Figures of congestion: what is drawn is what was measured, over what paper says."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from netlib.links import Link
from netlib.measure import theory
from netlib.measure.flow import Flow, Recorded
from netlib.protocols import tcp
from netlib.show import plots
from netlib.show.figures import congestion
from netlib.worlds import simulate


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(scope="module")
def run():
    diary = Recorded(tcp.Reno())
    client = tcp.Connection.client(mss=1000, outbound=tcp.Zeros(), control=diary)
    server = tcp.Connection.server(inbound=tcp.Drain(1 << 20))
    line = Link(0.02, rate=2e6, queue=20, overhead=2)
    return diary, Flow(simulate(client, server, line, Link(0.02), until=5))


def line_of(ax, color):
    return [line for line in ax.lines if line.get_color() == color]


def test_a_sawtooth_is_drawn_over_a_tooth_of_paper(ax, run):
    congestion.sawtooth(run[0], ax, top=31.6, period=1.55)
    tooth = line_of(ax, plots.THEORY["color"])[0].get_xydata()
    assert np.ptp(tooth[:, 0]) == pytest.approx(1.55) and tooth[:, 1].max() == 31.6
    drawn = line_of(ax, plots.SENDER)[0].get_xydata()
    assert drawn.tolist() == [[time, cwnd] for time, cwnd, _ in run[0].history]


def test_cuts_are_when_the_window_shrinks():
    diary = Recorded(tcp.Reno(8, 4))
    diary.on_ack(1, None, 1.0)
    diary.on_loss(8, 2.0)
    diary.on_timeout(4, 3.0)
    assert congestion.cuts(diary).tolist() == [2.0, 3.0]


def test_windows_and_round_trips_are_drawn_as_far_as_wanted(run):
    axes = Figure().subplots(2)
    congestion.window_series(run[1], run[0], axes, until=3.0)
    for each in axes:
        assert max(line.get_xdata().max() for line in each.lines) <= 3.0
    rtts = line_of(axes[1], plots.RECEIVER)[0].get_ydata()
    assert 44 < rtts.min() < rtts.max() < 140


def test_what_is_sent_again_is_crossed_in_a_time_sequence(ax, run):
    congestion.time_sequence(run[1], ax, 2.4, 3.0)
    (crosses,) = [line for line in ax.lines if line.get_marker() == "x"]
    sent = run[1].sent
    inside = (sent[:, 0] >= 2.4) & (sent[:, 0] < 3.0) & (sent[:, 3] == 1)
    assert crosses.get_xdata().tolist() == sent[inside, 0].tolist() != []


def test_two_flows_walk_over_the_lines_of_fairness_and_capacity(ax):
    congestion.phase({"a": ([25, 24], [3, 4])}, ax, capacity=30)
    lines = [line.get_xydata().tolist() for line in ax.lines]
    assert [[0, 30], [30, 0]] in lines and [[0, 0], [30, 30]] in lines
    assert [[25, 3], [24, 4]] in lines


def test_goodputs_stand_over_both_formulas(ax):
    rates = [[9e5, 9.2e5], [4e5, 4.4e5]]
    congestion.goodput_against_loss([0.003, 0.01], rates, ax, mss=1000, rtt=0.2, rto=1.0)
    means = line_of(ax, plots.SENDER)[0].get_xydata().tolist()
    assert means == [[0.003, pytest.approx(0.91)], [0.01, pytest.approx(0.42)]]
    last = {round(float(line.get_ydata()[-1]), 4) for line in line_of(ax, "0.45")}
    laws = theory.mathis(0.01, 1000, 0.2), theory.pftk(0.01, 1000, 0.2, 1.0)
    assert last == {round(float(law) / 1e6, 4) for law in laws}


def test_collapse_marks_what_brakes_bring(ax):
    congestion.collapse([5, 64], [1.4e6, 0.3e6], ax, capacity=1.92e6, braked=1.9e6)
    assert line_of(ax, plots.RECEIVER)[0].get_xydata().tolist() == [[64, 1.9]]
    assert line_of(ax, plots.SENDER)[0].get_ydata().tolist() == [1.4, 0.3]


def test_waits_are_medians_of_intervals_in_milliseconds(ax):
    congestion.waits({"a": ([0.1, 0.2, 0.3, 0.7], [0.001, 0.002, 0.009, 0.004])}, ax)
    assert ax.lines[0].get_xydata().tolist() == [[0.25, 2.0], [0.75, 4.0]]


def test_a_control_is_drawn_beside_another_simulators(run):
    axes = Figure().subplots(1, squeeze=False)[0]
    congestion.beside({"Reno": run[0]}, {"Reno": ([1.0, 2.0], [20.0, 25.0])}, axes)
    assert line_of(axes[0], plots.LOSS)[0].get_xydata().tolist() == [[1, 20], [2, 25]]
    assert axes[0].get_xlim()[1] == run[0].history[-1][0]


def test_growth_begins_where_it_is_told_to(ax, run):
    congestion.growth(run[0], lambda t: 16 + t, ax, since=1.0, until=2.0)
    curve, drawn = ax.lines
    assert curve.get_xydata()[[0, -1]].tolist() == [[1.0, 16.0], [2.0, 17.0]]
    assert 1.0 <= drawn.get_xdata().min() <= drawn.get_xdata().max() < 2.0
