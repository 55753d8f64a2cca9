"""Loss models: what they promise in the long run, and exactly, datagram by datagram."""

from itertools import groupby, islice
from statistics import NormalDist

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.links.coin import Coin
from netlib.links.loss import AtLeastApart, GilbertElliott, Independent, These, loss_model

Z = NormalDist().inv_cdf(0.9995)  # a 99.9 % interval


def picks(model, count, seed=1, start=0):
    return np.fromiter(islice(model.fates(Coin(seed), start), count), bool, count)


def bursts(lost):
    return [len(list(run)) for is_lost, run in groupby(lost) if is_lost]


MODELS = st.one_of(
    st.builds(Independent, st.floats(0, 1), st.floats(0, 0.9)),
    st.builds(GilbertElliott, st.floats(0.01, 1), st.floats(0.01, 1), st.floats(0, 1)),
    st.builds(These, st.sets(st.integers(0, 50))),
    st.builds(AtLeastApart, st.floats(0, 1), st.integers(1, 5), st.floats(0, 0.9)),
)


@given(MODELS, st.integers(0, 60), st.integers(0, 999))
@settings(max_examples=60)
def test_the_fate_of_datagram_n_does_not_depend_on_where_one_starts(model, start, seed):
    whole = picks(model, start + 20, seed)
    assert (picks(model, 20, seed, start) == whole[start:]).all()


def test_independent_loss_is_p_within_its_interval():
    lost = picks(Independent(0.03), 100_000)
    low, high = scipy.stats.binomtest(int(lost.sum()), lost.size).proportion_ci(
        0.999, method="wilson"
    )
    assert low < 0.03 < high


def test_correlated_loss_is_still_p_and_comes_in_longer_bursts():
    p, rho, n = 0.05, 0.5, 200_000
    lost = picks(Independent(p, rho), n)
    spread = np.sqrt(p * (1 - p) / n * (1 + rho) / (1 - rho))
    assert abs(lost.mean() - p) < Z * spread
    runs, stay = bursts(lost), p + rho * (1 - p)  # P(loss after a loss)
    assert abs(np.mean(runs) - 1 / (1 - stay)) < Z * np.sqrt(stay) / (1 - stay) / np.sqrt(len(runs))


def test_netems_own_correlation_formula_does_not_keep_the_rate():
    # x = (1 - rho) u + rho x: why ours is another one. 1 % and 25 % lose almost nothing at all
    u = np.fromiter(islice(Coin(1).uniforms(), 200_000), float)
    x, losses = 0.5, 0
    for draw in u:
        x = 0.75 * draw + 0.25 * x
        losses += x < 0.01
    assert losses < 20  # of 2000


@pytest.mark.parametrize("p, r", [(0.01, 0.3), (0.05, 0.5), (0.002, 0.1)])
def test_gilbert_elliott_loses_p_over_p_plus_r_in_bursts_of_one_over_r(p, r):
    n = 200_000
    model = GilbertElliott(p, r)
    lost, expected = picks(model, n), p / (p + r)
    memory = 1 - p - r  # the chain's second eigenvalue: how far losses are correlated
    spread = np.sqrt(expected * (1 - expected) / n * (1 + memory) / (1 - memory))
    assert model.expected == pytest.approx(expected)
    assert abs(lost.mean() - expected) < Z * spread
    runs = bursts(lost)
    assert model.mean_burst == pytest.approx(1 / r)
    assert abs(np.mean(runs) - 1 / r) < Z * np.sqrt(1 - r) / r / np.sqrt(len(runs))


def test_gilbert_elliott_weighs_the_loss_of_both_states():
    model, n = GilbertElliott(0.1, 0.3, loss_good=0.01, loss_bad=0.5), 200_000
    assert model.expected == pytest.approx(0.25 * 0.5 + 0.75 * 0.01)
    spread = np.sqrt(model.expected / n * (1 + 0.6) / (1 - 0.6))
    assert abs(picks(model, n).mean() - model.expected) < Z * spread


def test_gilbert_elliott_begins_in_the_good_state():
    assert not any(picks(GilbertElliott(1.0, 0.5), 1, seed)[0] for seed in range(20))
    assert all(picks(GilbertElliott(1.0, 0.5), 2, seed)[1] for seed in range(20))


def test_scripted_drops_are_exactly_those():
    assert np.flatnonzero(picks(These({3, 7}), 100)).tolist() == [3, 7]


def test_spaced_picks_keep_their_distance_and_their_rate():
    model = AtLeastApart(0.25, gap=5)
    picked = np.flatnonzero(picks(model, 100_000))
    gaps = np.diff(picked)
    assert gaps.min() == 5
    assert abs(gaps.mean() - (4 + 1 / 0.25)) < Z * gaps.std() / np.sqrt(gaps.size)
    assert np.flatnonzero(picks(AtLeastApart(1, gap=5), 12)).tolist() == [4, 9]


def test_short_forms_become_models():
    assert loss_model("loss", 0.1) == Independent(0.1)
    assert loss_model("loss", {3, 7}) == These({7, 3})
    assert loss_model("loss", (model := GilbertElliott(0.1, 0.3))) is model


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: loss_model("loss", 15),
            r"loss must be .* \[0, 1\], got 15 \(for 15 %, write 0.15",
        ),
        (lambda: loss_model("duplicate", -0.1), "duplicate must be a probability"),
        (lambda: Independent(0.1, 1.0), r"correlation must be in \[0, 1\), got 1.0"),
        (lambda: GilbertElliott(0.1, 1.1), "r must be a probability"),
        (lambda: GilbertElliott(0, 0), "must not both be 0"),
        (lambda: These({-1}), "number of a datagram must be .* got -1"),
        (lambda: These({1.5}), "got 1.5"),
        (lambda: AtLeastApart(0.1, 0), "gap must be .* 1 or more, got 0"),
    ],
)
def test_a_wrong_value_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("given", ["1%", None, True, [0.1]])
def test_what_is_no_number_is_a_type_error(given):
    with pytest.raises(TypeError, match="loss must be a number, got"):
        loss_model("loss", given)
