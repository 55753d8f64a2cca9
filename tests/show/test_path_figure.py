"""The path of a datagram: every place that can lose it has a cross, a reason and a teller."""

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from netlib.show import plots
from netlib.show.figures.path import PLACES, path


@pytest.fixture
def ax() -> Axes:
    return Figure(figsize=(9, 3.2)).subplots()


def test_each_place_has_a_cross_below_it_why_and_who_tells(ax):
    assert path({}, ax) is ax
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    assert [line.get_xdata()[0] for line in crosses] == list(range(len(PLACES)))
    assert {line.get_color() for line in crosses} == {plots.LOSS}
    for x, place in enumerate(PLACES):
        column = [text for text in ax.texts if text.get_position()[0] == x and text.get_text()]
        texts = [text.get_text() for text in sorted(column, key=lambda t: -t.get_position()[1])]
        assert texts == [place.name.replace(" ", "\n"), place.lost, place.teller]


def test_what_was_seen_stands_below_its_place(ax):
    path({"receive buffer": "1744 of 2000"}, ax)
    (count,) = [text for text in ax.texts if text.get_text() == "1744 of 2000"]
    assert PLACES[int(count.get_position()[0])].name == "receive buffer"


def test_no_two_texts_collide(ax):
    path(dict.fromkeys((place.name for place in PLACES), "98 of 1000\n(section 3)"), ax)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts if text.get_text()]
    pairs = [(a, b) for n, a in enumerate(boxes) for b in boxes[:n]]
    assert not any(a.overlaps(b) for a, b in pairs)


def test_a_place_off_the_path_is_refused(ax):
    with pytest.raises(ValueError, match=r"send queue, router, .*got \['recieve buffer'\]"):
        path({"recieve buffer": "1"}, ax)
