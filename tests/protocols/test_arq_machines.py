"""State machines in the hands of hypothesis: any datagram at any time, and the promises hold."""

import pytest
from arq_pairs import PAIRS, numbered, pair
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from netlib.protocols import (
    GoBackNSender,
    RttEstimator,
    SelectiveRepeatReceiver,
    SelectiveRepeatSender,
    wire,
)

MOST = {"alternating bit": 1, "stop-and-wait": 1, "go-back-N": 4, "selective repeat": 4}


class AConversation(RuleBasedStateMachine):
    """A pair and its two directions: hypothesis chooses what arrives, is lost, or is woken.

    Over each direction datagrams arrive again and are lost; where `reorders`, in any order, too.
    At the end the network behaves, and all must be delivered.
    """

    name = "stop-and-wait"

    @initialize(count=st.integers(0, 9), learned=st.booleans())
    def begin(self, count, learned):
        self.messages, self.now = numbered(count), 0.0
        timeout = RttEstimator(1.0, least=0.5, most=8.0) if learned else 1.0
        self.sender, self.receiver = pair(self.name, self.messages, timeout)
        self.there, self.back = [], []

    @property
    def reorders(self):
        return self.name != "alternating bit"

    @rule(data=st.data())
    def something_arrives(self, data):
        forward = data.draw(st.booleans())
        way = self.there if forward else self.back
        if way:
            place = data.draw(st.integers(0, len(way) - 1)) if self.reorders else 0
            datagram = way[place] if data.draw(st.booleans()) else way.pop(place)
            self.hand_over(datagram, forward)

    @rule(data=st.data())
    def something_is_lost(self, data):
        way = data.draw(st.sampled_from([self.there, self.back]))
        if way:
            del way[data.draw(st.integers(0, len(way) - 1))]

    @rule(garbage=st.binary(max_size=2), forward=st.booleans())
    def garbage_arrives(self, garbage, forward):
        self.hand_over(garbage, forward)

    @rule(part=st.sampled_from([0.0, 0.3, 1.0]))
    def time_goes_by(self, part):
        if self.sender.deadline is not None:
            self.now += part * max(0.0, self.sender.deadline - self.now)
            if part == 1.0:
                self.wake()

    def hand_over(self, datagram, forward):
        end, answers = (self.receiver, self.back) if forward else (self.sender, self.there)
        before = self.sender.transmissions
        datagrams = end.receive(datagram, self.now)
        answers += datagrams
        assert self.sender.transmissions - before == (0 if forward else len(datagrams))
        self.check()

    def wake(self):
        self.now = max(self.now, self.sender.deadline)
        self.there += self.sender.wake(self.now)
        assert self.sender.deadline is None or self.sender.deadline > self.now
        self.check()

    def check(self):
        sender, delivered = self.sender, self.receiver.delivered
        assert delivered == self.messages[: len(delivered)]
        assert 0 <= sender.in_flight <= MOST[self.name]
        assert sender.done == (sender.deadline is None)
        assert not sender.done or delivered == self.messages
        assert sender.retransmissions >= 0

    def teardown(self):
        if not hasattr(self, "sender"):
            return
        for _ in range(200):
            while self.there or self.back:
                forward = bool(self.there)
                self.hand_over((self.there if forward else self.back).pop(0), forward)
            if self.sender.done:
                break
            self.wake()
        assert self.receiver.delivered == self.messages and self.sender.done


def case(kind):
    kind.TestCase.settings = settings(max_examples=25, stateful_step_count=25)
    return kind.TestCase


TestAlternatingBit, TestStopAndWait, TestGoBackN, TestSelectiveRepeat = (
    case(type(name, (AConversation,), {"name": name})) for name in PAIRS
)


class APacedSender(RuleBasedStateMachine):
    """A sender with a spacing: never two datagrams at once, never an early one."""

    kind = GoBackNSender

    @initialize(window=st.integers(1, 5))
    def begin(self, window):
        self.sender, self.now, self.sent = (
            self.kind(numbered(9), window, 1.0, spacing=0.25),
            0.0,
            [],
        )

    @precondition(lambda self: hasattr(self, "sender"))
    @rule(early=st.floats(0, 1, exclude_max=True))
    def nothing_before_the_deadline(self, early):
        if self.sender.deadline is not None and self.sender.deadline > self.now:
            between = self.now + early * (self.sender.deadline - self.now)
            assert between >= self.sender.deadline or self.sender.wake(between) == []

    @rule()
    def the_deadline(self):
        if self.sender.deadline is not None:
            self.now = max(self.now, self.sender.deadline)
            self.note(self.sender.wake(self.now))

    @rule(seq=st.integers(0, 12), later=st.floats(0, 0.3))
    def an_acknowledgement(self, seq, later):
        if self.sender.deadline is None or self.now + later < self.sender.deadline:
            self.now += later
        self.note(self.sender.receive(wire.ack(seq), self.now))

    def note(self, datagrams):
        assert len(datagrams) <= 1
        self.sent += [self.now] * len(datagrams)
        assert len(self.sent) < 2 or not datagrams or self.sent[-1] - self.sent[-2] >= 0.25 - 1e-9
        assert self.sender.transmissions == len(self.sent)
        assert self.sender.done == (self.sender.deadline is None)


class APacedSelectiveSender(APacedSender):
    kind = SelectiveRepeatSender


TestAPacedSender, TestAPacedSelectiveSender = map(case, (APacedSender, APacedSelectiveSender))


@pytest.mark.parametrize("window", [1, 3, 4])
def test_a_selective_receiver_is_a_set_with_a_window(window):
    """Compare it with a set of whole numbers that keeps everything."""
    receiver, arrived = SelectiveRepeatReceiver(window, 3), set()
    for step in range(400):
        expected = len(receiver.delivered)
        number = max(0, expected + (step * 7 + step // 3) % (2 * window) - window)
        answers = receiver.receive(wire.data(number % 8, str(number).encode()), 0.0)
        arrived.add(number)
        while expected in arrived:
            expected += 1
        assert answers == [wire.ack(number % 8)]
        assert receiver.delivered == [str(n).encode() for n in range(expected)]
    assert len(receiver.delivered) > 50


@pytest.mark.parametrize("name", PAIRS)
def test_a_message_added_on_the_way_is_delivered_after_the_others(name):
    sender, receiver = pair(name, numbered(1), timeout=1.0)
    (first,) = sender.wake(0.0)
    sender.add(b"added")
    second = sender.wake(0.1) if sender.deadline == 0.0 else []  # where the window has room
    (answer,) = receiver.receive(first, 0.2)
    second += sender.receive(answer, 0.3)
    assert len(second) == 1 and not sender.done
    (answer,) = receiver.receive(second[0], 0.4)
    assert sender.receive(answer, 0.5) == [] and sender.done
    assert receiver.delivered == [b"m0", b"added"] and sender.retransmissions == 0


@pytest.mark.parametrize("name", PAIRS)
def test_a_message_added_when_all_are_delivered_is_due_at_once(name):
    sender, receiver = pair(name, [], timeout=1.0)
    assert sender.done and sender.deadline is None
    sender.add(b"late")
    assert sender.deadline == 0.0 and not sender.done
    (datagram,) = sender.wake(7.0)
    (answer,) = receiver.receive(datagram, 7.1)
    assert sender.receive(answer, 7.2) == [] and sender.done and receiver.delivered == [b"late"]
