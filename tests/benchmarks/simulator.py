"""Packets per second of processor time, netlib's simulator and SimPy, same workload, same run.

100 000 packets of 1000 bytes, 1300.14 a second, over 10 Mbit/s and 20 ms with a drop-tail queue of
50 and 1 % loss by the same coin. SimPy is used twice: as its documentation shows (a Store for the
queue, a process for the bottleneck, a process per packet on the wire), and as a bare event loop
around the very same Link. All runs must agree on what is lost and on when the rest arrives.

Run: python tests/benchmarks/simulator.py [packets] [rounds]
"""

import gc
import sys
from statistics import median
from time import process_time

import simpy

from netlib.links import Link
from netlib.links.coin import Coin
from netlib.worlds import Sink, Source, simulate, steady

PER_SECOND, SIZE = 1300.141592, 1000  # no packet comes just when another leaves
PACKET = [bytes(SIZE)]
RATE, DELAY, QUEUE, LOSS, SEED = 10e6, 0.020, 50, 0.01, 7


def link() -> Link:
    return Link(delay=DELAY, loss=LOSS, rate=RATE, queue=QUEUE, seed=SEED)


class Sender:
    """An endpoint that sends the same packet at the times of a schedule."""

    def __init__(self, packets: int):
        self._times = times(packets)
        self.deadline = next(self._times)

    def wake(self, now: float) -> list[bytes]:
        self.deadline = next(self._times, None)
        return PACKET

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        return []


class Receiver:
    """An endpoint that notes when packets arrive."""

    deadline = None

    def __init__(self):
        self.arrivals: list[float] = []

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        self.arrivals.append(now)
        return []

    def wake(self, now: float) -> list[bytes]:
        return []


def times(packets: int):
    return (n / PER_SECOND for n in range(packets))


def netlib(packets: int, trace: bool = False) -> list[float]:
    receiver = Receiver()
    simulate(Sender(packets), receiver, link(), Link(), until=1e9, trace=trace)
    return receiver.arrivals


def netlib_with_trace(packets: int) -> list[float]:
    return netlib(packets, trace=True)


def netlib_source_sink(packets: int) -> list[float]:
    sink, source = Sink(), Source(steady(PER_SECOND, SIZE, packets))
    simulate(source, sink, link(), Link(), until=1e9, trace=False)
    return [now for _, now in sink.arrivals]


def simpy_as_documented(packets: int) -> list[float]:
    env, arrivals = simpy.Environment(), []
    waiting, coin = simpy.Store(env), Coin(SEED).stream("loss").uniforms()

    def source():
        for at in times(packets):
            yield env.timeout(at - env.now)
            if next(coin) >= LOSS and len(waiting.items) < QUEUE:
                waiting.put(PACKET[0])

    def bottleneck():
        while True:
            packet = yield waiting.get()
            yield env.timeout(len(packet) * 8 / RATE)
            env.process(wire(packet))

    def wire(packet):
        yield env.timeout(DELAY)
        arrivals.append(env.now)

    env.process(bottleneck())
    env.process(source())
    env.run()
    return arrivals


def simpy_around_our_link(packets: int) -> list[float]:
    env, arrivals, path = simpy.Environment(), [], link()

    def source():
        for at in times(packets):
            yield env.timeout(at - env.now)
            packet = PACKET[0]
            for arrival in path.carry(len(packet), env.now):
                env.timeout(arrival - env.now, packet).callbacks.append(arrive)

    def arrive(event):
        arrivals.append(env.now)

    env.process(source())
    env.run()
    return arrivals


def timed(run, packets: int) -> tuple[float, list]:
    gc.collect()
    began = process_time()
    arrivals = run(packets)
    return process_time() - began, arrivals


def main(packets: int = 100_000, rounds: int = 7):
    runs = (
        netlib,
        netlib_with_trace,
        netlib_source_sink,
        simpy_as_documented,
        simpy_around_our_link,
    )
    spent: dict = {run: [] for run in runs}
    for _ in range(rounds):  # interleaved, so that a busy machine slows all of them
        results = []
        for run in runs:
            seconds, arrivals = timed(run, packets)
            spent[run].append(seconds)
            results.append(arrivals)
        assert_same(results)
    print(f"{len(results[0])} of {packets} packets arrived, at the same times in all runs")
    for run in runs:
        speed = packets / median(spent[run])
        versus = ratio(spent[simpy_as_documented], spent[run])
        lean = ratio(spent[simpy_around_our_link], spent[run])
        shown = f"{run.__name__:22}{speed:9.0f} packets/s{versus:7.2f} x SimPy as documented"
        print(f"{shown}{lean:7.2f} x SimPy around our Link")


def ratio(others: list[float], own: list[float]) -> float:
    return median(other / mine for other, mine in zip(others, own, strict=True))


def assert_same(results: list[list[float]]):
    first, *others = results
    for other in others:
        assert len(other) == len(first), f"expected {len(first)} arrivals, got {len(other)}"
        assert all(abs(a - b) < 1e-6 for a, b in zip(first, other, strict=True))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
