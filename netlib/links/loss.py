"""Which datagrams: models of loss as values, which do as well for duplication and reordering.

A model has one method, `fates(coin, start)`: an endless iterator with one bool per datagram, from
the `start`-th on (the first datagram into a link is number 0). What it says of datagram n depends
on the coin and on n alone.
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from itertools import count, islice, repeat
from typing import Protocol, cast

from netlib import checks
from netlib.links.coin import Coin


class LossModel(Protocol):
    """What a link asks of a model of loss, duplication or reordering."""

    def fates(self, coin: Coin, start: int = 0) -> Iterator[bool]: ...


Pattern = float | Set[int] | LossModel  # a probability, a set of datagram numbers, a model


@dataclass(frozen=True)
class Independent:
    """Each datagram is picked with probability `p`.

    With a `correlation` (in [0, 1), over one datagram) picks come in clusters, yet p of all are
    picked: a two-state chain with P(pick after pick) = p + correlation * (1 - p).
    """

    p: float
    correlation: float = 0.0

    def __post_init__(self):
        checks.probability("p", self.p)
        checks.correlation(self.correlation)

    def fates(self, coin: Coin, start: int = 0) -> Iterator[bool]:
        if self.p in (0, 1):  # nothing to draw
            return repeat(self.p == 1)
        if not self.correlation:
            return coin.picks(self.p, start)
        return map(self.p.__gt__, coin.uniforms(start, self.correlation))


NEVER = Independent(0.0)


@dataclass(frozen=True)
class GilbertElliott:
    """Loss in bursts: a good and a bad state, each with its own probability of loss.

    From one datagram to the next, good turns bad with probability `p`, bad turns good with `r`; the
    first datagram meets the good state. With the default loss in each state (none, all), the loss
    is p / (p + r) in bursts of 1 / r datagrams on average.
    Source: Gilbert, BSTJ 39 (1960); Elliott, BSTJ 42 (1963). netem calls it gemodel.
    """

    p: float
    r: float
    loss_good: float = 0.0
    loss_bad: float = 1.0

    def __post_init__(self):
        for name in ("p", "r", "loss_good", "loss_bad"):
            checks.probability(name, getattr(self, name))
        if self.p + self.r == 0:
            raise ValueError("p and r must not both be 0: the state would never change")

    @property
    def expected(self) -> float:
        """The share that is picked in the long run."""
        bad = self.p / (self.p + self.r)
        return bad * self.loss_bad + (1 - bad) * self.loss_good

    @property
    def mean_burst(self) -> float:
        """How many datagrams a stay in the bad state lasts on average."""
        return 1 / self.r if self.r else float("inf")

    def fates(self, coin: Coin, start: int = 0) -> Iterator[bool]:
        turns = coin.stream("state").uniforms()
        losses = coin.stream("loss in the state").uniforms()
        return islice(self._chain(turns, losses), start, None)

    def _chain(self, turns: Iterator[float], losses: Iterator[float]) -> Iterator[bool]:
        bad = False
        for turn, u in zip(turns, losses, strict=True):
            yield u < (self.loss_bad if bad else self.loss_good)
            bad = turn >= self.r if bad else turn < self.p


@dataclass(frozen=True)
class These:
    """Exactly these datagrams, by number: `These({3, 7})` picks the fourth and the eighth."""

    indices: frozenset[int]

    def __init__(self, indices: Iterable[int]):
        vars(self).update(indices=frozenset(indices))  # what is frozen is filled like this
        for index in self.indices:
            checks.whole("the number of a datagram", index)

    def fates(self, coin: Coin, start: int = 0) -> Iterator[bool]:
        return map(self.indices.__contains__, count(start))

    def __repr__(self) -> str:
        return f"These({{{', '.join(map(str, sorted(self.indices)))}}})"


@dataclass(frozen=True)
class AtLeastApart:
    """Each datagram is picked with probability `p`, but at least `gap` - 1 go by between two picks.

    The first datagram that can be picked is number gap - 1: every `gap`-th when p is 1.
    """

    p: float
    gap: int
    correlation: float = 0.0

    def __post_init__(self):
        checks.probability("p", self.p)
        checks.correlation(self.correlation)
        checks.whole("gap", self.gap, " of datagrams", least=1)

    def fates(self, coin: Coin, start: int = 0) -> Iterator[bool]:
        return islice(self._spaced(Independent(self.p, self.correlation).fates(coin)), start, None)

    def _spaced(self, picks: Iterator[bool]) -> Iterator[bool]:
        since = 0
        for pick in picks:
            picked = pick and since >= self.gap - 1
            since = 0 if picked else since + 1
            yield picked


def loss_model(name: str, pattern: Pattern) -> LossModel:
    """Return a model: the one given, `These` for a set of numbers, `Independent` for a probability.

    Raises TypeError, ValueError, which call it by `name`.
    """
    if hasattr(pattern, "fates"):
        return cast(LossModel, pattern)
    if isinstance(pattern, set | frozenset):
        return These(pattern)
    chance = cast(float, pattern)
    checks.probability(name, chance)
    return Independent(float(chance)) if chance else NEVER
