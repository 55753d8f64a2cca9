"""Figures of streams: the bytes that are drawn are the bytes that were given."""

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from netlib.kernel.tcp_queues import TCPQueues
from netlib.show.figures.buffers import NOTE, four_buffers
from netlib.show.figures.framings import framings
from netlib.show.plots import SENDER


@pytest.fixture
def ax() -> Axes:
    return Figure().subplots()


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_each_byte_of_a_framing_is_shown_and_those_of_the_messages_are_blue(ax):
    framings({"delimited": [b"a b\n", b"\n"], "prefixed": [b"\x03a b", b"\0"]}, [b"a b", b""], ax)
    *bytes_of_first, size = texts(ax)[:6]
    assert (bytes_of_first, size) == (["a", "␣", "b", "\\n", "\\n"], "5 bytes")
    blue = [to_hex(bar.get_facecolor()).upper() == SENDER for bar in ax.patches]
    assert blue == [True, True, True, False, False, False, True, True, True, False]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["delimited", "prefixed"]


def test_the_four_buffers_hold_what_was_measured(ax):
    four_buffers(TCPQueues(send=40_000, receive=1), TCPQueues(send=2, receive=3), ax)
    assert "left's send buffer\n40 000 bytes" in texts(ax)
    assert "right's receive buffer\n3 bytes" in texts(ax)
    assert NOTE not in texts(ax)


@pytest.mark.parametrize("left, right", [(None, None), (TCPQueues(1, 1), None)])
def test_buffers_that_nobody_measured_are_labelled_as_recorded(ax, left, right):
    four_buffers(left, right, ax)
    assert NOTE in texts(ax)
    assert "left's send buffer\n32 768 bytes" in texts(ax)
