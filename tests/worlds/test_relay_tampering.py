"""A hand in the relay: a real datagram on its way is dropped, delayed or duplicated."""

from contextlib import contextmanager

import pytest
from relays import echo, settled, wait_for

from netlib.links.link import Link
from netlib.show.ladder import Ladder
from netlib.sockets import UDPReceiver, UDPSender
from netlib.worlds import Relay
from netlib.worlds.relay.report import BY_HAND

pytestmark = [
    pytest.mark.usefixtures("nothing_left_open"),
    pytest.mark.filterwarnings("error"),
]
LONG = 60.0  # seconds on the way: nothing arrives unless it is let through


@contextmanager
def on_the_way(*payloads: bytes, delay: float = LONG, thread: bool = True):
    """Yield the relay in which these datagrams are on their way, and the receiver."""
    with (
        UDPReceiver() as receiver,
        UDPSender() as sender,
        Relay(receiver.address, Link(delay), Link(), thread=thread, record=True) as relay,
    ):
        for payload in payloads:
            sender.send(payload, relay.address)
        wait_for(lambda: relay.report.forward.arrived == len(payloads))
        yield relay, receiver


@pytest.mark.parametrize("thread", [True, False])
def test_what_is_dropped_never_arrives_and_is_counted_under_its_own_cause(thread):
    with on_the_way(b"a", b"b", b"c", delay=0.5, thread=thread) as (relay, receiver):
        assert relay.tamper("forward", 1, "drop")
        assert [receiver.receive().payload for _ in "ac"] == [b"a", b"c"]
        counts = settled(relay, 3).forward
    assert counts.drops == {BY_HAND: 1}
    assert (counts.arrived, counts.sent, counts.in_flight) == (3, 2, 0)
    assert relay.report.own_drops == 0, "the relay did not fall behind: somebody asked for it"


def test_what_is_duplicated_arrives_twice():
    with on_the_way(b"a", b"b", delay=0.5) as (relay, receiver):
        assert relay.tamper("forward", 0, "duplicate")
        assert [receiver.receive().payload for _ in "aab"] == [b"a", b"a", b"b"]
        counts = settled(relay, 2).forward
    assert (counts.arrived, counts.copies, counts.sent, counts.drops) == (2, 1, 3, {})


def test_what_is_delayed_is_overtaken():
    with on_the_way(b"a", b"b", delay=0.5) as (relay, receiver):
        assert relay.tamper("forward", 0, "delay", 0.2)
        assert [receiver.receive().payload for _ in "ab"] == [b"b", b"a"]
        rows = [row for row in relay.rows_since()[1] if row.number == 0]
    sent, arrived = (row.time for row in rows)
    assert arrived - sent > 0.5 + 0.2 - 1e-6, "and it is never early"


def test_an_answer_is_meddled_with_on_the_way_back():
    with (
        echo() as server,
        UDPSender() as client,
        Relay(server, Link(), Link(LONG), thread=True) as relay,
    ):
        client.send(b"question", relay.address)
        wait_for(lambda: relay.report.backward.arrived)
        assert not relay.tamper("forward", 0, "drop"), "the question has arrived"
        assert relay.tamper("backward", 0, "drop")
        assert relay.report.backward.drops == {BY_HAND: 1}


def test_what_is_gone_already_or_has_never_come_is_left_alone():
    with on_the_way(b"a", delay=0.0) as (relay, receiver):
        receiver.receive()
        settled(relay, 1)
        for what in ("drop", "delay", "duplicate"):
            assert relay.tamper("forward", 0, what) is False
            assert relay.tamper("forward", 7, what) is False
        assert relay.report.forward.drops == {}


def test_of_two_copies_the_first_to_leave_is_meant():
    with on_the_way(b"a") as (relay, _):
        assert relay.tamper("forward", 0, "duplicate")
        assert relay.tamper("forward", 0, "drop")
        assert relay.report.forward.in_flight == 1
        assert relay.tamper("forward", 0, "drop")
        assert relay.tamper("forward", 0, "drop") is False
        counts = relay.report.forward
    assert (counts.copies, counts.in_flight, counts.drops) == (1, 0, {BY_HAND: 2})


def test_the_ladder_of_the_relays_trace_says_which_one_was_dropped():
    with on_the_way(b"a", b"a", delay=0.2) as (relay, receiver):
        assert relay.tamper("forward", 0, "drop")
        receiver.receive()
        settled(relay, 2)
    arrows = Ladder(relay.trace).arrows
    assert [(a.end is None, a.why) for a in arrows] == [(True, f"lost: {BY_HAND}"), (False, "")]


def test_news_are_told_once():
    with on_the_way(b"a", b"b") as (relay, _):
        now, rows = relay.rows_since()
        assert [(r.way, r.action, r.payload, r.number) for r in rows] == [
            ("forward", "send", b"a", 0),
            ("forward", "send", b"b", 1),
        ]
        assert 0 <= rows[0].time <= rows[1].time <= now
        assert relay.rows_since(since=2)[1] == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("sideways", 0, "drop"), "way must be one of forward, backward, got 'sideways'"),
        (("forward", 0, "eat"), "what must be one of drop, delay, duplicate, got 'eat'"),
        (("forward", 0, "delay", -1), "seconds must be a number of seconds, 0 or more, got -1"),
    ],
)
def test_a_wrong_request_says_what_was_expected(asked, said):
    with on_the_way() as (relay, _), pytest.raises(ValueError, match=said):
        relay.tamper(*asked)


@pytest.mark.parametrize(("copy", "notes"), [(0, ["copy"]), (1, [""])])
def test_a_datagram_and_its_copy_can_be_told_apart(copy, notes):
    with on_the_way(b"a", delay=0.3) as (relay, receiver):
        assert relay.tamper("forward", 0, "duplicate")
        assert relay.tamper("forward", 0, "drop", copy=copy)
        assert not relay.tamper("forward", 0, "delay", 1.0, copy=copy), "it is gone"
        receiver.receive()
        rows = settled(relay, 1) and relay.rows_since()[1]
        assert [(row.action, row.copy) for row in rows[1:]] == [
            ("lost", copy),
            ("receive", 1 - copy),
        ]
        assert [event.note for event in relay.trace.only("receive")] == notes


def test_a_trace_does_not_tell_a_datagram_lost_because_its_copy_is():
    with on_the_way(b"a", delay=0.3) as (relay, receiver):
        relay.tamper("forward", 0, "duplicate")
        relay.tamper("forward", 0, "drop", copy=1)
        receiver.receive()
        settled(relay, 1)
    assert [(arrow.end is None, arrow.why) for arrow in Ladder(relay.trace).arrows] == [(False, "")]
    assert relay.report.forward.drops == {BY_HAND: 1}
