"""XOR parity: which losses it recovers, which it cannot, and how many of them remain."""

from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from netlib.links import Link
from netlib.measure import theory
from netlib.protocols import FecReceiver, FecSender, wire
from netlib.worlds import simulate

MESSAGES = [b"a", b"", b"longer than the others", b"\0\0", b"e"]


def sent(messages, k):
    return FecSender(messages, k).wake(0.0)


def test_the_parity_follows_its_messages():
    labels = [wire.describe(d).split(" (")[0] for d in sent([b"a", b"b", b"c"], 2)]
    assert labels == ["DATA 0 'a'", "DATA 1 'b'", "PARITY 0", "DATA 2 'c'", "PARITY 2"]


@pytest.mark.parametrize("k", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("lost", range(5))
def test_any_one_message_of_a_group_is_recovered(k, lost):
    receiver = FecReceiver()
    for datagram in sent(MESSAGES, k):
        if not (read := wire.read_data(datagram)) or read[0] != lost:
            receiver.receive(datagram, 1.0)
    assert receiver.delivered == dict(enumerate(MESSAGES))
    assert (receiver.recovered, set(receiver.times.values())) == (1, {1.0})


def test_two_losses_of_a_group_are_too_many():
    receiver = FecReceiver()
    for datagram in sent(MESSAGES, 5)[2:]:
        receiver.receive(datagram, 0.0)
    assert (sorted(receiver.delivered), receiver.recovered) == ([2, 3, 4], 0)


def test_a_message_after_the_parity_lets_it_recover_another():
    first, second, parity = sent([b"one", b"two"], 2)
    receiver = FecReceiver()
    receiver.receive(parity, 0.1)
    assert receiver.delivered == {}
    receiver.receive(second, 0.2)
    assert (receiver.delivered, receiver.times[0]) == ({0: b"one", 1: b"two"}, 0.2)
    assert not receiver._waiting  # nor is the parity held any longer
    receiver.receive(first, 0.3)
    assert (receiver.delivered[0], receiver.times[0]) == (b"one", 0.2)


def test_a_spacing_spreads_the_messages_and_a_parity_goes_right_behind_its_last():
    sender = FecSender([b"a", b"b", b"c"], 2, spacing=0.5)
    trace = simulate(sender, FecReceiver(), Link(), Link())
    sent = [(e.time, chr(e.payload[0])) for e in trace.only("send")]
    assert sent == [(0.0, "D"), (0.5, "D"), (0.5, "P"), (1.0, "D"), (1.0, "P")]
    assert (sender.done, sender.deadline, sender.transmissions) == (True, None, 5)


def test_numbers_wrap():
    messages = [str(n).encode() for n in range(70_000)]
    receiver = FecReceiver()
    simulate(FecSender(messages, 100), receiver, Link(loss={70_000}), Link(), trace=False)
    assert (receiver.recovered, receiver.delivered) == (1, dict(enumerate(messages)))


@pytest.mark.parametrize(
    "numbers",
    [
        [65_535],  # nearer to 0 than any number above it, if there were one below 0
        [30_000, 60_000, 90_000, 60_500, 93_500],  # a late one does not take the latest back
    ],
)
def test_a_number_is_the_nearest_to_the_latest_and_never_below_0(numbers):
    receiver = FecReceiver()
    for number in numbers:
        receiver.receive(wire.data(number % 65_536, b"."), 0.0)
    assert list(receiver.delivered) == numbers


def test_the_first_copy_of_a_message_and_its_time_are_kept():
    receiver = FecReceiver()
    for now, message in ((0.1, b"first"), (0.2, b"second")):
        receiver.receive(wire.data(0, message), now)
    assert (receiver.delivered, receiver.times) == ({0: b"first"}, {0: 0.1})


@pytest.mark.parametrize("body", [b"\0", b"\xff" * 9], ids=["too short", "no length in it"])
def test_a_parity_that_is_not_of_these_messages_is_ignored(body):
    receiver = FecReceiver()
    receiver.receive(wire.data(0, b"long"), 0.0)
    receiver.receive(wire.parity(0, 2, body), 0.0)
    receiver.receive(b"neither", 0.0)
    assert (receiver.delivered, receiver.recovered, receiver.ignored) == ({0: b"long"}, 0, 2)


@pytest.mark.parametrize(("p", "k"), [(0.02, 4), (0.1, 2), (0.1, 10), (0.3, 3)])
def test_the_loss_that_is_left_is_that_of_the_formula(p, k):
    n, receiver = 6000 // k * k, FecReceiver()
    simulate(FecSender([b"."] * n, k), receiver, Link(loss=p, seed=3), Link(), trace=False)
    expected = theory.fec_residual(p, k)
    # losses of one group come together, at most k of them: that widens the error
    spread = sqrt(k * expected * (1 - expected) / n)
    assert abs(1 - len(receiver.delivered) / n - expected) < 3 * spread


def test_the_formula_between_its_ends():
    assert theory.fec_residual(0.1, 1) == pytest.approx(0.01)  # both copies
    assert theory.fec_residual(0.1, 1000) == pytest.approx(0.1)


@given(st.lists(st.binary(max_size=9) | st.binary(max_size=9).map(lambda rest: b"P\0\0" + rest)))
@settings(max_examples=60)
def test_garbage_never_raises(datagrams):
    receiver, sender = FecReceiver(), FecSender(MESSAGES)
    for datagram in datagrams:
        assert receiver.receive(datagram, 0.0) == sender.receive(datagram, 0.0) == []


class AGroup(RuleBasedStateMachine):
    """Datagrams that come in any order, again, or never, to one receiver."""

    @initialize(
        messages=st.lists(st.binary(max_size=5), min_size=1, max_size=9), k=st.integers(1, 4)
    )
    def begin(self, messages, k):
        self.messages, self.k, self.receiver = messages, k, FecReceiver()
        self.datagrams, self.arrived = sent(messages, k), set()

    @rule(data=st.data())
    def arrive(self, data):
        datagram = data.draw(st.sampled_from(self.datagrams))
        self.receiver.receive(datagram, 0.0)
        self.arrived.add(datagram[:3])

    @rule(garbage=st.binary(max_size=2))
    def disturb(self, garbage):
        self.receiver.receive(garbage, 0.0)

    @precondition(lambda self: hasattr(self, "receiver"))
    @invariant()
    def delivered_is_what_arrived_and_one_more_with_the_parity(self):
        expected = set()
        for first in range(0, len(self.messages), self.k):
            group = set(range(first, min(first + self.k, len(self.messages))))
            present = {n for n in group if wire.data(n, b"") in self.arrived}
            parity = wire.parity(first, 1, b"")[:3] in self.arrived
            expected |= group if parity and len(group - present) == 1 else present
        assert self.receiver.delivered == {n: self.messages[n] for n in expected}


TestAGroup = AGroup.TestCase
TestAGroup.settings = settings(max_examples=30, stateful_step_count=20)


@pytest.mark.parametrize("k", [0, 256, 1.5])
def test_an_impossible_group_is_refused(k):
    with pytest.raises(ValueError, match=f"k must be a whole number from 1 to 255, got {k}"):
        FecSender([], k)


def test_messages_and_a_spacing_that_cannot_be_are_refused():
    with pytest.raises(TypeError, match="messages must be a list of bytes, got b'abc'"):
        FecSender(b"abc")
    with pytest.raises(ValueError, match=r"spacing must be .*, 0 or more, got -1"):
        FecSender([], spacing=-1)
