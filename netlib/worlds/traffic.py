"""Traffic to try a link with: a source that keeps to a schedule, a sink, an echo.

A schedule is any sequence of (time [s], size [bytes]), in order of time; `steady` and `poisson`
make two kinds.
"""

from collections.abc import Iterable, Iterator
from itertools import count as counting
from itertools import islice
from math import log

from netlib import checks
from netlib.endpoint import Responder
from netlib.links.coin import Coin

NUMBER = 4  # bytes at the beginning of each datagram: its number, most significant byte first


def steady(
    per_second: float, size: int = 1000, count: int | None = None, start: float = 0.0
) -> Iterator[tuple[float, int]]:
    """Return a schedule of `count` datagrams (None: endless) at equal distances from `start`."""
    _check(per_second, size)
    return islice(((start + n / per_second, size) for n in counting()), count)


def poisson(
    per_second: float,
    size: int = 1000,
    count: int | None = None,
    seed: int = 0,
    *,
    vary_size: bool = False,
) -> Iterator[tuple[float, int]]:
    """Return a schedule of independent arrivals: exponential gaps of 1 / per_second on average.

    With `vary_size` the sizes are exponential as well, `size` on average (rounded, 4 at least).
    """
    _check(per_second, size)
    return islice(_poisson(per_second, size, Coin(seed), vary_size), count)


class Source:
    """An endpoint that sends on a schedule; datagram n begins with the number n, in 4 bytes.

    `sent[n]` is when it was sent; `answers` holds (number, time) of what came back.
    """

    def __init__(self, schedule: Iterable[tuple[float, int]]):
        self.sent: list[float] = []
        self.answers: list[tuple[int, float]] = []
        self.deadline: float | None = None
        self._schedule, self._padding = iter(schedule), b""
        self._plan_next()

    def wake(self, now: float) -> list[bytes]:
        due = []
        while self.deadline is not None and self.deadline <= now:
            due.append(len(self.sent).to_bytes(NUMBER, "big") + self._padding)
            self.sent.append(now)
            self._plan_next()
        return due

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        self.answers.append((int.from_bytes(datagram[:NUMBER], "big"), now))
        return []

    def _plan_next(self):
        self.deadline, size = next(self._schedule, (None, NUMBER))
        if size - NUMBER != len(self._padding):
            self._padding = bytes(size - NUMBER)


class Sink(Responder):
    """An endpoint that only counts: `arrivals` holds (number, time), in order of arrival.

    Datagrams too short to have a number are dropped and counted in `malformed`.
    """

    def __init__(self):
        self.arrivals: list[tuple[int, float]] = []
        self.malformed = 0

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        if len(datagram) < NUMBER:
            self.malformed += 1
        else:
            self.arrivals.append((int.from_bytes(datagram[:NUMBER], "big"), now))
        return []


class Echo(Responder):
    """An endpoint that sends everything back at once: what `ping` talks to."""

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        return [datagram]


def _poisson(
    per_second: float, size: int, coin: Coin, vary_size: bool
) -> Iterator[tuple[float, int]]:
    now = 0.0
    gaps, sizes = coin.stream("gap").uniforms(), coin.stream("size").uniforms()
    for gap, u in zip(gaps, sizes, strict=True):
        now -= log(1 - gap) / per_second
        yield now, max(NUMBER, round(-log(1 - u) * size)) if vary_size else size


def _check(per_second: float, size: int):
    if not per_second > 0:
        raise ValueError(f"per_second must be above 0 datagrams per second, got {per_second!r}")
    checks.whole("size", size, " of bytes", least=NUMBER)
