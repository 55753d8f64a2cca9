"""CoDel: a queue that watches how long datagrams wait, not how many there are. RFC 8289.

A burst fills a queue, and drains from it: that is what queues are for. A queue that *stands* brings
nothing but delay. So the shortest wait tells: if no datagram has waited for less than `target` over
an `interval`, one is dropped as it leaves, the next after interval / sqrt(2), interval / sqrt(3),
... : the more drops it takes, the faster they come, until a wait is below the target again.
"""

from dataclasses import dataclass
from math import sqrt

from netlib import checks

MEMORY = 16  # intervals after which the last rate of drops is forgotten (RFC 8289, 5.4)


@dataclass(frozen=True)
class CoDel:
    """The parameters of a CoDel queue: target and interval [s], limit of datagrams that wait.

    The RFC spares a queue of one datagram; what comes behind a datagram is not known here when its
    fate is told, so that only the wait counts. Raises TypeError, ValueError.
    """

    target: float = 0.005
    interval: float = 0.1
    limit: int = 1000

    def __post_init__(self):
        checks.seconds("target", self.target)
        checks.seconds("interval", self.interval)
        checks.whole("limit", self.limit, " of datagrams")
        if not 0 < self.target < self.interval:
            expected = "expected a target above 0 s, below the interval"
            raise ValueError(f"{expected}; got {self.target!r} and {self.interval!r}")


class Control:
    """CoDel's state: asked once for each datagram, in their order, as it comes to its turn."""

    def __init__(self, settings: CoDel):
        self.settings = settings
        self.dropping, self.count = False, 0
        self._above_until: float | None = None  # once every wait was above the target until then
        self._next_drop = 0.0
        self._last_count = 0
        self._dropped_at: float | None = None  # a drop, behind which the same turn goes on
        self._first = False  # that was the first of a series

    def drops(self, wait: float, turn: float) -> bool:
        """Whether to drop the datagram that has waited so long [s] when its turn comes [s]."""
        same_turn = self._dropped_at == turn and wait > 0
        if self._dropped_at is not None and not same_turn and not self._first:
            self.dropping, self._above_until = False, None  # nothing was left behind that drop
        too_long = self._is_too_long(wait, turn)
        first, self._dropped_at = self._first and same_turn, None
        self._first = False
        if first:  # behind the first drop of a series, one datagram always goes
            return False
        if not self.dropping:
            return too_long and self._begin(turn)
        if not too_long:
            self.dropping = False
            return False
        if same_turn:
            self._next_drop = self._law(self._next_drop)
        if turn < self._next_drop:
            return False
        self.count += 1
        self._dropped_at = turn
        return True

    def _is_too_long(self, wait: float, turn: float) -> bool:
        """Whether waits have been above the target for a whole interval."""
        if wait < self.settings.target:
            self._above_until = None
        elif self._above_until is None:
            self._above_until = turn + self.settings.interval
        else:
            return turn >= self._above_until
        return False

    def _begin(self, turn: float) -> bool:
        """Begin a series of drops, at the last one's rate if that was not long ago."""
        recent = turn - self._next_drop < MEMORY * self.settings.interval
        more = self.count - self._last_count
        self.count = self._last_count = more if more > 1 and recent else 1
        self.dropping, self._first, self._dropped_at = True, True, turn
        self._next_drop = self._law(turn)
        return True

    def _law(self, since: float) -> float:
        return since + self.settings.interval / sqrt(self.count)
