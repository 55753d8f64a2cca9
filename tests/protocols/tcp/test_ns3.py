"""The whole TCP against ns-3 on the same scenario, and against laws that have no simulator.

ns-3's numbers lie in notebooks/data, with how they were made. A sample is taken here; all of it, 20
seeds of 60 s, takes two minutes: NETLIB_WHOLE=1 pytest -n 0 tests/protocols/tcp/test_ns3.py
"""

import os
from pathlib import Path

import numpy as np
import pytest

from netlib.links import Link
from netlib.measure import theory
from netlib.measure.flow import Recorded
from netlib.protocols import tcp
from netlib.worlds import simulate

DATA = Path(__file__).parents[3] / "notebooks" / "data"
WHOLE = bool(os.environ.get("NETLIB_WHOLE"))
SECONDS, SEEDS = (60, 20) if WHOLE else (20, 5)


def flow(control, seconds, loss=0.0, seed=1):
    """Return the goodput [Mbit/s] in ns-3's scenario: 10 Mbit/s, 20 ms, a queue of 50."""
    client = tcp.Connection.client(mss=1000, outbound=tcp.Zeros(), control=control)
    server = tcp.Connection.server(inbound=tcp.Drain(1 << 23))
    there = Link(0.02, rate=10e6, queue=50, overhead=2, loss=loss, seed=seed)
    back = Link(0.02, rate=10e6, overhead=2, seed=seed + 1000)
    simulate(client, server, there, back, until=seconds, trace=False)
    return server.inbound.taken * 8 / seconds / 1e6


def theirs(name, loss):
    table = np.genfromtxt(
        DATA / "ns3-goodput.csv",
        delimiter=",",
        skip_header=1,
        names=True,
        dtype=None,
        encoding="utf-8",
    )
    rows = (table["congestion_control"] == name) & (table["loss"] == loss)
    return table["goodput_mbit_s"][rows]


def teeth(control, seconds):
    """Return the goodput, the period [s] and the top [segments] without random losses."""
    diary = Recorded(control)
    goodput = flow(diary, seconds)
    times, cwnd, _ = np.array(diary.history).T
    falls = np.flatnonzero(np.diff(cwnd) < 0)
    return goodput, np.diff(times[falls]).mean(), cwnd[falls].mean()


def test_renos_goodput_period_and_top_are_those_of_ns3():
    goodput, period, top = teeth(tcp.Reno(ssthresh=48), SECONDS)
    if WHOLE:
        assert goodput == pytest.approx(theirs("TcpLinuxReno", 0).mean(), rel=0.01)
    assert 3.05 <= period <= 3.55
    assert 99 <= top <= 102


def test_cubics_goodput_and_period_are_those_of_ns3():
    goodput, period, _ = teeth(tcp.Cubic(ssthresh=48), SECONDS)
    if WHOLE:
        assert goodput == pytest.approx(theirs("TcpCubic", 0).mean(), rel=0.01)
    assert period == pytest.approx(2.99, rel=0.08)


@pytest.mark.parametrize("loss", [0.01, 0.001] if WHOLE else [0.01])
def test_reno_loses_as_much_to_random_losses_as_one_of_ns3s_renos_or_something_between(loss):
    ours = [flow(tcp.Reno(ssthresh=48), SECONDS, loss, seed) for seed in range(SEEDS)]
    error = 2 * np.std(ours, ddof=1) / SEEDS**0.5
    low, high = sorted(theirs(name, loss).mean() for name in ("TcpLinuxReno", "TcpNewReno"))
    assert low - error <= np.mean(ours) <= high + error


@pytest.mark.parametrize("loss", [0.01, 0.001] if WHOLE else [0.01])
def test_cubic_loses_as_much_to_random_losses_as_ns3s(loss):
    ours = [flow(tcp.Cubic(ssthresh=48), SECONDS, loss, seed) for seed in range(SEEDS)]
    error = 0 if WHOLE else 2 * np.std(ours, ddof=1) / SEEDS**0.5
    expected = theirs("TcpCubic", loss).mean()
    assert abs(np.mean(ours) - expected) <= 0.12 * expected + error


@pytest.mark.parametrize("window", [1, 7, 20])
def test_a_fixed_window_brings_exactly_one_window_a_round_trip(window):
    client = tcp.Connection.client(mss=1000, outbound=tcp.Zeros(), control=tcp.Fixed(window))
    server = tcp.Connection.server(inbound=tcp.Drain(1 << 20))
    # the handshake takes a round trip and a half; the first window arrives at its end
    simulate(client, server, Link(0.02), Link(0.02), until=0.06 + 99 * 0.04 + 0.01, trace=False)
    assert server.inbound.taken == 100 * window * 1000


def test_cubic_lies_on_its_cubic_within_a_twentieth():
    diary = Recorded(tcp.Cubic(ssthresh=40))
    client = tcp.Connection.client(mss=1000, outbound=tcp.Zeros(), control=diary)
    server = tcp.Connection.server(inbound=tcp.Drain(1 << 20))
    simulate(
        client, server, Link(0.1, rate=2e6, queue=30, overhead=2), Link(0.1), until=12, trace=False
    )
    history = np.array(diary.history)[:, :2]
    first, second = np.flatnonzero(np.diff(history[:, 1]) < 0)[:2]
    w_max, cwnd = history[first : first + 2, 1]  # the first loss: there was none before it
    inside = history[first + 2 : second + 1]
    k = ((w_max - cwnd) / 0.4) ** (1 / 3)
    curve = 0.4 * (inside[:, 0] - inside[0, 0] - k) ** 3 + w_max
    assert len(inside) > 300
    assert inside[:, 1] == pytest.approx(curve, rel=0.05)


@pytest.mark.parametrize("loss", [0.003, 0.01])
def test_mathis_holds_within_15_percent_up_to_1_percent_of_loss(loss):
    rates, many = [], 16 if WHOLE else 6
    seconds = (20_000 if WHOLE else 4000) * 0.2 * (2 * loss / 3) ** 0.5
    for seed in range(many):
        client = tcp.Connection.client(
            mss=1000, outbound=tcp.Zeros(), control=tcp.Reno(ssthresh=(1 / loss) ** 0.5)
        )
        server = tcp.Connection.server(inbound=tcp.Drain(1 << 20))
        there = Link(0.1, loss=loss, seed=seed)
        simulate(client, server, there, Link(0.1), until=seconds, trace=False)
        rates.append(server.inbound.taken * 8 / seconds / theory.mathis(loss, 1000, 0.2))
    assert np.mean(rates) == pytest.approx(1, abs=0.15)
