"""Processor time of one Link.carry [us], from a perfect link to every impairment; medians.

Run: python tests/benchmarks/carry.py [datagrams] [rounds]
"""

import sys
from statistics import median
from time import process_time

from netlib.links import Link

LINKS = [
    "",
    "delay 20ms",
    "loss 1%",
    "loss gemodel 1% 30%",
    "delay 20ms 5ms",
    "delay 20ms 5ms distribution normal",
    "rate 10mbit limit 50",
    "delay 20ms loss 1% rate 10mbit limit 50",
    "delay 24ms 10ms 8% distribution normal loss 1% 25% duplicate 0.1% reorder 25% 50% "
    "rate 10mbit limit 20",
]


def timed(words: str, times: list[float]) -> float:
    carry = Link.parse(words).carry
    began = process_time()
    for now in times:
        carry(1000, now)
    return (process_time() - began) / len(times) * 1e6


def main(datagrams: int = 20_000, rounds: int = 15):
    times = [n / 1300.14 for n in range(datagrams)]  # a little more than 10 Mbit/s
    spent: dict[str, list[float]] = {words: [] for words in LINKS}
    for _ in range(rounds):  # interleaved, so that a busy machine slows all of them
        for words in LINKS:
            spent[words].append(timed(words, times))
    for words, measured in spent.items():
        shown = f"median {median(measured):5.2f} us   best {min(measured):5.2f} us"
        print(f"{shown}   {words or '(perfect)'}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
