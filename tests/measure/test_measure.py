"""Statistics against published values, formulas against independent simulations."""

import numpy as np
import pytest
import scipy

from netlib.measure import stats, theory

RNG_SEED = 1


@pytest.fixture
def rng():
    return np.random.default_rng(RNG_SEED)


def within(samples, expected, errors=4):
    """Say whether the mean of independent samples lies within `errors` standard errors."""
    return abs(np.mean(samples) - expected) < errors * scipy.stats.sem(samples)


def test_wilsons_interval_has_the_published_values():
    # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    assert stats.proportion_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert stats.proportion_interval(0, 20) == pytest.approx((0.0000, 0.1611), abs=1e-4)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (3, 20), (500, 1000), (1000, 1000)])
def test_the_intervals_are_those_of_scipy(rng, hits, n, confidence):
    expected = scipy.stats.binomtest(hits, n).proportion_ci(confidence, method="wilson")
    assert stats.proportion_interval(hits, n, confidence) == pytest.approx(tuple(expected))
    samples = rng.exponential(size=max(10, n))
    mean, error = np.mean(samples), scipy.stats.sem(samples)
    expected = scipy.stats.t.interval(confidence, len(samples) - 1, loc=mean, scale=error)
    slack = 0.002 * (expected[1] - expected[0])
    assert stats.mean_interval(samples, confidence) == pytest.approx(expected, abs=slack)


@pytest.mark.parametrize("freedom", [9, 15, 29, 1000])
@pytest.mark.parametrize("probability", [0.9, 0.975, 0.9995])
def test_students_quantile_is_that_of_scipy(probability, freedom):
    expected = scipy.stats.t.ppf(probability, freedom)
    assert stats.student_quantile(probability, freedom) == pytest.approx(expected, rel=0.002)


def test_too_few_samples_for_an_interval_are_refused():
    with pytest.raises(ValueError, match="at least 10 samples, got 9"):
        stats.mean_interval(range(9))


@pytest.mark.parametrize(("hits", "n"), [(-1, 10), (11, 10), (0, 0)])
def test_more_hits_than_trials_are_refused(hits, n):
    with pytest.raises(ValueError, match="hits"):
        stats.proportion_interval(hits, n)


@pytest.mark.parametrize(("n", "p"), [(100, 0.05), (1000, 0.01), (50, 0.5)])
def test_wilsons_interval_covers_about_as_often_as_it_says(n, p):
    covered = [
        low <= p <= high for low, high in (stats.proportion_interval(k, n) for k in range(n + 1))
    ]
    coverage = scipy.stats.binom.pmf(range(n + 1), n, p) @ covered
    assert 0.92 < coverage < 0.98


def test_wilsons_interval_never_leaves_the_probabilities():
    intervals = [stats.proportion_interval(hits, n) for n in range(1, 200) for hits in (0, n)]
    assert all(0 <= low < high <= 1 for low, high in intervals)


def test_three_over_n_is_what_zero_losses_leave_possible():
    for n in (50, 1000):
        assert (1 - theory.none_seen(n)) ** n == pytest.approx(0.05, abs=0.005)


def test_the_interval_of_a_mean_covers_it(rng):
    hits = [
        low <= 0 <= high
        for low, high in (stats.mean_interval(rng.normal(size=20)) for _ in range(1000))
    ]
    assert within(np.array(hits, dtype=float), 0.95)


def test_the_interval_of_a_series_covers_a_mean_whose_neighbours_are_alike(rng):
    """Each value is 0.9 of the one before, and noise: as if independent is far too narrow."""
    hits, naive = [], []
    for _ in range(300):
        series, draws = np.empty(3200), rng.normal(size=3200)
        value = 0.0
        for n, draw in enumerate(draws.tolist()):
            series[n] = value = 0.9 * value + draw
        for interval, record in ((stats.series_interval, hits), (stats.mean_interval, naive)):
            low, high = interval(series)
            record.append(low <= 0 <= high)
    assert 0.90 < np.mean(hits) < 0.98
    assert np.mean(naive) < 0.5


def test_what_does_not_fill_the_last_block_is_left_out():
    series = [1.0, 2.0] * 16 + [1e9]
    assert stats.series_interval(series) == pytest.approx((1.5, 1.5))


def test_bursts_are_the_lengths_of_the_runs():
    assert stats.bursts([1, 1, 0, 1, 0, 0, 1, 1, 1]).tolist() == [2, 1, 3]
    assert stats.bursts([]).tolist() == stats.bursts([0, 0]).tolist() == []


def test_a_gilbert_channel_loses_and_bunches_as_the_formulas_say(rng):
    p, r, state, lost = 0.02, 0.25, False, []
    for draw in rng.random(200_000):
        state = draw >= r if state else draw < p
        lost.append(state)
    assert np.mean(lost) == pytest.approx(theory.burst_loss(p, r), rel=0.05)
    assert within(stats.bursts(lost), theory.mean_burst(r))


def test_autocorrelation_of_a_first_order_process_falls_geometrically(rng):
    series = [0.0]
    for noise in rng.normal(size=100_000):
        series.append(0.8 * series[-1] + noise)
    expected = 0.8 ** np.arange(6)
    assert stats.autocorrelation(series, 5) == pytest.approx(expected, abs=0.03)
    about_nine = np.add(series, 9.0)  # the mean takes no part
    assert stats.autocorrelation(about_nine, 5) == pytest.approx(expected, abs=0.03)


def test_rfc_3550_jitter_of_constant_delays_is_0_and_a_step_decays_by_sixteenths():
    assert stats.jitter([0.1] * 9).tolist() == [0.0] * 9
    assert stats.jitter([0, 0.016, 0.016]) == pytest.approx([0, 0.001, 0.0009375])


@pytest.mark.parametrize(
    ("delays", "expected"),
    [
        (lambda rng: rng.normal(0.1, 0.01, 100_000), theory.jitter_of_normal(0.01)),
        (lambda rng: rng.uniform(0, 0.03, 100_000), theory.jitter_of_uniform(0.03)),
    ],
)
def test_rfc_3550_jitter_of_independent_delays_meets_its_formula(rng, delays, expected):
    running = stats.jitter(delays(rng))[200:]
    # each value holds about 31 changes: one in 62 is independent enough of the last
    assert within(running[::62], expected)


def test_delay_variation_counts_from_the_least_delay_and_changes_from_the_one_before():
    assert stats.delay_excess([0.03, 0.01, 0.02]) == pytest.approx([0.02, 0, 0.01])
    assert stats.delay_changes([0.03, 0.01, 0.02]) == pytest.approx([-0.02, 0.01])


def waits(gaps, services):
    """Return the waits in one queue, by Lindley's recursion."""
    wait, waits = 0.0, []
    for gap, service in zip(gaps, services, strict=True):
        waits.append(wait)
        wait = max(0.0, wait + service - gap)
    return np.array(waits)


@pytest.mark.parametrize("load", [0.3, 0.7])
@pytest.mark.parametrize("law", [theory.wait_md1, theory.wait_mm1])
def test_a_queue_makes_one_wait_as_long_as_the_formula_says(rng, load, law):
    n, service = 200_000, 0.001
    gaps = rng.exponential(service / load, n)
    served = rng.exponential(service, n) if law is theory.wait_mm1 else np.full(n, service)
    batches = waits(gaps, served).reshape(50, -1).mean(axis=1)  # nearly independent of each other
    assert within(batches, law(load, service))


def test_small_formulas_have_the_values_of_the_text():
    sizes = [1472, 1473, 2952, 2953, 65507]  # one UDP header of 8 bytes, in the first fragment
    assert theory.fragments(sizes).tolist() == [1, 2, 2, 3, 45]
    assert theory.loss_of_any(0.01, 3) == pytest.approx(0.029701)
    assert theory.overflow_loss([0.5, 2.0]).tolist() == [0.0, 0.5]
    assert theory.standing_delay(64_000, 1e6) == pytest.approx(0.512)
    assert theory.late_or_lost(0.01, [1.0, 0.0]) == pytest.approx([1.0, 0.01])
    assert theory.either_way_loss(0.1) == pytest.approx(0.19)
    assert theory.either_way_loss(0.1, 0.0) == pytest.approx(0.1)


def test_go_back_n_repeats_a_window_for_a_loss_but_no_more_than_a_round_trip_holds():
    assert theory.go_back_n(0.1, 2, 2) == pytest.approx(2 * 0.9 / (5 * (0.9 + 2 * 0.1)))
    for window in (5, 100, np.inf):  # from a round trip of 1 + 2a on, it fills the pipe
        assert theory.go_back_n(0.1, 2, window) == pytest.approx(0.9 / (1 + 2 * 2 * 0.1))


def test_a_window_fills_the_path_at_the_bandwidth_delay_product():
    # 10 Mbit/s and 40 ms: 50 kB; half a window is half the rate, twice a window changes nothing
    assert theory.throughput([25e3, 50e3, 100e3], 0.04, 10e6).tolist() == [5e6, 10e6, 10e6]


def test_slow_start_needs_as_many_rounds_as_doubling_by_hand():
    for segments in (1, 10, 11, 30, 31, 70, 71, 1000):
        left, window, rounds = segments, 10, 0
        while left > 0:
            left, window, rounds = left - window, 2 * window, rounds + 1
        assert theory.slow_start_rounds(segments) == rounds
    assert theory.slow_start_rounds([4, 12, 13], first=4).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "times, asked, expected",
    [([3], 1, 3), ([9, 3, 1], 2, 3), ([7, 6, 5, 6], 4, 5), ([5] * 4, 4, 5)],
)
def test_the_least_of_several_runs_is_asked_for_only_until_it_is_low_enough(times, asked, expected):
    runs = iter(times)
    assert stats.best_of(lambda: next(runs), below=5, most=4) == expected
    assert list(runs) == times[asked:]


def test_the_least_of_runs_that_are_never_low_enough_is_that_of_eight():
    runs = iter(range(20, 0, -1))
    assert stats.best_of(lambda: next(runs), below=1) == 13


def test_the_error_of_a_mean_over_runs_is_the_one_that_scipy_finds(rng):
    runs = rng.normal(size=(6, 3))
    mean, error = stats.mean_and_error(runs)
    assert mean == pytest.approx(np.mean(runs, axis=0))
    assert error == pytest.approx(scipy.stats.sem(runs))
