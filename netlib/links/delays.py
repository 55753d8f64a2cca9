"""How long: distributions of the one-way delay as values.

A distribution has `quantile(u)`, the delay [s] that a fraction u of all datagrams stays below, and
a `correlation` from one datagram to the next. A link turns uniform numbers into delays with it
(inverse transform sampling). A delay is never negative: where a bell reaches below 0, it is 0.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist, fmean
from typing import Protocol, cast

from netlib import checks

# time=12.3 ms, Zeit=14ms, время=14мс, tiempo<1m; \s is a no-break space, too
REPLY = re.compile(r"(=|<\s?)(\d+(?:[.,]\d+)?)\s?(?:ms|мс|m)\b")
UNREAD = re.compile(r"\bttl=\d", re.IGNORECASE)  # in every reply over IPv4, in any language
ONE_WAY = {"=": 2000, "<": 4000}  # milliseconds there and back over this: seconds one way
deviations = NormalDist().inv_cdf  # how many of them a share u of a bell stays below


class DelayModel(Protocol):
    """What a link asks of a distribution of delays."""

    @property
    def correlation(self) -> float: ...

    def quantile(self, u: float) -> float: ...


@dataclass(frozen=True)
class Constant:
    """Every datagram takes `mean` [s]."""

    mean: float = 0.0
    correlation = 0.0

    def __post_init__(self):
        checks.seconds("delay", self.mean)

    def quantile(self, u: float) -> float:
        return self.mean


NO_DELAY = Constant(0.0)


@dataclass(frozen=True)
class Varying:
    """What the next three share: delays [s] around `mean`, as far away as `jitter` says."""

    mean: float
    jitter: float
    correlation: float = 0.0

    def __post_init__(self):
        checks.seconds("delay", self.mean)
        checks.seconds("jitter", self.jitter)
        checks.correlation(self.correlation)


class Uniform(Varying):
    """Anything from `mean` - `jitter` to `mean` + `jitter` [s], equally likely."""

    def quantile(self, u: float) -> float:
        delay = self.mean + self.jitter * (2 * u - 1)
        return delay if delay > 0 else 0.0


class Normal(Varying):
    """A bell around `mean` whose standard deviation is `jitter` [s]."""

    def quantile(self, u: float) -> float:
        delay = self.mean + self.jitter * deviations(u or 2.0**-54)  # 0 is minus infinity
        return delay if delay > 0 else 0.0


@dataclass(frozen=True)
class Pareto(Varying):
    """A sharp lower edge and a long tail: standard deviation `jitter` around `mean` [s].

    P(delay > x) falls as x ** -shape, shape above 2. The edge is mean - jitter * sqrt(1 - 2/shape)
    (0.58 jitters below the mean for shape 3).
    """

    shape: float = 3.0

    def __post_init__(self):
        super().__post_init__()
        if not self.shape > 2:
            raise ValueError(f"shape must be above 2 (the variance is finite), got {self.shape!r}")

    def quantile(self, u: float) -> float:
        # (1 - u) ** (-1 / a) has mean a / (a - 1) and variance a / ((a - 1)^2 (a - 2))
        a = self.shape
        spread = ((a - 1) * (1 - u) ** (-1 / a) - a) * ((a - 2) / a) ** 0.5
        delay = self.mean + self.jitter * spread
        return delay if delay > 0 else 0.0


@dataclass(frozen=True)
class Empirical:
    """Delays [s] like those measured: any value between two neighbouring samples is as likely."""

    samples: tuple[float, ...]
    correlation = 0.0

    def __init__(self, samples: Iterable[float]):
        delays = tuple(samples)
        if not delays:
            raise ValueError("samples must hold at least one delay, got none")
        for delay in delays:
            checks.seconds("a sample", delay)
        vars(self).update(samples=delays)  # what is frozen is filled like this

    @classmethod
    def from_ping(cls, text: str) -> "Empirical":
        """Return the delays that `ping` printed (Linux, macOS or Windows, in any language).

        Ping measures there and back; the one-way delay is taken to be half of it, as if both ways
        were equal. "<1ms" counts as 0.5 ms; lines marked as duplicates (DUP!) do not count.
        Raises ValueError if no line has a time, or if a reply has none that can be read.
        """
        lines = [line for line in text.splitlines() if "DUP!" not in line]
        replies = [match.groups() for line in lines if (match := REPLY.search(line))]
        unread = [line for line in lines if UNREAD.search(line) and not REPLY.search(line)]
        if unread or not replies:
            got = " ".join((unread[0] if unread else text).split())[:60]
            raise ValueError(f"expected lines of ping such as 'time=12.3 ms', got {got!r}")
        return cls(float(time.replace(",", ".")) / ONE_WAY[sign[0]] for sign, time in replies)

    @cached_property
    def _sorted(self) -> list[float]:
        return sorted(map(float, self.samples))

    @property
    def mean(self) -> float:
        ordered = self._sorted
        return fmean((a + b) / 2 for a, b in zip(ordered, ordered[1:] or ordered, strict=False))

    def quantile(self, u: float) -> float:
        ordered = self._sorted
        place = u * (len(ordered) - 1)
        below = int(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])

    def __repr__(self) -> str:
        low, high = self._sorted[0] * 1000, self._sorted[-1] * 1000
        return f"Empirical({len(self.samples)} samples, {low:.3g} to {high:.3g} ms)"


def delay_model(delay: float | DelayModel, jitter: float = 0.0) -> DelayModel:
    """Return a distribution: the one given; for a number of seconds `Constant`, with jitter
    `Uniform`. Raises TypeError, ValueError.
    """
    if not hasattr(delay, "quantile"):
        mean = cast(float, delay)
        checks.seconds("delay", mean)
        checks.seconds("jitter", jitter)
        return Uniform(float(mean), float(jitter)) if jitter else Constant(float(mean))
    if jitter:
        raise ValueError(f"jitter must be 0 beside {delay!r}, which has its own; got {jitter!r}")
    return cast(DelayModel, delay)
