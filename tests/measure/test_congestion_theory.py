"""The formulas of congestion: worked examples, and limits that they must meet."""

import pytest

from netlib.measure import theory


def test_mathis_is_the_law_of_the_sawtooth_of_one_loss_a_period():
    top = 20  # 3/8 of its square are 150 segments, and the mean is 15 a round trip
    assert theory.mathis(1 / 150, 1000, 0.1) == pytest.approx(15 * 8000 / 0.1)
    assert theory.mathis(1 / (3 / 8 * top**2), 1000, 0.2) == pytest.approx(15 * 8000 / 0.2)


def test_pftk_is_mathis_at_low_loss_and_below_it_at_high_loss():
    assert theory.pftk(1e-7, 1000, 0.1, 1.0) == pytest.approx(
        theory.mathis(1e-7, 1000, 0.1), rel=0.01
    )
    # 0.1 sqrt(2/30) + 1 * min(1, 3 sqrt(3/80)) * 0.1 * (1 + 0.32) = 0.1025 s a segment
    assert theory.pftk(0.1, 1000, 0.1, 1.0) == pytest.approx(8000 / 0.10250, rel=1e-3)


def test_a_sawtooth_without_a_queue_has_half_its_top_in_round_trips():
    assert theory.reno_period(20, 0.1, 0.001) == pytest.approx(10 * 0.1)


def test_with_a_queue_a_round_trip_takes_as_long_as_the_window_is_sent():
    assert theory.reno_period(6, 0.01, 1.0) == pytest.approx(3 + 4 + 5)


def test_jains_index_is_1_for_equals_and_1_over_n_for_one_who_has_all():
    assert theory.jain([3, 3, 3]) == pytest.approx(1)
    assert theory.jain([5, 0, 0, 0]) == pytest.approx(0.25)
    assert theory.jain([1, 3]) == pytest.approx(16 / 20)
