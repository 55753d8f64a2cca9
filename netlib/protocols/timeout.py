"""How long to wait for an acknowledgement: a fixed time, or the estimator of RFC 6298.

    first round trip R    SRTT = R,  RTTVAR = R/2
    each one after it     RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R|,  then SRTT = 7/8 SRTT + 1/8 R
    timeout               RTO = SRTT + max(4 RTTVAR, clock's step),  at least 1 s, at most 60 s

After a timeout RTO doubles, until the next round trip is measured.
"""

from typing import Protocol, runtime_checkable

KEPT = 100_000  # samples, at least


@runtime_checkable
class Timer(Protocol):
    """A retransmission timeout: `rto` [s], and what a sender reports to it.

    Karn's rule: no sample from a message sent twice; its ACK can be for either (RFC 6298, 3).
    """

    rto: float

    def sample(self, rtt: float): ...

    def back_off(self): ...


class FixedTimeout:
    """The same timeout always, whatever is measured."""

    def __init__(self, rto: float):
        if isinstance(rto, bool) or not isinstance(rto, int | float) or not 0 < rto < float("inf"):
            raise ValueError(f"timeout must be a number of seconds above 0 or a Timer, got {rto!r}")
        self.rto = float(rto)

    def sample(self, rtt: float):
        """Ignore a measurement."""

    def back_off(self):
        """Ignore that a timeout came."""

    def __repr__(self) -> str:
        return f"FixedTimeout({self.rto:g} s)"


class RttEstimator:
    """Estimate the round-trip time, its variation, and from them the timeout: SRTT + K * RTTVAR.

    initial: the timeout before the first sample [s]. k: how many variations to add. granularity:
    the clock's step [s]. least, most: bounds of the timeout [s]. alpha, beta: the weight of a new
    sample in the mean and in the variation. `history` holds each sample and the timeout that
    followed, the latest 100 000 at least; `forgotten` counts those before. Source: RFC 6298,
    sections 2 and 5.5; its bounds are the defaults.
    """

    def __init__(
        self,
        initial: float = 1.0,
        *,
        k: float = 4.0,
        granularity: float = 0.001,
        least: float = 1.0,
        most: float = 60.0,
        alpha: float = 1 / 8,
        beta: float = 1 / 4,
    ):
        if not 0 <= least <= initial <= most or not initial > 0:
            bounds = f"least={least!r}, initial={initial!r}, most={most!r}"
            expected = "expected 0 <= least <= initial <= most, initial above 0"
            raise ValueError(f"{expected}; got {bounds}")
        for name, weight in {"alpha": alpha, "beta": beta}.items():
            if not 0 < weight <= 1:
                raise ValueError(f"{name} must be a weight in (0, 1], got {weight!r}")
        for name, value in {"k": k, "granularity": granularity}.items():
            if not 0 <= value < float("inf"):
                raise ValueError(f"{name} must be a finite number, 0 or more, got {value!r}")
        self.srtt: float | None = None
        self.rttvar: float | None = None
        self.rto = float(initial)
        self.history: list[tuple[float, float]] = []
        self.forgotten = 0
        self._k, self._granularity, self._bounds = k, granularity, (least, most)
        self._alpha, self._beta = alpha, beta

    def sample(self, rtt: float):
        """Take a round-trip time [s] into the estimate; this ends a back-off."""
        if not 0 <= rtt < float("inf"):
            raise ValueError(f"rtt must be a number of seconds, 0 or more, got {rtt!r}")
        if self.srtt is None or self.rttvar is None:
            self.srtt, self.rttvar = rtt, rtt / 2
        else:  # the variation first: it is a distance from the mean before this sample
            self.rttvar += self._beta * (abs(self.srtt - rtt) - self.rttvar)
            self.srtt += self._alpha * (rtt - self.srtt)
        least, most = self._bounds
        timeout = self.srtt + max(self._granularity, self._k * self.rttvar)
        # never 0: a sender that does not wait would stop the clock of the simulator
        self.rto = min(max(timeout, least, self._granularity or 1e-9), most)
        self.history.append((rtt, self.rto))
        if len(self.history) >= 2 * KEPT:
            del self.history[:KEPT]
            self.forgotten += KEPT

    def back_off(self):
        """Double the timeout, up to `most`, as a datagram was not acknowledged in time."""
        self.rto = min(2 * self.rto, self._bounds[1])

    def __repr__(self) -> str:
        if self.srtt is None:
            return f"RttEstimator(rto {self.rto:.3g} s, no sample yet)"
        estimate = f"srtt {self.srtt:.3g} s, rttvar {self.rttvar:.3g} s"
        return f"RttEstimator(rto {self.rto:.3g} s, {estimate})"


def timer_for(timeout: float | Timer) -> Timer:
    """Return a timer as it is, a number of seconds as a fixed timer. Raises ValueError."""
    return timeout if isinstance(timeout, Timer) else FixedTimeout(timeout)
