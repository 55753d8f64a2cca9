"""The ladder of any trace: who arrived, who was lost, sent again or doubled, and by which timer."""

import re
import xml.etree.ElementTree as ET
from collections import deque
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.links.link import Link
from netlib.protocols import (
    SelectiveRepeatReceiver,
    SelectiveRepeatSender,
    StopAndWaitReceiver,
    StopAndWaitSender,
)
from netlib.protocols.wire import describe
from netlib.show.ladder import Ladder
from netlib.show.ladder.ladder import MOST
from netlib.sockets import UDPReceiver, UDPSender
from netlib.trace import Trace
from netlib.worlds import Conversation, Relay, converse, simulate, simulate_all

HERE, THERE = ("127.0.0.1", 1), ("127.0.0.1", 2)
SVG = "{http://www.w3.org/2000/svg}"
DATA, ANSWER, WRONG = "#0072B2", "#009E73", "#D55E00"
FONT = 16  # pixels


class Asker:
    """Send each message until its echo comes back; ask again after `timeout` [s]."""

    def __init__(self, *messages: bytes, timeout: float = 0.3):
        self._left, self._timeout, self.deadline = deque(messages), timeout, 0.0

    def wake(self, now: float) -> list[bytes]:
        self.deadline = now + self._timeout if self._left else None
        return [self._left[0]] if self._left else []

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        if self._left and datagram == b"got " + self._left[0]:
            self._left.popleft()
            return self.wake(now)
        return []


class Echo:
    """Answer each datagram at once."""

    deadline = None

    def wake(self, now: float) -> list[bytes]:
        return []

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        return [b"got " + datagram]


class Bit(Echo):
    """Answer 0 and 1 in turn."""

    answers = 0

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        self.answers += 1
        return [b"%d" % ((self.answers - 1) % 2)]


class Burst(Asker):
    """Send all messages at once, and nothing more."""

    def wake(self, now: float) -> list[bytes]:
        self.deadline = None
        return list(self._left)

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        return []


def told(sender, forward: Link, backward: Link | None = None, **options) -> Ladder:
    return Ladder(simulate(sender, Echo(), forward, backward or Link(0.05, seed=1)), **options)


def lines(ladder: Ladder) -> list[str]:
    return ladder.text().splitlines()


def recorded(*steps: tuple[float, str, str], **marks) -> Trace:
    """Return a trace of (time [s], what, payload), the sending from HERE, arrivals THERE."""
    trace = Trace(lambda: 0.0, show_times=True)
    trace.exact_times, trace.losses_recorded = (
        marks.get("virtual", False),
        marks.get("whole", False),
    )
    trace.name(HERE, "sender")
    trace.name(THERE, "receiver")
    for time, what, payload in steps:
        action, _, note = what.partition(" ")
        role, peer = ("receiver", HERE) if action == "receive" else ("sender", THERE)
        trace.record_at(time, role, action, payload.encode(), peer, note)
    return trace


def pairs(trace: Trace) -> list[tuple[float, float | None]]:
    return [(arrow.sent, arrow.arrived) for arrow in Ladder(trace).arrows]


# The text twin: one golden conversation for each thing that can go wrong


def test_a_lost_datagram_is_followed_by_the_timer_and_the_repetition():
    assert lines(told(Asker(b"one", b"two"), Link(0.05, loss={0}))) == [
        "0.000  sender > receiver: one      lost: coin",
        "0.300  sender: timer",
        "0.300  sender > receiver: one      again, arrives 0.350",
        "0.350  receiver > sender: got one  arrives 0.400",
        "0.400  sender > receiver: two      arrives 0.450",
        "0.450  receiver > sender: got two  arrives 0.500",
    ]


def test_a_lost_answer_makes_both_sides_repeat_themselves():
    assert lines(told(Asker(b"one"), Link(0.05), Link(0.05, loss={0}, seed=1))) == [
        "0.000  sender > receiver: one      arrives 0.050",
        "0.050  receiver > sender: got one  lost: coin",
        "0.300  sender: timer",
        "0.300  sender > receiver: one      again, arrives 0.350",
        "0.350  receiver > sender: got one  again, arrives 0.400",
    ]


def test_a_premature_timer_is_seen_before_the_answer_arrives():
    assert lines(told(Asker(b"one", timeout=0.08), Link(0.05))) == [
        "0.000  sender > receiver: one      arrives 0.050",
        "0.050  receiver > sender: got one  arrives 0.100",
        "0.080  sender: timer",
        "0.080  sender > receiver: one      again, arrives 0.130",
        "0.130  receiver > sender: got one  again, arrives 0.180",
    ]


def test_a_copy_has_a_line_of_its_own_and_is_no_repetition():
    assert lines(told(Burst(b"one", b"two"), Link(0.05, duplicate={0}))) == [
        "0.000  sender > receiver: one      arrives 0.050",
        "0.000  sender > receiver: one      copy, arrives 0.050",
        "0.000  sender > receiver: two      arrives 0.050",
        "0.050  receiver > sender: got one  arrives 0.100",
        "0.050  receiver > sender: got one  again, arrives 0.100",
        "0.050  receiver > sender: got two  arrives 0.100",
    ]


def test_a_full_queue_is_named_and_what_arrives_after_the_end_is_still_on_its_way():
    link = Link(0.05, rate=8000, queue=1)
    trace = simulate(Burst(b"1" * 10, b"2" * 10, b"3" * 10), Echo(), link, Link(9, seed=1), 0.065)
    assert lines(Ladder(trace, label=lambda payload: payload[-1:].decode())) == [
        "0.000  sender > receiver: 1  arrives 0.060",
        "0.000  sender > receiver: 2  still on its way",
        "0.000  sender > receiver: 3  lost: queue overflow",
        "0.060  receiver > sender: 1  still on its way",
    ]


def test_times_that_are_no_whole_milliseconds_are_shown_to_the_microsecond():
    assert lines(told(Burst(b"one"), Link(0.0000124), Link(0.001, seed=1))) == [
        "0.000000  sender > receiver: one      arrives 0.000012",
        "0.000012  receiver > sender: got one  arrives 0.001012",
    ]


def test_several_conversations_stand_side_by_side():
    links = [Link(0.05, seed=n) for n in range(4)]
    talks = [Conversation(Burst(b"x"), Echo(), *links[n : n + 2]) for n in (0, 2)]
    ladder = Ladder(simulate_all(talks))
    assert ladder.roles == ["sender", "receiver", "sender 2", "receiver 2"]
    assert len({line.get("x1") for line in drawn(ladder).findall(f"{SVG}line")[:4]}) == 4
    assert lines(ladder)[-1] == "0.050  receiver 2 > sender 2: got x  arrives 0.100"


def test_the_same_trace_gives_the_same_ladder_to_the_byte():
    link = Link(0.05, 0.01, loss=0.2, duplicate=0.1, seed=5)
    one, other = (told(Asker(*map(bytes, [[n] for n in range(20)])), link.copy()) for _ in "12")
    assert (repr(one), one.svg()) == (repr(other), other.svg())


# Which arrival belongs to which sending


def test_without_record_of_losses_the_repetition_is_what_arrived():
    trace = recorded((0, "send", "a"), (1, "send", "a"), (1.1, "receive", "a"))
    assert pairs(trace) == [(0, None), (1, 1.1)]


def test_where_losses_are_recorded_the_first_sent_arrives_first():
    trace = recorded((0, "send", "a"), (1, "send", "a"), (1.1, "receive", "a"), whole=True)
    assert pairs(trace) == [(0, 1.1), (1, None)]
    assert "still on its way" in repr(Ladder(trace))


def test_a_recorded_loss_is_that_of_its_own_moment():
    steps = (0, "send", "a"), (1, "send", "a"), (1, "lost coin", "a"), (2, "receive", "a")
    assert pairs(recorded(*steps, whole=True)) == [(0, 2), (1, None)]


def test_a_datagram_lost_later_is_the_oldest_on_its_way():
    steps = (0, "send", "a"), (1, "send", "a"), (1.5, "lost by hand", "a"), (2, "receive", "a")
    assert pairs(recorded(*steps, whole=True)) == [(0, None), (1, 2)]


def test_a_copy_that_overtakes_its_original_takes_nothing_from_it():
    steps = (0, "send", "a"), (1, "receive copy", "a"), (2, "receive", "a")
    ladder = Ladder(recorded(*steps, whole=True))
    assert [(a.copy, a.arrived) for a in ladder.arrows] == [(False, 2), (True, 1)]


def test_a_truncated_datagram_has_arrived():
    trace = recorded((0, "send", "abcdef"), (1, "receive truncated", "abc"))
    assert pairs(trace) == [(0, 1)]


def test_an_arrival_that_nobody_is_known_to_have_sent_is_a_mark():
    assert lines(Ladder(recorded((0, "receive", "hello")))) == ["0.000  receiver: received hello"]


def test_what_the_system_call_refused_was_not_sent():
    trace = recorded((0, "send", "a"), (0, "failed", "a"))
    assert lines(Ladder(trace)) == ["0.000  sender > receiver: a  not sent"]


def test_an_acknowledgement_of_one_bit_that_comes_round_is_no_repetition():
    trace = simulate(Burst(b"a", b"b", b"c", b"d"), Bit(), Link(0.05), Link(0.05, seed=1))
    bits = [(a.label, a.again) for a in Ladder(trace).arrows if a.answer]
    assert bits == [("0", False), ("1", False), ("0", False), ("1", False)]


# Timers


def test_on_a_real_clock_only_a_repetition_after_a_silence_is_taken_for_a_timer():
    steps = (0, "send", "a"), (0.2, "send", "a"), (0.2001, "send", "b"), (0.5, "send", "c")
    marks = [line for line in lines(Ladder(recorded(*steps))) if "timer" in line]
    assert marks == ["0.200  sender: timer"]


def test_the_first_sending_of_all_is_no_timer():
    assert not any("timer" in line for line in lines(told(Burst(b"a", b"b"), Link(0.05))))


def test_a_receiver_that_gave_up_waiting_is_marked():
    trace = Trace()
    with UDPReceiver(timeout=0.001, trace=trace) as receiver, pytest.raises(TimeoutError):
        receiver.receive()
    assert lines(Ladder(trace)) == ["receiver: timeout"]
    assert "timeout" in texts(Ladder(trace))


def test_a_real_relays_trace_has_its_losses_on_the_ladder():
    with (
        UDPReceiver() as receiver,
        UDPSender() as sender,
        Relay(receiver.address, Link(loss={0}), Link(), thread=True, record=True) as relay,
    ):
        for payload in (b"lost", b"kept"):
            sender.send(payload, relay.address)
        receiver.receive()
    ladder = Ladder(relay.trace)
    assert re.fullmatch(r"\d\.\d{3}  sender > receiver: lost  lost: coin", lines(ladder)[0])
    assert [arrow.end is None for arrow in ladder.arrows] == [True, False]


def test_a_conversation_over_real_sockets_is_paired_though_nobody_saw_the_loss():
    path = partial(Relay, forward=Link(0.01, loss={0}), backward=Link(0.01, seed=1), thread=True)
    sender = StopAndWaitSender([b"x"], timeout=0.2)
    ladder = Ladder(converse(sender, StopAndWaitReceiver(), through=path), label=describe)
    assert [re.sub(r"\d+\.\d+", "T", line) for line in lines(ladder)] == [
        "T  sender > receiver: DATA 0 'x'  never received",
        "T  sender: timer",
        "T  sender > receiver: DATA 0 'x'  again, arrives T",
        "T  receiver > sender: ACK 0       arrives T",
    ]


# The picture: each by shape as well as by colour


def drawn(ladder: Ladder) -> ET.Element:
    return ET.fromstring(ladder.svg())


def texts(ladder: Ladder) -> list[str]:
    return [text.text for text in drawn(ladder).iter(f"{SVG}text")]


def arrows(ladder: Ladder) -> list[ET.Element]:
    return drawn(ladder).findall(f".//{SVG}line[@stroke-width='2']")


def colours(ladder: Ladder) -> list[str]:
    return [line.get("stroke") for line in arrows(ladder)]


def test_data_is_blue_answers_are_green_and_what_went_wrong_is_orange():
    ladder = told(Asker(b"one"), Link(0.05, loss={0}))
    assert colours(ladder) == [WRONG, WRONG, ANSWER]
    assert colours(told(Asker(b"one"), Link(0.05))) == [DATA, ANSWER]


def test_each_trouble_has_a_shape_of_its_own():
    plain = shapes(told(Asker(b"one"), Link(0.05)))
    troubled = shapes(told(Asker(b"one"), Link(0.05, loss={0}, duplicate={1})))
    assert plain == {"head"}
    assert troubled == {"head", "cross", "turn", "clock", "dashes"}


def shapes(ladder: Ladder) -> set[str]:
    picture = drawn(ladder)
    paths = [path for path in picture.findall(f"{SVG}path") if path.get("stroke") != "white"]
    names = {"MLLZ": "head", "MLML": "cross", "MAMLV": "turn", "MAAMVH": "clock"}
    found = {"dashes"} if picture.findall(f"{SVG}line[@stroke-dasharray]") else set()
    for path in paths:
        found.add(names[re.sub("[^A-Z]", "", path.get("d"))])
    return found


def test_time_runs_down_and_an_answer_leaves_where_its_question_arrived():
    one, answer = arrows(told(Asker(b"one"), Link(0.05)))
    assert int(one.get("y1")) < int(one.get("y2")) == int(answer.get("y1"))
    assert one.get("x2") == answer.get("x1")


def test_each_time_stands_once_at_the_side():
    ladder = told(Asker(b"one", b"two"), Link(0.05))
    shown = [text for text in texts(ladder) if re.fullmatch(r"\d\.\d+", text)]
    assert shown == ["0.000", "0.050", "0.100", "0.150", "0.200"]


def test_a_burst_of_one_instant_is_spread_so_that_each_can_be_read():
    ladder = told(Burst(*(b"%d" % n for n in range(8))), Link(0.05))
    heights = [int(line.get("y1")) for line in arrows(ladder)[:8]]
    assert all(later - earlier > FONT for earlier, later in pairwise(heights))
    bars = drawn(ladder).findall(f".//{SVG}line[@stroke-linecap]")
    assert (bars[0].get("y1"), bars[0].get("y2")) == (str(heights[0]), str(heights[-1]))
    assert texts(ladder)[-1] == "a bar: one instant, drawn apart to be read"
    assert "instant" not in "".join(texts(told(Asker(b"one"), Link(0.05))))


@pytest.mark.parametrize("lost", range(4))
def test_in_a_window_with_a_loss_no_name_covers_another_or_the_cross(lost):
    ends = SelectiveRepeatSender([b"A", b"B", b"C", b"D"], 4, 0.3), SelectiveRepeatReceiver(4)
    ladder = Ladder(simulate(*ends, Link(0.05, loss={lost}), Link(0.05)), label=describe)
    texts = drawn(ladder).findall(f"{SVG}text")
    names = [text for text in texts if text.text.startswith("DATA")][:4]
    heights = sorted(int(name.get("y")) for name in names)
    assert all(below - above >= FONT for above, below in pairwise(heights))
    paths = (path.get("d") for path in drawn(ladder).findall(f"{SVG}path"))
    cross = next(d for d in paths if re.sub("[^A-Z]", "", d) == "MLML")
    left, cross = map(int, re.match(r"M(\d+) (\d+)", cross).groups())
    beside = [n for n in names if abs(int(n.get("y")) - cross) < FONT]
    assert all(left > int(name.get("x")) + 50 for name in beside), "names are 100 pixels wide"


def test_a_silence_is_shortened_and_the_line_broken_there():
    short, long = (told(Asker(b"a", timeout=t), Link(0.05, loss={0})) for t in (0.1, 10.0))
    broken = [path for path in drawn(long).findall(f"{SVG}path") if path.get("stroke") == "white"]
    assert int(drawn(long).get("height")) < int(drawn(short).get("height")) + 100
    assert len(broken) == 2


def test_a_long_ladder_is_a_box_to_scroll_in_and_a_short_one_is_not():
    short, long = (told(Burst(*[b"x"] * n), Link(0.05)) for n in (2, 60))
    assert short.html() == short.svg() and "text/html" not in short._repr_mimebundle_()[0]
    assert set(long._repr_mimebundle_()[0]) == {"text/plain", "text/html"}
    box = ET.fromstring(long.html())
    assert "max-height:560px" in box.get("style") and "overflow:auto" in box.get("style")
    assert (box.get("tabindex"), box.get("role")) == ("0", "region")


def talk(messages: int, **links) -> Ladder:
    """Return the ladder of a window of 4, whose rounds all look alike."""
    ends = SelectiveRepeatSender([b"%d" % n for n in range(messages)], 4, 0.3)
    return Ladder(simulate(ends, SelectiveRepeatReceiver(4), Link(0.05, **links), Link(0.05)))


@pytest.mark.parametrize("messages", range(1, 13))
def test_no_picture_is_wider_than_the_column_or_taller_than_the_screen(messages):
    whole = drawn(talk(messages))
    assert int(whole.get("width")) == 840 and int(whole.get("height")) <= 560


def test_a_longer_conversation_continues_in_a_second_column_and_loses_nothing():
    ladder = talk(12)
    columns = drawn(ladder).findall(f"{SVG}svg")
    assert [column.get("x") for column in columns] == ["0", "420"]
    assert texts(ladder).count("sender") == texts(ladder).count("receiver") == 2
    names = [text for text in texts(ladder) if text in {arrow.label for arrow in ladder.arrows}]
    assert sorted(names) == sorted(arrow.label for arrow in ladder.arrows)


@pytest.mark.parametrize("lost", range(12))
def test_no_two_names_of_arrows_overlap_in_either_column(lost):
    for n, column in enumerate(drawn(talk(12, loss={lost})).findall(f"{SVG}svg")):
        names = [t for t in column.findall(f"{SVG}text") if t.get("text-anchor") == "middle"]
        places = [(int(t.get("x")), int(t.get("y")), 9 * len(t.text)) for t in names]
        for k, (x, y, width) in enumerate(places):
            for other_x, other_y, other in places[:k]:
                apart = abs(y - other_y) >= 14 or abs(x - other_x) >= (width + other) / 2
                assert apart, f"column {n}: {names[k].text} at {x}, {y}"


def test_an_acknowledgement_given_again_is_not_drawn_in_the_colour_of_loss():
    steps = (0, "send", "a"), (0, "receive", "a"), (1, "send", "ACK"), (2, "send", "a")
    trace = recorded(*steps)
    for action, payload, peer in (("receive", b"FIN", THERE), ("send", b"ACK", THERE)):
        trace.record_at(3, "sender", action, payload, peer)
    repeated = colours(Ladder(trace))[-2:]
    assert repeated == [WRONG, WRONG]  # both lost: nothing arrived
    trace.record_at(3.1, "receiver", "receive", b"ACK", HERE)
    assert colours(Ladder(trace))[-1] == DATA


def test_a_server_that_has_accepted_before_it_speaks_first_is_drawn_as_the_server():
    trace = Trace(lambda: 0.0)
    trace.name(HERE, "server")
    trace.name(THERE, "client")
    trace.record("server", "accept", b"", THERE)
    trace.record("server", "send", b"220 ready", THERE)
    trace.record("client", "receive", b"220 ready", HERE)
    assert colours(Ladder(trace)) == [ANSWER]


def test_a_place_may_send_to_itself_again():
    trace = Trace(lambda: 0.0)
    trace.name(HERE, "sender")
    for _ in range(2):
        trace.record("sender", "send", b"a", HERE)
    assert len(arrows(Ladder(trace))) == 2


def test_of_a_long_trace_a_part_is_shown_and_the_rest_is_counted():
    trace = simulate(Burst(*(b"%d" % n for n in range(MOST))), Echo(), Link(1.0), Link(1.0, seed=1))
    assert len(Ladder(trace).items) == MOST
    assert lines(Ladder(trace))[-1] == f"… {MOST} more lines: choose with first, last or between"
    assert [a.label for a in Ladder(trace, first=2).arrows] == ["0", "1"]
    assert [a.label for a in Ladder(trace, last=1).arrows] == [f"got {MOST - 1}"]
    assert len(Ladder(trace, first=2, last=3).arrows) == 5
    assert {a.source for a in Ladder(trace, between=(0.5, 1.5)).arrows} == {"receiver"}


@pytest.mark.parametrize("name", ["first", "last"])
def test_no_lines_is_a_mistake(name):
    with pytest.raises(ValueError, match=f"{name} must be a number of lines above 0, got 0"):
        Ladder(Trace(), **{name: 0})


# Labels, and whatever comes out of the network


def test_a_label_function_reads_the_header_and_garbage_is_shown_as_it_is():
    trace = recorded((0, "send", "\x01\x03"), (1, "send", "x"))
    ladder = Ladder(trace, label=lambda payload: f"DATA {payload[1]}")
    assert [arrow.label for arrow in ladder.arrows] == ["DATA 3", "x"]


def test_what_a_label_function_returns_is_made_harmless():
    ladder = Ladder(recorded((0, "send", "a")), label=lambda _: "<script>\u202e\n" + "x" * 99)
    (label,) = (arrow.label for arrow in ladder.arrows)
    assert label.isprintable() and len(label) < 40
    assert "<script" not in ladder.svg()


payloads = st.one_of(st.binary(max_size=40), st.sampled_from([b"</text><script>", b"a", b"b"]))
steps = st.lists(st.tuples(payloads, st.sampled_from(["lost", "arrives", "twice", "late"])))


@settings(max_examples=100, database=None, derandomize=True)
@given(steps, st.booleans(), st.booleans())
def test_any_trace_gives_a_well_formed_picture_and_no_arrow_runs_back_in_time(steps, whole, timed):
    trace = Trace(lambda: 0.0, show_times=timed)
    trace.exact_times = trace.losses_recorded = whole
    trace.name(HERE, "sender")
    trace.name(THERE, "<receiver>")
    for at, (payload, fate) in enumerate(steps):
        trace.record_at(at, "sender", "send", payload, THERE)
        if fate == "lost":
            trace.record_at(at, "link", "lost", payload, THERE, "coin")
        for note in {"arrives": [""], "twice": ["", "copy"], "late": []}.get(fate, []):
            trace.record_at(at + 0.5, "<receiver>", "receive", payload, HERE, note)
    ladder = Ladder(trace)
    shapes = {e.tag.removeprefix(SVG) for e in drawn(ladder).iter()}
    assert shapes <= {"svg", "rect", "line", "path", "text"}
    assert ET.fromstring(ladder._picture().box("")).tag == "div"
    assert all(a.end is None or a.end > a.start for a in ladder.arrows)
    ends = [arrow.end for arrow in ladder.arrows if arrow.end is not None]
    assert len(ends) == len(set(ends)), "no arrival belongs to two"
