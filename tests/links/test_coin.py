"""The coin: published numbers, the same ones whichever way they are asked for."""

from itertools import islice

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.links.coin import LANES, Coin, bits

SEEDS = st.integers(0, 2**64 - 1)


def test_the_integers_are_the_published_ones_of_splitmix64():
    # https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64, and Vigna's C for seed 0
    of_1234567 = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    of_1234567 += [4593380528125082431, 16408922859458223821]
    assert [bits(1234567, n) for n in range(5)] == of_1234567
    assert [bits(0, n) for n in range(2)] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]


def test_the_floats_are_the_published_ones_of_splitmix64():
    fifths = [int(u * 5) for u in islice(Coin(987654321).uniforms(), 100_000)]
    assert np.bincount(fifths).tolist() == [20027, 19892, 20073, 19978, 20030]


@given(SEEDS, st.integers(0, 10**9))
def test_numbers_by_the_block_are_the_numbers_one_by_one(seed, start):
    count = LANES + 3
    block = list(islice(Coin(seed).uniforms(start), count))
    assert block == [Coin(seed).at(start + n) for n in range(count)]
    assert all(0 <= u < 1 for u in block)


@given(SEEDS, st.integers(0, 10**9), st.floats(0, 1))
def test_a_number_is_picked_if_it_is_below_p_and_not_at_p(seed, start, p):
    coin = Coin(seed)
    for limit in (p, coin.at(start), coin.at(start + 1)):
        expected = [u < limit for u in islice(coin.uniforms(start), 70)]
        assert list(islice(coin.picks(limit, start), 70)) == expected


def test_the_streams_of_one_seed_are_independent():
    one, other = (
        list(islice(Coin(1).stream(name).uniforms(), 50_000)) for name in ("loss", "copy")
    )
    assert scipy.stats.pearsonr(one, other).pvalue > 0.001
    assert scipy.stats.kstest(one, "uniform").pvalue > 0.001


@given(SEEDS, st.integers(1, 200), st.floats(0.01, 0.99))
@settings(max_examples=30)
def test_a_correlated_stream_can_be_entered_anywhere(seed, start, correlation):
    coin = Coin(seed)
    from_the_start = islice(coin.uniforms(0, correlation), start, start + 20)
    assert list(from_the_start) == list(islice(coin.uniforms(start, correlation), 20))


def test_a_correlated_stream_stays_uniform_and_forgets_geometrically():
    n, rho = 200_000, 0.5
    u = np.fromiter(islice(Coin(3).uniforms(0, rho), n), float, n)
    shares = np.histogram(u, 20, (0, 1))[0] / n
    spread = np.sqrt(0.05 * 0.95 / n * (1 + rho) / (1 - rho))  # of a share, samples correlated
    assert np.abs(shares - 0.05).max() < 4 * spread
    for lag in (1, 2, 3):
        measured = np.corrcoef(u[:-lag], u[lag:])[0, 1]
        assert abs(measured - rho**lag) < 4 / np.sqrt(n * (1 - rho) / (1 + rho))


@pytest.mark.parametrize("seed", [-1, 1.5, "7", True, None])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(ValueError, match="seed must be a whole number, 0 or more, got"):
        Coin(seed)


def test_numpy_integers_are_seeds_too():
    coins = [Coin(np.int64(7)), Coin(7)]
    assert coins[0] == coins[1]
    assert coins[0].at(3) == coins[1].at(3)
    first, second = ([type(u) for u in islice(coin.uniforms(), 2)] for coin in coins)
    assert first == second == [float, float]
