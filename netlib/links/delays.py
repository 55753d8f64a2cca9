"""How long: distributions of the one-way delay as values.

A distribution has `quantile(u)`, the delay [s] that a fraction u of all datagrams stays below, and
a `correlation` from one datagram to the next. A link turns uniform numbers into delays with it
(inverse transform sampling). A delay is never negative: where a bell reaches below 0, it is 0.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import NormalDist, fmean
from typing import Protocol

from netlib import checks

REPLY = re.compile(r"([=<])(\d+(?:[.,]\d+)?) ?ms\b")  # time=12.3 ms, time<1ms, Zeit=14ms


class DelayModel(Protocol):
    """What a link asks of a distribution of delays."""

    correlation: float

    def quantile(self, u: float) -> float: ...


@dataclass(frozen=True)
class Constant:
    """Every datagram takes `mean` [s]."""

    mean: float = 0.0
    correlation = 0.0
    std = 0.0

    def __post_init__(self):
        checks.keep(self, mean=checks.seconds("delay", self.mean))

    def quantile(self, u: float) -> float:
        return self.mean


@dataclass(frozen=True)
class Uniform:
    """Anything from `mean` - `jitter` to `mean` + `jitter` [s], equally likely."""

    mean: float
    jitter: float
    correlation: float = 0.0

    def __post_init__(self):
        _check(self)

    @property
    def std(self) -> float:
        return self.jitter / 3**0.5

    def quantile(self, u: float) -> float:
        delay = self.mean + self.jitter * (2 * u - 1)
        return delay if delay > 0 else 0.0


@dataclass(frozen=True)
class Normal:
    """A bell around `mean` whose standard deviation is `jitter` [s]."""

    mean: float
    jitter: float
    correlation: float = 0.0
    _bell: NormalDist = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self):
        _check(self)
        checks.keep(self, _bell=NormalDist(self.mean, self.jitter))

    @property
    def std(self) -> float:
        return self.jitter

    def quantile(self, u: float) -> float:
        if not self.jitter:
            return self.mean
        delay = self._bell.inv_cdf(u or 2.0**-54)  # u = 0 would be minus infinity
        return delay if delay > 0 else 0.0


@dataclass(frozen=True)
class Pareto:
    """A sharp lower edge and a long tail: standard deviation `jitter` around `mean` [s].

    P(delay > x) falls as x ** -shape, shape above 2. The edge is mean - jitter * sqrt(1 - 2/shape)
    (0.58 jitters below the mean for shape 3).
    """

    mean: float
    jitter: float
    correlation: float = 0.0
    shape: float = 3.0

    def __post_init__(self):
        _check(self)
        if not self.shape > 2:
            raise ValueError(f"shape must be above 2 (the variance is finite), got {self.shape!r}")

    @property
    def std(self) -> float:
        return self.jitter

    def quantile(self, u: float) -> float:
        # (1 - u) ** (-1 / a) has mean a / (a - 1) and variance a / ((a - 1)^2 (a - 2))
        a = self.shape
        deviations = ((a - 1) * (1 - u) ** (-1 / a) - a) * ((a - 2) / a) ** 0.5
        delay = self.mean + self.jitter * deviations
        return delay if delay > 0 else 0.0


@dataclass(frozen=True)
class Empirical:
    """Delays [s] like those measured: any value between two neighbouring samples is as likely."""

    samples: tuple[float, ...]
    correlation: float = 0.0
    _sorted: tuple[float, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self):
        samples = tuple(checks.seconds("a sample", sample) for sample in self.samples)
        if not samples:
            raise ValueError("samples must hold at least one delay, got none")
        checks.keep(self, correlation=checks.correlation(self.correlation))
        checks.keep(self, samples=samples, _sorted=tuple(sorted(samples)))

    @classmethod
    def from_ping(cls, text: str, correlation: float = 0.0) -> "Empirical":
        """Return the delays that `ping` printed (Linux, macOS or Windows, in any language).

        Ping measures there and back; the one-way delay is taken to be half of it, as if both ways
        were equal. "<1ms" counts as 0.5 ms; lines marked as duplicates (DUP!) do not count.
        Raises ValueError if no line has a time.
        """
        lines = (line for line in text.splitlines() if "DUP!" not in line)
        replies = [match for line in lines if (match := REPLY.search(line))]
        if not replies:
            raise ValueError(f"expected lines of ping such as 'time=12.3 ms', got {_excerpt(text)}")
        return cls(tuple(map(_one_way, replies)), correlation)

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


def delay_model(given: "float | DelayModel | Iterable[float]", jitter: float = 0.0) -> DelayModel:
    """Return a distribution: the one given, or for a number of seconds `Constant`, with jitter
    `Uniform`. Raises TypeError, ValueError.
    """
    if hasattr(given, "quantile"):
        if jitter:
            raise ValueError(
                f"jitter must be 0 beside {given!r}, which has its own; got {jitter!r}"
            )
        return given
    return Uniform(given, jitter) if checks.seconds("jitter", jitter) else Constant(given)


def _check(model: "Uniform | Normal | Pareto"):
    checks.keep(model, mean=checks.seconds("delay", model.mean))
    checks.keep(model, jitter=checks.seconds("jitter", model.jitter))
    checks.keep(model, correlation=checks.correlation(model.correlation))


def _one_way(reply: re.Match) -> float:
    milliseconds = float(reply[2].replace(",", "."))
    return milliseconds / 2000 / (2 if reply[1] == "<" else 1)


def _excerpt(text: str, limit: int = 60) -> str:
    shown = " ".join(text.split())
    return repr(shown if len(shown) <= limit else shown[:limit] + "…")
