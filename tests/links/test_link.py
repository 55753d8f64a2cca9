"""The link: its order of trouble, its promises on any traffic, its rates on a million datagrams."""

import copy
import pickle
from itertools import combinations, islice

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.links.delays import Constant, Empirical, Normal, Uniform
from netlib.links.link import COIN, OVERFLOW, Link
from netlib.links.loss import AtLeastApart, GilbertElliott, Independent


def carry_all(link, traffic):
    return [link.carry(size, now) for now, size in traffic]


def every(gap, count, size=1000):
    return [(n * gap, size) for n in range(count)]


# ---- one thing at a time


def test_a_perfect_link_delivers_at_once():
    assert Link().carry(1000, 2.5) == [2.5]


def test_the_delay_is_added_and_the_bits_are_counted():
    assert Link(delay=0.02, rate=1e6).carry(1250, 1.0) == pytest.approx([1.0 + 0.01 + 0.02])


def test_overhead_counts_towards_the_rate():
    assert Link(rate=1e6, overhead=250).carry(1000, 0.0) == pytest.approx([0.01])


def test_one_waits_for_the_other_at_the_bottleneck():
    link = Link(rate=1e6, delay=0.005)
    assert [link.carry(1250, 0.0)[0] for _ in range(3)] == pytest.approx([0.015, 0.025, 0.035])
    assert link.waiting(0.0) == 2
    assert link.waiting(0.0101) == 1
    assert link.carry(1250, 1.0) == pytest.approx([1.015])


def test_the_queue_counts_those_that_wait_beside_the_one_being_sent():
    link = Link(rate=1e6, queue=2)
    assert [len(link.carry(1250, 0.0)) for _ in range(5)] == [1, 1, 1, 0, 0]
    assert (link.lost, link.overflowed, link.why_lost) == (0, 2, OVERFLOW)
    assert link.carry(1250, 0.0101) != []  # one has left the queue


def test_without_a_queue_one_is_sent_or_dropped():
    link = Link(rate=1e6, queue=0)
    traffic = [(0.0, 1250), (0.005, 1250), (0.01, 1250), (0.02, 1250)]
    assert [len(a) for a in carry_all(link, traffic)] == [1, 0, 1, 1]


def test_sums_of_times_that_are_a_hair_off_do_not_cost_a_datagram():
    assert all(carry_all(Link(rate=1e6, queue=0), every(0.01, 10_000, 1250)))
    assert all(carry_all(Link(rate=8e6 / 3, queue=0), every(0.003, 10_000)))


def test_a_queue_in_bytes_bounds_what_is_not_yet_sent():
    link = Link(rate=1e6, queue_bytes=3000)
    sizes = [1000, 1000, 1001, 1000, 1]
    assert [len(link.carry(size, 0.0)) for size in sizes] == [1, 1, 0, 1, 0]


def test_a_queue_in_bytes_never_keeps_a_datagram_out_of_an_idle_link():
    assert Link(rate=1e6, queue_bytes=0).carry(1250, 0.0) == pytest.approx([0.01])


def test_without_a_rate_nothing_waits():
    assert carry_all(Link(queue=0), [(0.0, 1000)] * 3) == [[0.0]] * 3


def test_loss_comes_before_the_queue():
    link = Link(loss={1}, rate=1e6, queue=1)
    assert [len(link.carry(1250, 0.0)) for _ in range(4)] == [1, 0, 1, 0]
    assert (link.lost, link.overflowed) == (1, 1)


def test_the_link_says_why_it_lost():
    link = Link(loss={0}, rate=1e6, queue=0)
    assert link.why_lost == ""
    link.carry(1000, 0.0)
    assert link.why_lost == COIN
    carry_all(link, [(0.1, 1000)] * 2)
    assert link.why_lost == OVERFLOW


def test_a_duplicate_takes_its_own_turn_and_its_own_delay():
    link = Link(delay=Normal(0.1, 0.01), duplicate={0}, rate=1e6)
    original, copied = link.carry(1250, 0.0)
    assert copied != pytest.approx(original + 0.01, abs=1e-6)
    assert link.carry(1250, 0.0)[0] >= 0.03
    assert (link.carried, link.duplicated) == (2, 1)


def test_the_copy_may_overflow_alone():
    link = Link(duplicate={0}, rate=1e6, queue=0)
    assert len(link.carry(1250, 0.0)) == 1
    assert (link.duplicated, link.overflowed) == (1, 1)


def test_a_copy_of_what_overflows_overflows_as_well():
    link = Link(duplicate={1}, rate=1e6, queue=0)
    assert [len(link.carry(1250, 0.0)) for _ in range(2)] == [1, 0]
    assert (link.duplicated, link.overflowed) == (1, 2)


def test_a_lost_datagram_is_not_duplicated():
    link = Link(loss={0}, duplicate={0})
    assert link.carry(1000, 0.0) == []
    assert link.duplicated == 0


def test_a_reordered_datagram_skips_the_delay_but_not_the_rate():
    link = Link(delay=0.1, reorder={1}, rate=1e6)
    assert carry_all(link, [(0.0, 1250)] * 2) == [[pytest.approx(0.11)], [pytest.approx(0.02)]]
    assert link.reordered == 1


def test_one_bit_of_a_corrupt_datagram_is_flipped_and_which_one_is_a_function_of_the_seed():
    sent, links = bytes(1000), (Link(corrupt=0.3, seed=1), Link(corrupt=0.3, loss=0.5, seed=1))
    arrived = []
    for link in links:
        arrived.append([])
        for n in range(1000):
            link.carry(len(sent), float(n))
            arrived[-1].append(int.from_bytes(link.arriving(sent)))
    assert arrived[0] == arrived[1], "what the loss does changes nothing"
    bits = [bit for bit in arrived[0] if bit]
    assert {bit.bit_count() for bit in bits} == {1}
    assert inside(0.3, interval(len(bits), 1000))
    assert len(set(bits)) > 250, "bits all over the payload"
    link = Link(corrupt=1.0)
    assert link.carry(0, 0.0) == [0.0] and link.arriving(b"") == b""


def test_a_change_goes_on_with_the_corruption_where_it_was():
    once, changed = Link(corrupt=0.3, seed=1), Link(seed=1)
    flips = []
    for n in range(100):
        if n == 50:
            changed.change(corrupt=0.3)
        for link in (once, changed):
            link.carry(100, float(n))
        flips.append((once.corrupts, changed.corrupts))
    assert all(one == other for one, other in flips[50:])
    assert any(one for one, _ in flips[50:]) and not any(other for _, other in flips[:50])


def test_jitter_lets_datagrams_overtake_unless_order_is_kept():
    free, kept = Link(delay=0.05, jitter=0.05), Link(delay=0.05, jitter=0.05, keep_order=True)
    traffic = every(0.001, 200)
    arrivals, ordered = ([a[0] for a in carry_all(link, traffic)] for link in (free, kept))
    assert arrivals != sorted(arrivals)
    assert ordered == np.maximum.accumulate(arrivals).tolist()


def test_two_flows_share_the_queue_of_one_link():
    link = Link(rate=1e6, queue=1)
    assert link.carry(1250, 0.0) == pytest.approx([0.01])  # one flow
    assert link.carry(1250, 0.0) == pytest.approx([0.02])  # the other
    assert link.carry(1250, 0.0) == []


# ---- promises on any traffic

PROBABILITIES = st.floats(0, 1)
TRAFFIC = st.lists(st.tuples(st.floats(0, 0.05), st.integers(0, 2000)), max_size=60).map(
    lambda gaps: list(
        zip(np.cumsum([g for g, _ in gaps]).tolist(), [s for _, s in gaps], strict=True)
    )
)
QUEUES = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"queue": st.integers(0, 10)}),
    st.fixed_dictionaries({"queue_bytes": st.integers(0, 20_000)}),
)
RATES = st.one_of(st.none(), st.floats(1e3, 1e8))
PATHS = st.fixed_dictionaries(
    {
        "delay": st.floats(0, 1),
        "jitter": st.floats(0, 1),
        "loss": st.one_of(
            PROBABILITIES, st.builds(GilbertElliott, st.floats(0.01, 1), PROBABILITIES)
        ),
        "duplicate": PROBABILITIES,
        "reorder": PROBABILITIES,
        "overhead": st.integers(0, 60),
        "keep_order": st.booleans(),
        "seed": st.integers(0, 2**64 - 1),
        "rate": RATES,
    }
)


@given(PATHS, QUEUES, TRAFFIC)
@settings(max_examples=150)
def test_in_equals_out_plus_lost_plus_what_is_still_inside(path, queue, traffic):
    link = Link(**path, **queue)
    arrivals = [at for many in carry_all(link, traffic) for at in many]
    end = traffic[-1][0] if traffic else 0.0
    out, inside = sum(at <= end for at in arrivals), sum(at > end for at in arrivals)
    assert link.carried == len(traffic)
    assert link.carried + link.duplicated == out + inside + link.lost + link.overflowed


@given(PATHS, QUEUES, TRAFFIC)
@settings(max_examples=60)
def test_the_same_seed_and_traffic_give_the_same_arrivals(path, queue, traffic):
    assert carry_all(Link(**path, **queue), traffic) == carry_all(Link(**path, **queue), traffic)


@given(PATHS, QUEUES, TRAFFIC)
@settings(max_examples=60)
def test_nothing_arrives_before_it_was_sent(path, queue, traffic):
    arrivals = carry_all(Link(**path, **queue), traffic)
    assert all(at >= now for many, (now, _) in zip(arrivals, traffic, strict=True) for at in many)


@given(PATHS, QUEUES, TRAFFIC)
@settings(max_examples=60)
def test_without_jitter_and_reordering_order_is_kept(path, queue, traffic):
    link = Link(**{**path, "jitter": 0.0, "reorder": 0.0}, **queue)
    arrivals = [at for many in carry_all(link, traffic) for at in many]
    assert arrivals == sorted(arrivals)


@given(st.floats(1e3, 1e8), QUEUES, st.integers(0, 60), TRAFFIC)
@settings(max_examples=100)
def test_over_no_interval_is_the_rate_exceeded(rate, queue, overhead, traffic):
    link = Link(delay=0.1, rate=rate, overhead=overhead, **queue)
    carried = zip(traffic, carry_all(link, traffic), strict=True)
    sent = [(at, size) for (_, size), many in carried for at in many]
    times = np.array([at for at, _ in sent])
    bits = np.cumsum([0] + [8 * (size + overhead) for _, size in sent])
    for first in range(len(sent)):  # from the arrival of one to that of any later one
        later = bits[first + 2 :] - bits[first + 1]
        assert (later <= rate * (times[first + 1 :] - times[first] + 1e-9) + 1e-6).all()


@given(PATHS, st.integers(0, 5), TRAFFIC)
@settings(max_examples=60)
def test_no_more_wait_than_the_queue_may_hold(path, queue, traffic):
    link = Link(**path, queue=queue)
    for now, size in traffic:
        link.carry(size, now)
        assert link.waiting(now) <= queue


# ---- the n-th datagram meets the n-th fate


def fates(count=300, **impairments):
    return list(islice(Link(seed=5, **impairments).fates(), count))


def test_changing_the_loss_does_not_change_the_delay_of_any_datagram():
    everything = {"delay": Normal(0.1, 0.01, 0.3), "duplicate": 0.1, "reorder": 0.2}
    light, heavy = (fates(loss=p, **everything) for p in (0.01, 0.5))
    assert [fate[1:] for fate in light] == [fate[1:] for fate in heavy]
    assert [fate[0] for fate in light] != [fate[0] for fate in heavy]


def test_more_loss_loses_the_same_datagrams_and_others():
    light, heavy = ({n for n, f in enumerate(fates(loss=p)) if f[0]} for p in (0.1, 0.4))
    assert light < heavy


def test_fates_do_not_depend_on_sizes_times_or_the_queue():
    impairments = {"loss": 0.2, "duplicate": 0.1, "jitter": 0.01, "delay": 0.01, "seed": 9}
    one, other = Link(**impairments), Link(**impairments, rate=1e5, queue=2)
    lost = [
        [not link.carry(s, t) and link.why_lost == COIN for t, s in traffic]
        for link, traffic in ((one, every(1.0, 300, 10)), (other, every(0.001, 300, 1000)))
    ]
    assert lost[0] == lost[1]
    assert one.lost == other.lost


def test_duplicates_do_not_disturb_those_that_come_after():
    plain = {"delay": Normal(0.1, 0.01, 0.3), "loss": 0.1, "reorder": 0.1, "seed": 3}
    none, many = (Link(**plain, duplicate=p) for p in (0.0, 0.5))
    originals = [carry_all(link, every(1.0, 300)) for link in (none, many)]
    assert [arrivals[:1] for arrivals in originals[1]] == originals[0]
    assert many.duplicated > 100


def test_other_seeds_and_the_way_back_lose_others():
    links = [Link(loss=0.3, seed=1), Link(loss=0.3, seed=2), Link(loss=0.3, seed=1).reverse()]
    lost = [tuple(not a for a in carry_all(link, every(1, 200))) for link in links]
    assert len(set(lost)) == 3
    assert links[2] == Link(loss=0.3, seed=1).reverse()


def test_the_draws_of_each_kind_are_independent_of_all_others():
    # the same p throughout: two kinds that shared a stream would pick the same datagrams
    count, p = 4000, 0.5
    link = Link(delay=Uniform(0.5, 0.5), loss=p, duplicate=p, reorder=p, seed=5)
    kinds = {
        name: np.array(values, float)
        for name, values in zip(
            ("loss", "duplicate", "reorder", "delay"),
            zip(*islice(link.fates(), count), strict=True),
            strict=True,
        )
    }
    link = Link(delay=Uniform(0.5, 0.5), duplicate=1.0, seed=5)
    arrivals = carry_all(link, [(0.0, 100)] * count)
    kinds["copy"] = np.array([copied for _, copied in arrivals])
    for one, other in combinations(kinds, 2):
        pvalue = scipy.stats.pearsonr(kinds[one], kinds[other]).pvalue
        assert pvalue > 1e-4, f"{one} and {other} share a stream"


def test_numbers_of_numpy_give_plain_times():
    plain = {"delay": 0.02, "jitter": 0.01, "loss": 0.1, "rate": 1e6, "queue": 5, "seed": 3}
    link = Link(**{name: np.array(value)[()] for name, value in plain.items()})
    assert (link, str(link)) == (Link(**plain), str(Link(**plain)))
    times = carry_all(link, every(0.001, 50))
    assert times == carry_all(Link(**plain), every(0.001, 50))
    assert {type(at) for many in times for at in many} == {float}


# ---- settings: a value, a fresh run, a change on the way


def test_links_are_equal_when_their_settings_are():
    assert Link(delay=0.02, jitter=0.01, loss=0.1) == Link(
        delay=Uniform(0.02, 0.01), loss=Independent(0.1)
    )
    used = Link(loss=0.1)
    used.carry(1000, 0.0)
    assert used == Link(loss=0.1) != Link(loss=0.1, seed=1)
    assert Link() != "Link()"


@pytest.mark.parametrize(
    "again", [Link.copy, copy.copy, copy.deepcopy, lambda k: pickle.loads(pickle.dumps(k))]
)
def test_a_copy_is_a_fresh_link(again):
    link = Link(delay=Empirical((0.1, 0.2)), loss=0.3, rate=1e6, queue=3, seed=4)
    first = carry_all(link, every(0.001, 100))
    assert again(link) == link
    assert again(link).carried == 0
    assert carry_all(again(link), every(0.001, 100)) == first


def test_a_copy_can_differ():
    link = Link(delay=0.02, jitter=0.01, loss=0.1, rate=1e6, seed=3)
    assert link.copy(seed=4, loss=0.2) == Link(0.02, 0.01, 0.2, rate=1e6, seed=4)
    assert link.copy(delay=0.05).delay == Uniform(0.05, 0.01)
    assert link.copy(jitter=0.02).delay == Uniform(0.02, 0.02)
    assert link.copy(delay=Normal(0.1, 0.01)).delay == Normal(0.1, 0.01)
    assert link.copy(delay=Normal(0.1, 0.01)).copy(delay=0.3).delay == Constant(0.3)
    with pytest.raises(TypeError, match="a link has no 'los'; it has delay, loss"):
        link.copy(los=0.1)


def test_a_change_keeps_the_count_the_coin_and_the_queue():
    link = Link(loss=0.3, delay=Normal(0.1, 0.01, 0.5), rate=1e6)
    same = link.copy()
    before = carry_all(link, [(0.0, 1250)] * 50)
    assert before == carry_all(same, [(0.0, 1250)] * 50)
    link.change(loss=0.0)
    after, others = (carry_all(each, [(0.0, 1250)] * 50) for each in (link, same))
    assert sum(map(len, after)) == 50 > sum(map(len, others))
    assert link.carried == 100
    link.change(rate=2e6)
    assert link.carry(1250, 0.0)[0] > link._bottleneck.free_at - 0.005  # still behind the others


def test_a_change_leaves_the_fates_of_a_chain_where_they_were():
    link, same = (Link(loss=GilbertElliott(0.1, 0.3), seed=2) for _ in range(2))
    expected = carry_all(same, every(1, 200))
    got = carry_all(link, every(1, 100))
    link.change(delay=0.0, jitter=0.0)
    got += [link.carry(1000, float(n)) for n in range(100, 200)]
    assert got == expected


def test_parameters_are_read_and_not_written():
    link = Link(delay=0.02, rate=1e6, queue=3)
    assert (link.delay, link.rate, link.queue, link.seed) == (Constant(0.02), 1e6, 3, 0)
    with pytest.raises(AttributeError):
        link.rate = 2e6


def test_a_link_shows_what_it_is():
    assert repr(Link()) == "Link()"
    assert repr(Link(delay=0.024, loss=0.01, seed=3)) == "Link.parse('delay 24ms loss 1% seed 3')"
    assert repr(Link(loss={3, 7}, seed=1)) == "Link(loss=These({3, 7}), seed=1)"
    assert str(Link(keep_order=True)) == "Link(keep_order=True)"


def test_time_does_not_go_back_and_sizes_are_not_negative():
    link = Link()
    link.carry(1000, 1.5)
    with pytest.raises(
        ValueError, match=r"expected a time of 1.5 s or later, got 1.2; for another run"
    ):
        link.carry(1000, 1.2)
    with pytest.raises(ValueError, match="got nan"):
        link.carry(1000, float("nan"))
    with pytest.raises(ValueError, match="size must be 0 bytes or more, got -1"):
        link.carry(-1, 2.0)
    with pytest.raises(ValueError, match=r"expected a time of 0.0 s or later, got -1"):
        Link().carry(1000, -1)
    assert link.carried == 1


@pytest.mark.parametrize(
    "impairments, message",
    [
        ({"loss": 15}, r"loss must be a probability in \[0, 1\], got 15"),
        ({"reorder": -1}, "reorder must be a probability"),
        ({"rate": 0}, "rate must be bits per second above 0, or None: no limit; got 0"),
        ({"rate": float("inf")}, "got inf"),
        ({"queue": 2.5}, "queue must be a whole number of datagrams, 0 or more, got 2.5"),
        ({"queue": -1}, "got -1"),
        ({"queue_bytes": 0.5}, "queue_bytes must be a whole number of bytes"),
        ({"queue": 1, "queue_bytes": 9}, "expected queue or queue_bytes, got both: 1 and 9"),
        ({"overhead": -8}, "overhead must be"),
        ({"seed": "a"}, "seed must be a whole number, 0 or more, got 'a'"),
        ({"rate": 10**400}, "rate must be .*; got one of 1329 bits, too large to calculate with"),
        ({"delay": 10**400}, "delay must be .*, got one of 1329 bits, too large"),
        ({"loss": 10**5000}, "loss must be .*, got one of 16610 bits, too large"),
        ({"rate": 1e4, "queue_bytes": 10**400}, "queue_bytes must be .* too large"),
        ({"rate": 1e4, "overhead": 10**400}, "overhead must be .* too large"),
    ],
)
def test_a_wrong_parameter_is_named(impairments, message):
    with pytest.raises(ValueError, match=message):
        Link(**impairments)


# ---- everything at once


def interval(hits, of, correlation=0.0):
    """The 99.9 % interval of a share; correlated samples are worth fewer independent ones."""
    worth = (1 - correlation) / (1 + correlation)
    result = scipy.stats.binomtest(round(hits * worth), round(of * worth))
    return result.proportion_ci(0.999, method="wilson")


def inside(value, bounds):
    return bounds.low < value < bounds.high


def test_a_million_datagrams_through_every_impairment_meet_each_rate_within_its_interval():
    n, gap, size = 1_000_000, 0.0008, 1000
    words = "delay 80ms 10ms 8% distribution normal loss 1% 25% duplicate 0.1% reorder 25% 50%"
    link = Link.parse(f"{words} rate 8mbit limit 20", seed=1)
    travel, carry, admitted, turn = [], link.carry, 0, 8 * size / 8e6
    for number in range(n):
        arrivals = carry(size, number * gap)
        if arrivals:  # 1.25 come for each that can be sent, so there is always one being sent
            travel.append(arrivals[0] - (admitted + 1) * turn)
            admitted += len(arrivals)
    delays = np.array(travel)
    survived = n - link.lost
    assert admitted == survived + link.duplicated - link.overflowed
    assert admitted == pytest.approx(n * gap / turn, abs=22)
    assert inside(0.01, interval(link.lost, n, 0.25))
    assert inside(0.001, interval(link.duplicated, survived))
    assert inside(0.25, interval(link.reordered, delays.size, 0.5))
    travelled = delays[delays > 1e-6]  # who is sent ahead takes none, but for sums of times
    assert travelled.size == delays.size - link.reordered
    spread = 0.01 / np.sqrt(travelled.size * 0.92 / 1.08)
    assert abs(travelled.mean() - 0.08) < 3.3 * spread
    assert abs(travelled.std() - 0.01) < 3.3 * 0.01 / np.sqrt(2 * travelled.size * 0.92 / 1.08)


def test_reordering_in_gaps_keeps_its_distance_on_a_link():
    link, traffic = Link(delay=0.1, reorder=AtLeastApart(1.0, gap=5)), every(0.001, 20)
    early = [at[0] == now for at, (now, _) in zip(carry_all(link, traffic), traffic, strict=True)]
    assert [n for n, first in enumerate(early) if first] == [4, 9, 14, 19]
