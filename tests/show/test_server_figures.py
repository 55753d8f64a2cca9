"""Figures of servers: what is drawn is what was recorded, and no name lies on another."""

import itertools

import matplotlib.pyplot as plt
import pytest

from netlib.load import Report
from netlib.show.figures.servers import APART, held, quantiles
from netlib.show.figures.timeline import timelines


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_a_bar_lasts_while_a_line_is_away_and_a_dot_is_where_it_comes_back():
    visits = {"one": {"Ana": [(0.0, 0.01)], "Bea": [(0.0, 0.03), (0.04, 0.05)]}}
    (ax,) = timelines(visits).axes
    bars = [path.get_extents() for c in ax.collections for path in c.get_paths()]
    assert [bar.x0 for bar in bars] == pytest.approx([0, 0, 40])
    assert [bar.x1 for bar in bars] == pytest.approx([10, 30, 50])
    dots = [tuple(point) for line in ax.lines for point in line.get_xydata().tolist()]
    assert [x for x, _ in dots] == pytest.approx([10, 30, 50])
    assert [row for _, row in dots] == [0, 1, 1]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Ana", "Bea"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1], "the first client is above"


def test_quantiles_are_drawn_for_each_server_and_names_keep_apart():
    trips = [n / 1000 for n in range(1, 101)]
    report = Report(1, 1, trips, [0.0] * 100, 0, {}, 2.0, 1.0, 0.1)
    reports = {(name, n): report for name in ("a", "b", "c") for n in (1, 10)}
    for ax, expected in zip(quantiles(reports).axes, (50, 99), strict=True):
        named = {line.get_label(): line.get_ydata() for line in ax.lines}
        assert [list(named[name]) for name in "abc"] == [[expected] * 2] * 3
        (theory,) = (line for line in ax.lines if line.get_linestyle() == "--")
        assert list(theory.get_ydata()) == [20, 200]  # n/λ, λ = 50 per second [ms]
        heights = sorted(text.xy[1] for text in ax.texts)
        assert len(heights) == 4
        assert all(b - a > 0.99 * APART for a, b in itertools.pairwise(heights))


def test_what_is_held_is_drawn_read_by_read():
    (ax,) = held({"free": [1000, 2000], "bound": [500, 500]}).axes
    assert [list(line.get_ydata()) for line in ax.lines] == [[1, 2], [0.5, 0.5]]
    assert [text.get_text() for text in ax.texts] == ["free", "bound"]
