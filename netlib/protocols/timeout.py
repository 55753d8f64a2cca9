"""How long to wait for an acknowledgement: a fixed time, or the estimator of RFC 6298."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Timer(Protocol):
    """What a sender asks of its retransmission timeout: `rto` [s], told what became of it.

    Senders keep to Karn's rule: they give no sample for a datagram that they sent more than once,
    for nobody knows which of them was acknowledged (RFC 6298, section 3).
    """

    rto: float

    def sample(self, rtt: float): ...

    def back_off(self): ...


class FixedTimeout:
    """Always the same timeout, whatever is measured."""

    def __init__(self, rto: float):
        if isinstance(rto, bool) or not isinstance(rto, int | float) or not 0 < rto < float("inf"):
            raise ValueError(f"timeout must be a number of seconds above 0 or a Timer, got {rto!r}")
        self.rto = float(rto)

    def sample(self, rtt: float):
        """Take a measurement, and leave the timeout as it is."""

    def back_off(self):
        """Take note of a timeout, and leave it as it is."""

    def __repr__(self) -> str:
        return f"FixedTimeout({self.rto:g} s)"


class RttEstimator:
    """Estimate the round-trip time, its variation, and from them the timeout: SRTT + K * RTTVAR.

    initial: the timeout before the first sample [s]. k: how many variations to allow for.
    granularity: of the clock [s]. least, most: bounds of the timeout [s]. alpha, beta: the weight
    of a new sample in the mean and in the variation. `history` holds each sample and the timeout
    that followed from it. Source: RFC 6298, sections 2 and 5.5; its bounds are the defaults.
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
            got = f"least={least!r}, initial={initial!r}, most={most!r}"
            raise ValueError(f"expected 0 <= least <= initial <= most, initial above 0; got {got}")
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
        self._k, self._granularity, self._bounds = k, granularity, (least, most)
        self._alpha, self._beta = alpha, beta

    def sample(self, rtt: float):
        """Take a round-trip time [s] into the estimate; this ends a back-off."""
        if not 0 <= rtt < float("inf"):
            raise ValueError(f"rtt must be a number of seconds, 0 or more, got {rtt!r}")
        if self.srtt is None:
            self.srtt, self.rttvar = rtt, rtt / 2
        else:  # the variation first: it is the distance from the mean before this sample
            self.rttvar += self._beta * (abs(self.srtt - rtt) - self.rttvar)
            self.srtt += self._alpha * (rtt - self.srtt)
        least, most = self._bounds
        wanted = self.srtt + max(self._granularity, self._k * self.rttvar)
        # never 0: a sender that does not wait at all would never let time go by
        self.rto = min(max(wanted, least, self._granularity or 1e-9), most)
        self.history.append((rtt, self.rto))

    def back_off(self):
        """Double the timeout, up to `most`: a datagram was not acknowledged in time."""
        self.rto = min(2 * self.rto, self._bounds[1])

    def __repr__(self) -> str:
        if self.srtt is None:
            return f"RttEstimator(rto {self.rto:.3g} s, no sample yet)"
        known = f"srtt {self.srtt:.3g} s, rttvar {self.rttvar:.3g} s"
        return f"RttEstimator(rto {self.rto:.3g} s, {known})"


def timer_for(timeout: float | Timer) -> Timer:
    """Return the timer given, or for a number of seconds a fixed one. Raises ValueError."""
    return timeout if isinstance(timeout, Timer) else FixedTimeout(timeout)
