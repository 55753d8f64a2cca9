"""The trace: order, roles, the packet table, and that no payload can do harm when shown."""

from itertools import count
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.sockets import Background, UDPReceiver, UDPSender
from netlib.trace import Event, Trace, html_table, printable

HOSTILE = "<img src=x onerror=alert(1)>"
SENDER, RECEIVER = ("127.0.0.1", 5001), ("127.0.0.1", 5002)
FAST = settings(max_examples=200, database=None, derandomize=True)


def one_exchange(**options) -> Trace:
    """Return the trace of a datagram sent and received, one clock tick of 1.5 ms apart."""
    trace = Trace(count(100, 0.0015).__next__, **options)
    trace.name(SENDER, "sender")
    trace.name(RECEIVER, "receiver")
    trace.record("sender", "send", b"hello", RECEIVER)
    trace.record("receiver", "receive", b"hell", SENDER, "truncated")
    trace.record("receiver", "timeout")
    return trace


def test_the_table_is_aligned_text_with_roles_in_place_of_addresses():
    assert one_exchange().table().splitlines() == [
        "#  who       what     with        bytes  payload",
        "1  sender    send     → receiver  5      hello",
        "2  receiver  receive  ← sender    4      hell  (truncated)",
        "3  receiver  timeout              0",
    ]


def test_times_are_milliseconds_since_the_trace_began_and_shown_only_on_request():
    timed = [
        "#  t [ms]  who       what     with        bytes  payload",
        "1  1.500   sender    send     → receiver  5      hello",
        "2  3.000   receiver  receive  ← sender    4      hell  (truncated)",
        "3  4.500   receiver  timeout              0",
    ]
    assert one_exchange().table(show_times=True).splitlines() == timed
    assert repr(one_exchange(show_times=True)).splitlines() == timed
    assert "t [ms]" not in one_exchange(show_times=True).table(show_times=False)


def test_a_trace_in_which_nothing_happened_says_so():
    assert repr(Trace()) == "Trace: nothing happened yet"


def test_events_can_be_indexed_counted_and_filtered():
    trace = one_exchange()
    assert trace[0] == Event(pytest.approx(0.0015), "sender", "send", b"hello", RECEIVER)
    assert [e.action for e in trace[1:]] == ["receive", "timeout"]
    assert [e.action for e in trace.only("timeout", "send")] == ["send", "timeout"]
    assert trace.only("send", role="receiver") == []
    assert len(trace) == 3


def test_a_send_is_recorded_before_its_receive_though_two_threads_record():
    trace, numbers = Trace(), [bytes([n]) for n in range(200)]
    with UDPReceiver(trace=trace) as receiver, UDPSender(trace=trace) as sender:

        def receive_all():
            return [receiver.receive() for _ in numbers]

        with Background(receive_all):
            for number in numbers:
                sender.send(number, receiver.address)
    order = [(e.action, e.payload) for e in trace]
    assert len(order) == 2 * len(numbers)
    assert all(order.index(("send", n)) < order.index(("receive", n)) for n in numbers)


def test_when_the_system_call_is_made_its_send_is_already_in_the_trace():
    trace, rows = Trace(), []
    with UDPSender(trace=trace) as sender:
        real = sender._socket
        looking = SimpleNamespace(sendto=lambda *_: rows.append(len(trace)), close=real.close)
        sender._socket = looking
        sender.send(b"x", RECEIVER)
    assert rows == [1]


def test_two_places_never_share_a_name():
    trace = Trace()
    names = [trace.name(("127.0.0.1", port), "sender") for port in (1, 2, 3)]
    assert names == ["sender", "sender 2", "sender 3"]
    assert trace.name(("127.0.0.1", 2), "sender") == "sender 2"


def test_an_address_introduced_again_is_renamed_also_in_earlier_rows():
    trace = one_exchange()
    trace.name(RECEIVER, "server")
    assert trace.rows()[1][3] == "→ server"


@pytest.mark.parametrize(
    ("peer", "shown"),
    [
        (("127.0.0.1", 9), "→ 127.0.0.1:9"),
        (("::1", 9, 0, 0), "→ [::1]:9"),
        (["127.0.0.1", 9], "→ ['127.0.0.1', 9]"),
        (9, "→ 9"),
    ],
)
def test_a_peer_nobody_introduced_appears_as_it_was_given(peer, shown):
    trace = Trace()
    trace.record("sender", "send", b"", peer)
    assert trace.rows()[1][3] == shown


def test_the_html_table_escapes_whatever_a_payload_a_role_or_a_note_contains():
    trace = Trace()
    trace.name(SENDER, HOSTILE)
    trace.record(HOSTILE, HOSTILE, HOSTILE.encode(), SENDER, HOSTILE)
    page = trace._repr_html_()
    assert "<img" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") == 5


def test_the_html_table_has_one_heading_row():
    page = html_table([["a", "b"], ["1", "2"], ["3", "4"]])
    assert (page.count("<th "), page.count("<td "), page.count("<tr>")) == (2, 4, 3)


@FAST
@given(st.binary(max_size=400), st.integers(1, 60))
def test_any_bytes_are_shown_as_one_short_line_without_control_characters(payload, limit):
    shown = printable(payload, limit)
    assert shown.isprintable()
    assert len(shown) <= limit + 1


@FAST
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
def test_any_text_is_shown_without_control_characters_too(text):
    assert printable(text.encode()).isprintable()


@pytest.mark.parametrize("mark", "\n\r\t\x00\x1b\x7f\x85\xad\u200b\u200e\u202e\u2028\u2066\ufeff")
def test_a_mark_that_would_move_the_cursor_or_turn_the_text_is_spelled_out(mark):
    shown = printable(f"a{mark}b".encode())
    assert shown == f"a{mark.encode('unicode_escape').decode()}b"


@FAST
@given(st.text(st.characters(exclude_categories=["C", "Z"]), max_size=100))
def test_readable_text_is_shown_as_it_is_and_never_cut_inside_a_character(text):
    assert printable(text.encode()) == (text if len(text) <= 40 else text[:40] + "…")


def test_bytes_that_are_no_text_appear_as_backslashes():
    assert printable(b"\xff\x00caf\xc3\xa9") == r"\xff\x00café"
