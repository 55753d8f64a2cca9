"""Figures of sliding windows: every box says what its end knows of that message."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from netlib.show.figures.window import compared, sliding_window


@pytest.fixture
def ax() -> Axes:
    return Figure().subplots()


@dataclass
class Ahead:
    """A sender of A to E, window 3: A is acknowledged, B is in flight, C acknowledged."""

    messages: tuple = (b"A", b"B", b"C", b"D", b"E")
    window: int = 3
    base: int = 1
    next: int = 3
    acked: frozenset = frozenset({2})


@dataclass
class Holding:
    """Its receiver: A is delivered, C held."""

    window: int = 3
    delivered: tuple = (b"A",)
    kept: dict = field(default_factory=lambda: {2: b"C"})


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def frames(ax: Axes) -> list[tuple[float, float]]:
    """Return from where to where the windows' frames reach, to whole messages."""
    edges = [patch for patch in ax.patches if not patch.get_fill()]
    return [(round(p.get_x()), round(p.get_x() + p.get_width())) for p in edges]


def test_each_message_is_marked_with_what_its_end_knows(ax):
    sliding_window({0.2: (Ahead(), Holding())}, ax)
    shown = texts(ax)
    sender, receiver = shown.index("sender"), shown.index("receiver")
    assert shown[sender + 1 : sender + 5] == ["A ✓", "B →", "C ✓", "D"]
    assert shown[receiver + 1 : receiver + 5] == ["A ✓", "B", "C +", "D"]
    assert "200 ms" in shown


def test_the_frames_and_the_names_stand_where_the_windows_are(ax):
    sliding_window({0.2: (Ahead(), Holding())}, ax)
    assert frames(ax) == [(1, 4), (1, 4)]
    places = {t.get_text(): t.get_position()[0] for t in ax.texts}
    assert (places["base"], places["next"]) == (1.5, 3.5)


def test_a_sender_that_acknowledges_cumulatively_needs_no_set_of_numbers(ax):
    sender = SimpleNamespace(messages=[b"A", b"B"], window=2, base=0, next=1)
    sliding_window({0.0: (sender, Holding())}, ax)
    assert {"A →", "B"} <= set(texts(ax))


def test_the_means_of_runs_are_drawn_over_the_formulas_and_named_at_their_last_point(ax):
    runs = {"a": [[1, 3, 0], [3, 5, 0]]}
    compared(np.array([1, 2, 3]), runs, ax, [lambda x: 2 * x])
    (points,) = [line for line in ax.lines if line.get_marker() == "o"]
    assert points.get_ydata().tolist() == [2, 4, 0]
    (dashed,) = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert dashed.get_ydata()[[0, -1]].tolist() == [2, 6]
    (name,) = ax.texts
    assert (name.get_text(), name.xy) == ("a", (2, 4))
