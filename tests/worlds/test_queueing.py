"""Laws of the queue, measured in virtual time; tolerances from the statistics of the run."""

from itertools import islice

import numpy as np
import pytest
import scipy

from netlib.links.coin import Coin
from netlib.links.delays import Normal, Uniform
from netlib.links.link import Link
from netlib.measure import theory
from netlib.worlds import Sink, Source, poisson, simulate, steady

MU = 1250  # datagrams per second: 1000 bytes at 10 Mbit/s
N = 100_000


def waits(rho, *, exponential, seed=1):
    """Return the waiting times [s] of Poisson arrivals at a 10 Mbit/s link with endless room."""
    coin, link = Coin(seed), Link(rate=10e6)
    gaps, works = (-np.log1p(-draws(coin.stream(name))) for name in ("gap", "work"))
    times = np.cumsum(gaps / (rho * MU)).tolist()
    sizes = (1000 * works if exponential else np.full(N, 1000.0)).tolist()
    arrivals = [link.carry(size, now)[0] for size, now in zip(sizes, times, strict=True)]
    return np.array(arrivals) - times - np.array(sizes) / 1000 / MU


def draws(coin):
    return np.fromiter(islice(coin.uniforms(), N), float, N)


def mean_interval(series, batches=25):
    """The 99.9 % interval of the mean of a correlated series, by the means of long batches."""
    means = series[len(series) // 10 :]  # the beginning still knows that it began empty
    means = means[: len(means) // batches * batches].reshape(batches, -1).mean(axis=1)
    return scipy.stats.t.interval(0.999, batches - 1, means.mean(), scipy.stats.sem(means))


@pytest.mark.parametrize("rho", [0.3, 0.6, 0.8])
def test_m_d_1_waits_rho_over_2_mu_1_minus_rho(rho):
    low, high = mean_interval(waits(rho, exponential=False))
    assert low < rho / (2 * MU * (1 - rho)) < high


@pytest.mark.parametrize("rho", [0.3, 0.6, 0.8])
def test_m_m_1_waits_rho_over_mu_1_minus_rho(rho):
    series = waits(rho, exponential=True)
    low, high = mean_interval(series)
    assert low < rho / (MU * (1 - rho)) < high
    low, high = mean_interval((series > 1e-9).astype(float))  # who arrives finds it busy: PASTA
    assert low < rho < high


@pytest.mark.parametrize("rho", [0.3, 0.6])
def test_m_g_1_waits_by_the_square_of_the_service_as_pollaczek_and_khinchine_say(rho):
    coin, link = Coin(6), Link(rate=10e6)
    times = np.cumsum(-np.log1p(-draws(coin.stream("gap"))) / (rho * MU))
    sizes = np.where(draws(coin.stream("work")) < 0.1, 5500.0, 500.0)  # 1000 bytes on average
    arrivals = [link.carry(size, at)[0] for size, at in zip(sizes, times.tolist(), strict=True)]
    low, high = mean_interval(np.array(arrivals) - times - sizes / 1000 / MU)
    assert low < theory.wait_mg1(rho * MU, 1 / MU, 3.25 / MU**2) < high
    assert theory.wait_mg1(rho * MU, 1 / MU, 1 / MU**2) == pytest.approx(
        theory.wait_md1(rho, 1 / MU)
    )
    assert theory.wait_mg1(rho * MU, 1 / MU, 2 / MU**2) == pytest.approx(
        theory.wait_mm1(rho, 1 / MU)
    )


@pytest.mark.parametrize("queue", [0, 1, 4])
def test_m_m_1_k_loses_what_erlang_says_so_the_queue_counts_who_waits(queue):
    rho, link, coin = 0.9, Link(rate=10e6, queue=queue), Coin(2)
    gaps, works = (-np.log1p(-draws(coin.stream(name))) for name in ("gap", "work"))
    times, sizes = np.cumsum(gaps / (rho * MU)).tolist(), (1000 * works).tolist()
    lost = np.array([not link.carry(s, t) for s, t in zip(sizes, times, strict=True)], float)
    places = queue + 1  # and one being sent
    low, high = mean_interval(lost)
    assert low < (1 - rho) * rho**places / (1 - rho ** (places + 1)) < high
    assert link.overflowed == lost.sum()


@pytest.mark.parametrize("load", [1.1, 1.5, 3.0])
def test_overflow_loses_1_minus_mu_over_lambda(load):
    link, sink = Link(rate=10e6, queue=50), Sink()
    simulate(Source(steady(load * MU, 1000, 20_000)), sink, link, Link(), trace=False)
    expected = 20_000 * (1 - 1 / load)
    assert expected - 52 <= link.overflowed <= expected  # the queue is full at the end, plus one
    assert link.lost == 0


def test_bufferbloat_is_the_size_of_the_buffer_over_the_rate():
    buffer, rate = 125_000, 10e6  # 0.1 s
    link = Link(delay=0.01, rate=rate, queue_bytes=buffer)
    source, sink = Source(steady(2 * MU, 1000, 5000)), Sink()
    simulate(source, sink, link, Link(), trace=False)
    delays = [at - source.sent[n] for n, at in sink.arrivals]
    assert max(delays) == pytest.approx(0.01 + buffer * 8 / rate, abs=1000 * 8 / rate)
    assert max(delays) <= 0.01 + buffer * 8 / rate + 1e-9
    assert np.median(delays[1000:]) > 0.99 * max(delays)


def test_in_packets_the_buffer_adds_the_one_being_sent():
    link, source, sink = Link(rate=10e6, queue=100), Source([(0.0, 1000)] * 300), Sink()
    simulate(source, sink, link, Link())
    assert [at for _, at in sink.arrivals][-1] == pytest.approx(101 * 0.0008)
    assert link.overflowed == 199


def test_poisson_traffic_is_poisson():
    source, sink = Source(poisson(MU, 1000, 20_000, seed=4, vary_size=True)), Sink()
    trace = simulate(source, sink, Link(), Link())
    gaps = np.diff([0.0, *source.sent])
    assert scipy.stats.kstest(gaps, scipy.stats.expon(scale=1 / MU).cdf).pvalue > 0.001
    sizes = np.array([len(event.payload) for event in trace.only("receive")])
    assert abs(sizes.mean() - 1000) < 3.3 * 1000 / np.sqrt(sizes.size)
    assert sizes.min() >= 4


@pytest.mark.parametrize(
    "delay, jitter",
    [
        (Normal(0.05, 0.010), 2 * 0.010 / np.sqrt(np.pi)),
        (Normal(0.05, 0.010, correlation=0.5), 0.010 / np.sqrt(np.pi)),
        (Uniform(0.05, 0.010), 0.020 / 3),  # a width of 20 ms
    ],
)
def test_jitter_of_rfc_3550_on_an_idle_link(delay, jitter):
    n = 50_000
    source, sink = Source(steady(10, 100, n)), Sink()
    simulate(source, sink, Link(delay=delay), Link(), until=1e9, trace=False)
    transit = np.array([at - source.sent[number] for number, at in sink.arrivals])
    difference = np.abs(np.diff(transit))  # the mean of what RFC 3550 smooths
    low, high = mean_interval(difference)
    assert low < jitter < high
