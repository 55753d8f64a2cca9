"""Figures: what is drawn is what was measured; and nothing, but on the axes that are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from netlib.links.link import Link
from netlib.measure.theory import overflow_loss
from netlib.show import plots

NAN = float("nan")


@pytest.fixture
def ax() -> Axes:
    return Figure().subplots()


def points(ax: Axes, color: str) -> list[tuple[float, float]]:
    """Return where the points (not the lines) of this colour are."""
    marks = [line for line in ax.lines if line.get_linestyle() == "None"]
    marks = [line for line in marks if line.get_color() == color]
    return [tuple(point) for line in marks for point in line.get_xydata().tolist()]


def names(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_a_histogram_shows_which_fraction_lies_in_each_bin(ax):
    plots.histogram([1, 1, 1, 2, 9], ax, bins=[0, 1.5, 3, 6, 10], label="delays")
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([0.6, 0.2, 0, 0.2])
    assert names(ax) == ["delays"]


def test_a_histogram_of_so_many_bins_leaves_no_sample_out(ax):
    samples = np.random.default_rng(1).normal(size=1000)
    plots.histogram(samples, ax, bins=7)
    assert len(ax.patches) == 7
    assert sum(bar.get_height() for bar in ax.patches) == pytest.approx(1)


def test_loss_against_load_has_the_theory_behind_what_was_measured(ax):
    plots.loss_against_load([0.5, 2, 4], [0, 0.49, 0.76], ax)
    assert points(ax, plots.SENDER) == [(0.5, 0), (2, 0.49), (4, 0.76)]
    dashed = next(line for line in ax.lines if line.get_linestyle() == "--")
    load, loss = dashed.get_data()
    assert (load[0], load[-1]) == (0.5, 4)
    assert loss == pytest.approx(overflow_loss(load))
    assert dashed.zorder < max(line.zorder for line in ax.lines)


def test_a_time_series_has_a_point_for_what_came_and_a_cross_for_what_did_not(ax):
    plots.time_series([0, 1, 2, 3], [0.5, NAN, 0.7, NAN], ax, label="delay")
    assert points(ax, plots.SENDER) == [(0, 0.5), (2, 0.7)]
    assert [time for time, _ in points(ax, plots.LOSS)] == [1, 3]
    assert names(ax) == ["delay"]


def test_a_time_series_of_which_nothing_came_is_crosses_only(ax):
    plots.time_series([0, 1], [NAN, NAN], ax, label="delay")
    assert points(ax, plots.SENDER) == [] and len(points(ax, plots.LOSS)) == 2


def test_a_queue_grows_by_who_enters_shrinks_by_who_leaves_and_drops_who_finds_it_full(ax):
    link = Link(rate=8e6, queue=2)  # 1 ms for 1000 bytes; one is sent, two wait
    entered = [0.0, 0.0, 0.0, 0.0, 0.0005, 0.001, 0.0055]
    left = [min(link.carry(1000, now), default=NAN) for now in entered]
    plots.queue(entered, left, ax)
    steps = next(line for line in ax.lines if line.get_drawstyle() == "steps-post")
    assert steps.get_ydata().tolist() == [1, 2, 3, 2, 3, 2, 1, 0, 1, 0]
    assert points(ax, plots.LOSS) == [(0.0, 3), (0.0005, 3)]


def test_a_queue_that_lets_nobody_in_is_empty(ax):
    plots.queue([1.0, 2.0], [NAN, NAN], ax)
    assert points(ax, plots.LOSS) == [(1, 0), (2, 0)]


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plots.ecdf([1, 2], ax),
        lambda ax: plots.histogram([1, 2], ax),
        lambda ax: plots.loss_against_load([1, 2], [0, 0.5], ax),
        lambda ax: plots.time_series([1, 2], [0, 0.5], ax),
        lambda ax: plots.queue([1, 2], [2, 3], ax),
        lambda ax: plots.crossing([1, 2], [2, NAN], ax),
        lambda ax: plots.byte_tape([3], [1, 2], ax),
    ],
)
def test_a_plot_draws_on_the_axes_it_is_given_and_returns_them(ax, draw):
    assert draw(ax) is ax
    assert ax.has_data() and plt.get_fignums() == []
