"""The estimator of RFC 6298, against a second computation and inside the senders."""

from math import inf

import pytest
from arq_pairs import PAIRS, numbered, pair
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from netlib.links import Link
from netlib.protocols.timeout import KEPT, FixedTimeout, RttEstimator, Timer, timer_for
from netlib.worlds import simulate


def test_the_first_sample_sets_mean_variation_and_timeout():
    estimator = RttEstimator(least=0.0)
    assert (estimator.rto, estimator.srtt) == (1.0, None)
    estimator.sample(0.2)
    assert (estimator.srtt, estimator.rttvar) == (0.2, 0.1)
    assert estimator.rto == pytest.approx(0.2 + 4 * 0.1)


def test_the_second_sample_moves_the_variation_before_the_mean():
    estimator = RttEstimator(least=0.0)
    estimator.sample(0.2)
    estimator.sample(0.4)
    assert estimator.rttvar == pytest.approx(0.75 * 0.1 + 0.25 * 0.2)
    assert estimator.srtt == pytest.approx(7 / 8 * 0.2 + 1 / 8 * 0.4)
    assert estimator.rto == pytest.approx(0.225 + 4 * 0.125)
    assert estimator.history == [(0.2, pytest.approx(0.6)), (0.4, estimator.rto)]


def test_constant_round_trips_leave_the_granularity_above_them():
    estimator = RttEstimator(least=0.0, granularity=0.01)
    for _ in range(200):
        estimator.sample(0.3)
    assert estimator.rto == pytest.approx(0.31)


def test_the_bounds_of_the_rfc_are_kept():
    estimator = RttEstimator()
    estimator.sample(0.001)
    assert estimator.rto == 1.0
    estimator.sample(1000.0)
    assert estimator.rto == 60.0


def test_a_timeout_is_never_0_whatever_is_allowed():
    estimator = RttEstimator(k=0, granularity=0, least=0)
    estimator.sample(0.0)
    assert 0 < estimator.rto < 1e-6


def test_backing_off_doubles_up_to_the_bound_and_a_sample_ends_it():
    estimator = RttEstimator(1.0, most=5.0)
    timeouts = []
    for _ in range(4):
        estimator.back_off()
        timeouts.append(estimator.rto)
    assert timeouts == [2.0, 4.0, 5.0, 5.0]
    estimator.sample(0.5)
    assert estimator.rto == pytest.approx(1.5)


def test_k_is_how_many_variations_are_allowed_for():
    for k in (0, 1, 4):
        estimator = RttEstimator(k=k, least=0.0, granularity=0.0)
        estimator.sample(0.2)
        assert estimator.rto == pytest.approx(0.2 + k * 0.1)


@pytest.mark.parametrize("name", PAIRS)
def test_over_a_varying_path_a_learned_timeout_is_hardly_ever_too_early(name):
    estimator = RttEstimator(1.0, least=0.0)
    sender, receiver = pair(name, numbered(300), estimator)
    path = Link(delay=0.05, jitter=0.01, keep_order=True)
    simulate(sender, receiver, path, path.reverse(), until=1000, trace=False)
    assert receiver.delivered == numbered(300)
    assert 0.09 < estimator.srtt < 0.11
    assert sender.timeouts <= 3  # nothing was lost: each one is spurious


def test_a_low_k_sends_again_what_was_not_lost():
    def spurious(k):
        estimator = RttEstimator(1.0, k=k, least=0.0)
        sender, receiver = pair("stop-and-wait", numbered(300), estimator)
        path = Link(delay=0.05, jitter=0.03)
        simulate(sender, receiver, path, path.reverse(), until=1000, trace=False)
        return sender.timeouts

    few, some, many = (spurious(k) for k in (4, 1, 0.2))
    assert few < some < many


class AnEstimator(RuleBasedStateMachine):
    """Any samples and back-offs, against the sums of the RFC's definition."""

    def __init__(self):
        super().__init__()
        self.estimator, self.samples, self.backed_off = RttEstimator(1.0, least=0.2), [], 0

    @rule(rtt=st.floats(0, 100))
    def sample(self, rtt):
        self.estimator.sample(rtt)
        self.samples.append(rtt)
        self.backed_off = 0

    @rule()
    def back_off(self):
        self.estimator.back_off()
        self.backed_off += 1

    @invariant()
    def it_is_what_the_definition_says(self):
        rto, srtt = 1.0, None
        for rtt in self.samples:
            if srtt is None:
                srtt, rttvar = rtt, rtt / 2
            else:
                rttvar = 3 / 4 * rttvar + 1 / 4 * abs(srtt - rtt)
                srtt = 7 / 8 * srtt + 1 / 8 * rtt
            rto = min(60.0, max(0.2, srtt + max(0.001, 4 * rttvar)))
        assert self.estimator.rto == pytest.approx(min(60.0, rto * 2**self.backed_off))
        assert 0.2 <= self.estimator.rto <= 60.0


TestAnEstimator = AnEstimator.TestCase
TestAnEstimator.settings = settings(max_examples=30, stateful_step_count=20)


def test_a_number_is_a_fixed_timeout_and_a_timer_itself():
    fixed, estimator = timer_for(2), RttEstimator()
    fixed.sample(9.0)
    fixed.back_off()
    assert (fixed.rto, repr(fixed), timer_for(estimator)) == (2.0, "FixedTimeout(2 s)", estimator)
    assert isinstance(fixed, Timer) and isinstance(estimator, Timer)


def test_the_history_of_an_endless_connection_is_bounded_and_what_is_left_out_counted():
    estimator = RttEstimator()
    estimator.history += [(0.1, 1.0)] * (2 * KEPT - 1)
    estimator.sample(0.3)
    assert (len(estimator.history), estimator.forgotten) == (KEPT, KEPT)
    assert estimator.history[-1] == (0.3, 1.0)


def test_an_estimator_says_what_it_knows():
    estimator = RttEstimator()
    assert repr(estimator) == "RttEstimator(rto 1 s, no sample yet)"
    estimator.sample(2.0)
    assert repr(estimator) == "RttEstimator(rto 6 s, srtt 2 s, rttvar 1 s)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RttEstimator(0.5), "expected 0 <= least <= initial <= most"),
        (lambda: RttEstimator(0, least=0), "initial above 0; got least=0, initial=0"),
        (lambda: RttEstimator(k=-1), "k must be a finite number, 0 or more, got -1"),
        (lambda: RttEstimator(granularity=inf), "granularity must be a finite number, .*, got inf"),
        (lambda: RttEstimator(alpha=0), r"alpha must be a weight in \(0, 1\], got 0"),
        (lambda: RttEstimator(beta=1.5), r"beta must be a weight in \(0, 1\], got 1.5"),
        (lambda: RttEstimator().sample(-1), "rtt must be a number of seconds, 0 or more, got -1"),
        (lambda: RttEstimator().sample(inf), "rtt must be a number of seconds, 0 or more, got inf"),
        (lambda: FixedTimeout(inf), "seconds above 0 or a Timer, got inf"),
        (lambda: FixedTimeout(True), "seconds above 0 or a Timer, got True"),
    ],
)
def test_impossible_numbers_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
