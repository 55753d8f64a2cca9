"""Figures of loss: what is drawn is what was measured, with the theory behind it."""

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from netlib.show import plots
from netlib.show.figures.loss import charged, gap_lengths


@pytest.fixture
def ax() -> Axes:
    return Figure().subplots()


def test_a_charge_is_a_bar_with_the_payload_in_front(ax):
    assert charged((1, 1472), (832, 2304), ax) is ax
    behind, front = ax.containers
    assert [bar.get_width() for bar in behind] == [832, 2304]
    assert [bar.get_width() for bar in front] == [1, 1472]
    assert [bar.get_y() for bar in behind] == [bar.get_y() for bar in front]
    assert [text.get_text() for text in ax.texts] == ["832 for 1", "2304 for 1472"]


def test_gap_lengths_are_the_share_of_gaps_at_least_so_long_on_a_geometric_curve(ax):
    assert gap_lengths({"single": [1, 1, 1, 2]}, [0.75], ax, longest=3) is ax
    (points,) = [c.lines[0] for c in ax.containers]
    assert points.get_ydata().tolist() == [1, 0.25, 0]
    dashed = next(line for line in ax.lines if line.get_linestyle() == "--")
    assert dashed.get_ydata().tolist() == [1, 0.25, 0.0625]


def test_each_link_has_a_colour_and_a_mark_of_its_own(ax):
    gap_lengths({"single": [1, 1], "bursty": [3, 7]}, [0.9, 0.2], ax)
    points = [container.lines[0] for container in ax.containers]
    assert [p.get_color() for p in points] == [plots.SENDER, plots.LOSS]
    assert len({p.get_marker() for p in points}) == 2
    assert [text.get_text().strip() for text in ax.texts] == ["single", "bursty"]
