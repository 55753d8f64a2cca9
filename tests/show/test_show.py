"""Ladders and exercises: what they say, in text and in pictures."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter

from netlib.show.exercise import exercise
from netlib.show.ladder import Ladder
from netlib.sockets import UDPReceiver, UDPSender
from netlib.trace import Trace

SENDER, RECEIVER, NOBODY = ("127.0.0.1", 1), ("127.0.0.1", 2), ("127.0.0.1", 9)
SVG = "{http://www.w3.org/2000/svg}"


def traced(*steps: str) -> Trace:
    """Return a trace of steps such as "send a" and "receive a"."""
    trace = Trace(clock=lambda: 0.0)
    trace.name(SENDER, "sender")
    trace.name(RECEIVER, "receiver")
    for step in steps:
        action, _, payload = step.partition(" ")
        role, peer = ("sender", RECEIVER) if action == "send" else ("receiver", SENDER)
        trace.record(role, action, payload.encode(), peer)
    return trace


def drawn(ladder: Ladder) -> ET.Element:
    return ET.fromstring(ladder.svg())


def ends(ladder: Ladder) -> list[tuple[int, int | None]]:
    return [(arrow.start, arrow.end) for arrow in ladder.arrows]


def test_each_send_is_paired_with_its_own_arrival_whatever_the_order():
    assert ends(Ladder(traced("send a", "send b", "receive b", "receive a"))) == [(0, 3), (1, 2)]


def test_equal_payloads_are_paired_first_come_first_served():
    assert ends(Ladder(traced("send a", "send a", "receive a", "receive a"))) == [(0, 2), (1, 3)]


def test_an_arrival_is_never_paired_with_a_later_send():
    assert ends(Ladder(traced("receive a", "send a"))) == [(1, None)]


def test_an_arrival_is_paired_once_with_the_sending_that_repaired_the_loss():
    assert ends(Ladder(traced("send a", "send a", "receive a"))) == [(0, None), (1, 2)]


def test_the_same_bytes_from_a_stranger_are_not_the_senders():
    trace = traced("send a")
    trace.record("receiver", "receive", b"a", NOBODY)
    assert ends(Ladder(trace)) == [(0, None)]


def test_the_text_twin_says_exactly_what_the_picture_shows():
    ladder = Ladder(traced("send one", "send four", "receive one", "send "))
    assert repr(ladder).splitlines() == [
        "sender ── one ─────▶ receiver",
        "sender ── four ────✗ receiver (never received)",
        "sender ── (empty) ─✗ receiver (never received)",
    ]


def test_a_lost_datagram_has_a_cross_and_no_head_and_dies_half_way():
    lost, arrived = Ladder(traced("send a")), Ladder(traced("send a", "receive a"))
    assert ("stroke-width", "2.4") in drawn(lost).find(f"{SVG}path").items()
    assert drawn(arrived).find(f"{SVG}path").get("fill") == "#0072B2"
    assert reach(lost) == reach(arrived) / 2


def reach(ladder: Ladder) -> float:
    arrow = drawn(ladder).findall(f"{SVG}line")[-1]
    return abs(int(arrow.get("x2")) - int(arrow.get("x1")))


def test_a_datagram_to_nobody_known_goes_elsewhere():
    trace = Trace()
    trace.record("sender", "send", b"a", NOBODY)
    assert repr(Ladder(trace)) == "sender ── a ─✗ elsewhere (never received)"


def test_a_destination_that_is_no_address_is_drawn_like_any_other_loss():
    trace = Trace()
    trace.record("sender", "send", b"a", ["127.0.0.1", 9])
    assert repr(Ladder(trace)) == "sender ── a ─✗ elsewhere (never received)"


def test_nothing_sent_is_a_ladder_too():
    assert repr(Ladder(Trace())) == "Ladder: no datagram was sent"
    assert drawn(Ladder(Trace())).tag == f"{SVG}svg"


def test_real_sockets_give_a_ladder_in_causal_order():
    trace = Trace()
    with UDPReceiver(trace=trace) as receiver, UDPSender(trace=trace) as sender:
        sender.send(b"there", receiver.address)
        receiver.receive()
    assert ends(Ladder(trace)) == [(0, 1)]
    data, _ = DisplayFormatter().format(Ladder(trace))
    assert data["image/svg+xml"].startswith("<svg") and data["text/plain"] == repr(Ladder(trace))


hostile = st.one_of(st.binary(max_size=60), st.sampled_from([b"</text><script>", b"&amp;]]>\x00"]))


@given(st.lists(st.tuples(hostile, st.booleans()), max_size=8))
def test_a_ladder_of_any_payloads_is_well_formed_and_shows_each_as_text(datagrams):
    trace = traced()
    for payload, arrives in datagrams:
        trace.record("sender", "send", payload, RECEIVER)
        if arrives:
            trace.record("receiver", "receive", payload, SENDER)
    ladder = Ladder(trace)
    shown = [text.text for text in drawn(ladder).iter(f"{SVG}text")]
    assert shown == [*ladder.roles, *(arrow.label for arrow in ladder.arrows)]
    shapes = {e.tag.removeprefix(SVG) for e in drawn(ladder).iter()}
    assert shapes <= {"svg", "rect", "line", "path", "text"}


def test_a_blank_exercise_says_not_yet_and_why(capsys):
    with exercise(1) as check:
        raise AssertionError("1 + 1 is not 3")  # what `assert` does, without pytest's additions
    assert repr(check.verdict) == "Exercise 1: not yet. 1 + 1 is not 3"
    assert not check.verdict.solved
    assert capsys.readouterr().out == "Exercise 1: not yet. 1 + 1 is not 3\n"


def test_a_solved_exercise_says_so():
    with exercise("2b") as check:
        assert True
    assert repr(check.verdict) == "Exercise 2b: solved"
    assert check.verdict.solved


@pytest.mark.parametrize(
    "raised, said",
    [
        (NameError("size"), "not yet. NameError: size"),
        (AssertionError(), "not yet. an assertion does not hold yet"),
        (TimeoutError(), "not yet. TimeoutError: an assertion does not hold yet"),
    ],
)
def test_an_error_in_the_exercise_does_not_stop_the_notebook(raised, said):
    with exercise(3) as check:
        raise raised
    assert repr(check.verdict) == f"Exercise 3: {said}"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_passes_through_an_exercise(kind):
    with pytest.raises(kind), exercise(4) as check:
        raise kind
    assert check.verdict is None


def test_what_an_exercise_shows_is_escaped():
    with exercise(5) as check:
        raise ValueError("<script>")
    assert re.search("&lt;script&gt;", check.verdict._repr_html_())
    assert "<script" not in check.verdict._repr_html_()


def test_what_can_show_itself_is_the_verdict_with_one_mark():
    class Found:
        def __repr__(self):
            return "a lost ACK"

        def _repr_html_(self):
            return "<p>✗ a lost ACK</p>"

    with exercise(6) as check:
        raise AssertionError(Found())
    assert repr(check.verdict) == "Exercise 6: not yet.\na lost ACK"
    assert check.verdict._repr_html_().count("✗") == 1
