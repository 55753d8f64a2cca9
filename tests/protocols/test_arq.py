"""The ARQ machines: what is sent when, textbook conversations, nasty links, what must fail."""

from textwrap import dedent

import pytest
from arq_pairs import PAIRS, SURVIVE_REORDERING, numbered, pair, transcript
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.endpoint import Endpoint
from netlib.links import Link
from netlib.protocols import (
    GoBackNReceiver,
    GoBackNSender,
    RttEstimator,
    SelectiveRepeatReceiver,
    SelectiveRepeatSender,
    StopAndWaitReceiver,
    StopAndWaitSender,
    wire,
)
from netlib.worlds import simulate

each_protocol = pytest.mark.parametrize("name", PAIRS)
each_window = pytest.mark.parametrize("make", [GoBackNSender, SelectiveRepeatSender])


def labels(datagrams):
    return [wire.describe(datagram) for datagram in datagrams]


# ---- machines: pure calls at explicit times


@each_protocol
def test_nothing_is_sent_just_before_the_timeout_and_one_datagram_at_it(name):
    sender, _ = pair(name, [b"m0"], timeout=0.5)
    assert (sender.deadline, labels(sender.wake(0.0))) == (0.0, ["DATA 0 'm0'"])
    assert sender.deadline == 0.5
    assert name.startswith(("alt", "stop")) or sender.wake(0.4999) == []
    assert (labels(sender.wake(0.5)), sender.deadline) == (["DATA 0 'm0'"], 1.0)
    assert (sender.transmissions, sender.retransmissions, sender.timeouts) == (2, 1, 1)


@each_protocol
def test_the_simulator_sends_nothing_before_the_timeout_either(name):
    sender, receiver = pair(name, [b"m0"], timeout=0.5)
    trace = simulate(sender, receiver, Link(loss={0, 1}), Link(), until=1.2)
    assert [e.time for e in trace.only("send", role="sender")] == [0.0, 0.5, 1.0]


@each_protocol
def test_an_acknowledgement_stops_the_timer(name):
    sender, _ = pair(name, [b"m0"])
    assert (sender.in_flight, sender.done) == (0, False)
    sender.wake(0.0)
    assert (sender.in_flight, sender.done) == (1, False)
    assert sender.receive(wire.ack(0), 0.05) == []
    assert (sender.in_flight, sender.done, sender.deadline) == (0, True, None)


@each_protocol
def test_nothing_to_send_is_done_at_once(name):
    sender, receiver = pair(name, [])
    assert (sender.done, sender.deadline, len(simulate(sender, receiver, Link(), Link()))) == (
        True,
        None,
        0,
    )


@each_protocol
def test_a_list_that_changes_later_changes_nothing(name):
    messages = numbered(2)
    sender, receiver = pair(name, messages)
    messages.clear()
    simulate(sender, receiver, Link(), Link())
    assert (sender.done, receiver.delivered) == (True, numbered(2))


@each_protocol
def test_an_empty_message_is_a_message(name):
    sender, receiver = pair(name, [b"", b"", b"x"])
    simulate(sender, receiver, Link(), Link())
    assert receiver.delivered == [b"", b"", b"x"]


@each_protocol
def test_the_machines_keep_the_contract(name):
    assert all(isinstance(end, Endpoint) for end in pair(name, [b"m0"]))


@each_window
def test_a_window_is_sent_at_once_and_slides(make):
    sender = make(numbered(6), 3, 1.0)
    assert labels(sender.wake(0.0)) == ["DATA 0 'm0'", "DATA 1 'm1'", "DATA 2 'm2'"]
    assert (sender.in_flight, labels(sender.receive(wire.ack(0), 0.1))) == (3, ["DATA 3 'm3'"])
    assert sender.receive(wire.ack(0), 0.2) == []
    assert (sender.ignored, sender.base, sender.deadline) == (1, 1, 1.0)


def test_go_back_n_takes_one_acknowledgement_for_all_before_it():
    sender = GoBackNSender(numbered(9), 3, 1.0)
    sender.wake(0.0)
    assert labels(sender.receive(wire.ack(2), 0.5)) == ["DATA 3 'm3'", "DATA 4 'm4'", "DATA 5 'm5'"]


def test_go_back_n_sends_all_again_from_the_oldest_whose_time_is_up():
    sender = GoBackNSender(numbered(9), 3, 1.0)
    sender.wake(0.0)
    sender.receive(wire.ack(0), 0.5)
    assert sender.wake(0.999) == []
    assert labels(sender.wake(1.0)) == ["DATA 1 'm1'", "DATA 2 'm2'", "DATA 3 'm3'"]
    assert sender.deadline == 2.0


def test_selective_repeat_sends_again_only_what_was_not_acknowledged():
    sender = SelectiveRepeatSender(numbered(9), 3, 1.0)
    sender.wake(0.0)
    assert sender.receive(wire.ack(1), 0.5) == []  # the window begins with message 0 as before
    assert (sender.in_flight, sender.wake(0.999)) == (2, [])
    assert labels(sender.wake(1.0)) == ["DATA 0 'm0'", "DATA 2 'm2'"]
    assert sender.timeouts == 1  # for both: the timer backs off once
    assert labels(sender.receive(wire.ack(0), 1.1)) == ["DATA 3 'm3'", "DATA 4 'm4'"]
    assert labels(sender.wake(2.0)) == ["DATA 2 'm2'"]
    assert sender.deadline == 2.1


@each_window
def test_with_a_spacing_one_datagram_goes_at_a_time(make):
    sender = make(numbered(3), 3, 1.0, spacing=0.25)
    assert (labels(sender.wake(0.0)), sender.deadline) == (["DATA 0 'm0'"], 0.25)
    assert sender.wake(0.2) == []
    assert (labels(sender.wake(0.25)), sender.deadline) == (["DATA 1 'm1'"], 0.5)
    assert (labels(sender.wake(0.5)), sender.deadline) == (["DATA 2 'm2'"], 1.0)
    assert (labels(sender.wake(1.0)), sender.deadline) == (["DATA 0 'm0'"], 1.25)


def test_what_is_acknowledged_while_it_waits_to_be_sent_again_is_not():
    sender = SelectiveRepeatSender(numbered(2), 2, 1.0, spacing=0.5)
    assert labels(sender.wake(0.0) + sender.wake(0.5)) == ["DATA 0 'm0'", "DATA 1 'm1'"]
    assert labels(sender.wake(1.6)) == ["DATA 0 'm0'"]  # and 1 is late, too
    assert (sender.receive(wire.ack(1), 1.7), sender.wake(2.1)) == ([], [])
    assert (sender.deadline, sender.retransmissions) == (2.6, 1)


def test_having_gone_back_an_acknowledgement_that_was_late_takes_it_forward_again():
    sender = GoBackNSender(numbered(4), 3, 1.0, spacing=0.25)
    for now in (0.0, 0.25, 0.5):
        sender.wake(now)
    assert labels(sender.wake(1.0)) == ["DATA 0 'm0'"]
    assert sender.receive(wire.ack(1), 1.1) == []  # 0 and 1 had arrived
    assert (sender.base, sender.in_flight, sender.deadline) == (2, 1, 1.25)
    assert labels(sender.wake(1.25)) == ["DATA 2 'm2'"]
    assert (sender.transmissions, sender.retransmissions) == (5, 2)


def test_a_timeout_that_waits_for_its_turn_to_send_is_one_timeout():
    sender = GoBackNSender(numbered(3), 3, 0.6, spacing=0.25)
    for now in (0.0, 0.25, 0.5):
        sender.wake(now)
    assert (sender.deadline, sender.wake(0.6), sender.deadline) == (0.6, [], 0.75)
    assert (labels(sender.wake(0.75)), sender.timeouts) == (["DATA 0 'm0'"], 1)


def test_a_receiver_delivers_once_and_acknowledges_each_time():
    receiver = StopAndWaitReceiver()
    answers = [receiver.receive(wire.data(0, b"m0"), now) for now in (0.0, 0.1)]
    assert (answers, receiver.delivered) == ([[wire.ack(0)]] * 2, [b"m0"])
    assert receiver.duplicates == 1


def test_a_selective_receiver_keeps_what_is_ahead_and_delivers_in_order():
    receiver = SelectiveRepeatReceiver(4)
    assert labels(receiver.receive(wire.data(2, b"m2"), 0.0)) == ["ACK 2"]
    assert (receiver.delivered, receiver.kept) == ([], 1)
    assert receiver.receive(wire.data(4, b"m4"), 0.0) == []  # beyond the window
    receiver.receive(wire.data(0, b"m0"), 0.0)
    receiver.receive(wire.data(1, b"m1"), 0.0)
    assert (receiver.delivered, receiver.kept) == ([b"m0", b"m1", b"m2"], 0)
    assert labels(receiver.receive(wire.data(0, b"m0"), 0.0)) == ["ACK 0"]


def test_a_selective_receiver_acknowledges_again_one_window_below_its_own_and_no_more():
    receiver = SelectiveRepeatReceiver(2)
    for n, message in enumerate(numbered(5)):
        receiver.receive(wire.data(n, message), 0.0)
    answers = [labels(receiver.receive(wire.data(n, b"old"), 0.0)) for n in (2, 3, 4)]
    assert answers == [[], ["ACK 3"], ["ACK 4"]]
    assert (receiver.ignored, receiver.duplicates) == (1, 2)


def test_a_number_with_more_bits_than_agreed_is_read_by_its_low_bits():
    assert labels(SelectiveRepeatReceiver(2, 2).receive(wire.data(5, b"m1"), 0.0)) == ["ACK 1"]


# ---- Karn's rule


@each_protocol
def test_what_was_sent_once_is_measured_and_what_was_sent_twice_is_not(name):
    estimator = RttEstimator(1.0, least=0.0)
    sender, _ = pair(name, numbered(2), estimator)
    sender.wake(0.0)
    sender.receive(wire.ack(0), 0.3)
    assert estimator.history == [(0.3, pytest.approx(0.9))]
    sender.wake(sender.deadline)  # message 1 again
    assert estimator.rto == pytest.approx(1.8)
    sender.receive(wire.ack(1), 5.0)
    assert (len(estimator.history), sender.done) == (1, True)


def test_an_acknowledgement_that_comes_twice_is_measured_once():
    estimator = RttEstimator(1.0, least=0.0)
    sender = SelectiveRepeatSender(numbered(3), 3, estimator)
    sender.wake(0.0)
    for now in (0.2, 0.9):
        sender.receive(wire.ack(1), now)
    assert (len(estimator.history), sender.ignored, sender.in_flight) == (1, 1, 2)


# ---- golden conversations, one for each figure of the textbooks


def conversation(sender, receiver, forward=(), backward=(), **links):
    links = {"delay": 0.010, **links}
    path, back = Link(loss=set(forward), **links), Link(loss=set(backward), **links)
    return transcript(simulate(sender, receiver, path, back))


def lines(text):
    return dedent(text).strip()


def test_a_lost_message_is_sent_again():
    golden = """
        0 sender > DATA 0 'm0'
        0 link x DATA 0 'm0' coin
        30 sender > DATA 0 'm0'
        40 receiver < DATA 0 'm0'
        40 receiver > ACK 0
        50 sender < ACK 0
    """
    sender, receiver = StopAndWaitSender([b"m0"], 0.030), StopAndWaitReceiver()
    assert conversation(sender, receiver, forward={0}) == lines(golden)


def test_after_a_lost_acknowledgement_the_bit_tells_the_message_is_old():
    golden = """
        0 sender > DATA 0 'm0'
        10 receiver < DATA 0 'm0'
        10 receiver > ACK 0
        10 link x ACK 0 coin
        30 sender > DATA 0 'm0'
        40 receiver < DATA 0 'm0'
        40 receiver > ACK 0
        50 sender < ACK 0
        50 sender > DATA 1 'm1'
        60 receiver < DATA 1 'm1'
        60 receiver > ACK 1
        70 sender < ACK 1
    """
    sender, receiver = StopAndWaitSender(numbered(2), 0.030), StopAndWaitReceiver()
    assert conversation(sender, receiver, backward={0}) == lines(golden)
    assert receiver.delivered == numbered(2)


def test_a_timeout_that_comes_too_early_costs_datagrams_and_does_no_harm():
    golden = """
        0 sender > DATA 0 'm0'
        10 receiver < DATA 0 'm0'
        10 receiver > ACK 0
        15 sender > DATA 0 'm0'
        20 sender < ACK 0
        20 sender > DATA 1 'm1'
        25 receiver < DATA 0 'm0'
        25 receiver > ACK 0
        30 receiver < DATA 1 'm1'
        30 receiver > ACK 1
        35 sender < ACK 0
        35 sender > DATA 1 'm1'
        40 sender < ACK 1
        45 receiver < DATA 1 'm1'
        45 receiver > ACK 1
        55 sender < ACK 1
    """
    sender, receiver = StopAndWaitSender(numbered(2), 0.015), StopAndWaitReceiver()
    assert conversation(sender, receiver) == lines(golden)
    assert (receiver.delivered, sender.ignored) == (numbered(2), 2)


def test_go_back_n_sends_a_window_again_for_one_loss():
    golden = """
        0 sender > DATA 0 'm0'
        0 sender > DATA 1 'm1'
        0 link x DATA 1 'm1' coin
        0 sender > DATA 2 'm2'
        10 receiver < DATA 0 'm0'
        10 receiver > ACK 0
        10 receiver < DATA 2 'm2'
        10 receiver > ACK 0
        20 sender < ACK 0
        20 sender > DATA 3 'm3'
        20 sender < ACK 0
        30 receiver < DATA 3 'm3'
        30 receiver > ACK 0
        30 sender > DATA 1 'm1'
        30 sender > DATA 2 'm2'
        30 sender > DATA 3 'm3'
        40 sender < ACK 0
        40 receiver < DATA 1 'm1'
        40 receiver > ACK 1
        40 receiver < DATA 2 'm2'
        40 receiver > ACK 2
        40 receiver < DATA 3 'm3'
        40 receiver > ACK 3
        50 sender < ACK 1
        50 sender < ACK 2
        50 sender < ACK 3
    """
    sender, receiver = GoBackNSender(numbered(4), 3, 0.030), GoBackNReceiver()
    assert conversation(sender, receiver, forward={1}) == lines(golden)


def test_the_window_of_selective_repeat_stalls_at_the_one_that_is_lost():
    golden = """
        0 sender > DATA 0 'm0'
        0 link x DATA 0 'm0' coin
        0 sender > DATA 1 'm1'
        0 sender > DATA 2 'm2'
        10 receiver < DATA 1 'm1'
        10 receiver > ACK 1
        10 receiver < DATA 2 'm2'
        10 receiver > ACK 2
        20 sender < ACK 1
        20 sender < ACK 2
        30 sender > DATA 0 'm0'
        40 receiver < DATA 0 'm0'
        40 receiver > ACK 0
        50 sender < ACK 0
        50 sender > DATA 3 'm3'
        60 receiver < DATA 3 'm3'
        60 receiver > ACK 3
        70 sender < ACK 3
    """
    sender, receiver = SelectiveRepeatSender(numbered(4), 3, 0.030), SelectiveRepeatReceiver(3)
    assert conversation(sender, receiver, forward={0}) == lines(golden)


# ---- nasty links, and what must not survive them


def wrong_seeds(make, seeds=200, **impaired):
    """Return the seeds with which not exactly what was sent was delivered and acknowledged."""
    messages, wrong = numbered(200), []
    for seed in range(seeds):
        (sender, receiver), path = make(messages), Link(delay=0.02, seed=seed, **impaired)
        simulate(sender, receiver, path, path.reverse(), until=10_000, trace=False)
        if not sender.done or receiver.delivered != messages:
            wrong.append(seed)
    return wrong


NASTY = {"loss": 0.2, "duplicate": 0.05}
REORDERING = {"jitter": 0.02, "reorder": 0.1}


@each_protocol
def test_all_is_delivered_once_and_in_order_over_every_nasty_link(name):
    more = REORDERING if name in SURVIVE_REORDERING else {}
    wrong = wrong_seeds(lambda messages: pair(name, messages), **NASTY, **more)
    assert wrong == [], f"{name} was wrong with these seeds"


def test_without_a_bit_a_lost_acknowledgement_makes_a_duplicate():
    def make(messages):
        return StopAndWaitSender(messages, 0.1, bits=0), StopAndWaitReceiver(bits=0)

    assert wrong_seeds(make, 20, loss=0.2) == list(range(20))
    assert wrong_seeds(make, 1) == []


def test_the_alternating_bit_is_wrong_over_a_link_that_reorders():
    wrong = wrong_seeds(
        lambda messages: pair("alternating bit", messages), 20, **NASTY, **REORDERING
    )
    assert len(wrong) >= 15, f"expected wrong data nearly always, got it with the seeds {wrong}"


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_selective_repeat_is_right_up_to_half_of_the_numbers_and_wrong_beyond(bits):
    def make(window, unsafe=False):
        ends = SelectiveRepeatSender, SelectiveRepeatReceiver
        return lambda messages: (
            ends[0](messages, window, 0.1, bits, unsafe=unsafe),
            ends[1](window, bits, unsafe=unsafe),
        )

    half = 2 ** (bits - 1)
    assert wrong_seeds(make(half), 20, **NASTY) == []
    assert wrong_seeds(make(half + 1, unsafe=True), 20, **NASTY) != []


@pytest.mark.parametrize("bits", [1, 2, 3])
def test_go_back_n_is_right_up_to_all_numbers_but_one_and_wrong_beyond(bits):
    def make(window, unsafe=False):
        return lambda messages: (
            GoBackNSender(messages, window, 0.1, bits, unsafe=unsafe),
            GoBackNReceiver(bits),
        )

    assert wrong_seeds(make(2**bits - 1), 20, **NASTY) == []
    assert wrong_seeds(make(2**bits, unsafe=True), 20, **NASTY) != []


def test_sequence_numbers_wrap():
    messages = [b""] * 70_000
    sender, receiver = SelectiveRepeatSender(messages, 2000, 0.1), SelectiveRepeatReceiver(2000)
    path = Link(delay=0.02, loss=0.01)
    simulate(sender, receiver, path, path.reverse(), trace=False)
    assert (sender.done, len(receiver.delivered)) == (True, 70_000)
    assert not (sender._acked or sender._resent or sender._timers or receiver.kept)  # nothing held


# ---- garbage, and mistakes


@each_protocol
def test_a_datagram_of_the_wrong_kind_is_counted_and_not_answered(name):
    sender, receiver = pair(name, numbered(2))
    sender.wake(0.0)
    assert sender.receive(wire.data(0, b"x"), 0.0) == receiver.receive(wire.ack(0), 0.0) == []
    assert (sender.ignored, receiver.ignored, receiver.delivered) == (1, 1, [])


garbage = st.one_of(
    st.binary(max_size=6),
    st.builds(
        lambda kind, rest: kind + rest, st.sampled_from([b"D", b"A", b"P"]), st.binary(max_size=6)
    ),
)


@each_protocol
@given(st.lists(garbage, max_size=30))
@settings(max_examples=40)
def test_garbage_never_raises_and_is_never_answered_with_garbage(name, datagrams):
    sender, receiver = pair(name, numbered(5))
    for end in (sender, receiver):
        for n, datagram in enumerate(datagrams):
            answers = end.receive(datagram, n / 1000)
            assert all(wire.read_data(a) or wire.read_ack(a) is not None for a in answers)
    assert sender.done or sender.deadline is not None


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: StopAndWaitSender(["a"]), TypeError, "a list of bytes, got 'a' in it"),
        (lambda: GoBackNSender([bytearray(b"a")]), TypeError, r"got bytearray\(b'a'\) in it"),
        (lambda: SelectiveRepeatSender(n for n in [b"a"]), TypeError, "got <generator"),
        (lambda: StopAndWaitSender(b"abc"), TypeError, "a list of bytes, got b'abc'"),
        (lambda: StopAndWaitSender([], 0), ValueError, "seconds above 0 or a Timer, got 0"),
        (lambda: StopAndWaitSender([], "1"), ValueError, "or a Timer, got '1'"),
        (lambda: StopAndWaitSender([], 1, 17), ValueError, "bits must be .* from 0 to 16, got 17"),
        (lambda: GoBackNSender([], 8, 1, 3), ValueError, "at most 7 with 3 bits, got 8"),
        (lambda: GoBackNSender([], 9, 1, 3, unsafe=True), ValueError, "from 1 to 8, got 9"),
        (lambda: GoBackNSender([], 0), ValueError, "window must be a whole number .*, got 0"),
        (lambda: GoBackNSender([], 2.0), ValueError, "window must be a whole number .*, got 2.0"),
        (lambda: GoBackNSender([], 1, 1, 17), ValueError, "bits must be .* from 1 to 16, got 17"),
        (lambda: SelectiveRepeatSender([], spacing=-1), ValueError, "spacing must be .*, got -1"),
        (lambda: GoBackNSender([], spacing=-1), ValueError, "spacing must be .*, got -1"),
        (lambda: GoBackNReceiver(0), ValueError, "bits must be .* from 1 to 16, got 0"),
        (lambda: SelectiveRepeatSender([], 5, 1, 3), ValueError, "at most 4 with 3 bits, got 5"),
        (lambda: SelectiveRepeatReceiver(5, 3), ValueError, r"unsafe=True allows it"),
    ],
)
def test_impossible_arguments_are_refused(make, kind, message):
    with pytest.raises(kind, match=message):
        make()
