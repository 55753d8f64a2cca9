"""A sender that repeats: at its times, until it is acknowledged, and no longer."""

import pytest

from netlib.links import Link
from netlib.worlds import Echo, Resender, simulate


def sent(trace):
    return [(e.time, int.from_bytes(e.payload, "big")) for e in trace.only("send", role="sender")]


def test_each_message_is_sent_once_if_its_ack_comes_in_time():
    sender = Resender(3, gap=0.005, timeout=0.021)
    trace = simulate(sender, Echo(), Link(delay=0.01), Link(delay=0.01))
    assert sent(trace) == [(0.0, 0), (0.005, 1), (0.01, 2)]
    assert sender.acked == {0, 1, 2} and sender.deadline is None


def test_it_repeats_at_each_timeout_what_is_not_acknowledged():
    link = Link(delay=0.01, loss={1, 3})  # message 1, and its first repetition
    trace = simulate(Resender(3, 0.005, 0.03), Echo(), link, Link(delay=0.01))
    assert sent(trace)[3:] == [(pytest.approx(0.035), 1), (pytest.approx(0.065), 1)]


def test_messages_due_at_the_same_moment_leave_together():
    sender = Resender(2, gap=0.01, timeout=0.01)
    assert [sender.wake(0.0), sender.wake(0.01)] == [[bytes(4)], [bytes(4), b"\0\0\0\1"]]
