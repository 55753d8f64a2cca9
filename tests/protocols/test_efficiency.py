"""Measured efficiency against the formulas: 20 points for each protocol, within 3 errors."""

import numpy as np
import pytest

from netlib.links import Link
from netlib.measure import theory
from netlib.protocols import (
    GoBackNReceiver,
    GoBackNSender,
    SelectiveRepeatReceiver,
    SelectiveRepeatSender,
    StopAndWaitReceiver,
    StopAndWaitSender,
)
from netlib.worlds import simulate

SLOT = 2.0**-10  # seconds to transmit one message: a power of two, so that sums are exact
LOSSES = (0.01, 0.05, 0.1, 0.2, 0.3)


class Ended:
    """A sender, and when the last acknowledgement came."""

    def __init__(self, sender):
        self._sender, self.at = sender, 0.0

    deadline = property(lambda self: self._sender.deadline)

    def wake(self, now):
        return self._sender.wake(now)

    def receive(self, datagram, now):
        self.at = now
        return self._sender.receive(datagram, now)


def slots(sender, receiver, p, a, p_back=0.0, seed=1) -> float:
    """Run a transfer to its end; return how many slots it took."""
    ended, path = Ended(sender), Link(delay=(1 + 2 * a) * SLOT / 2, loss=p, seed=seed)
    simulate(ended, receiver, path, path.reverse().copy(loss=p_back), until=1e9, trace=False)
    assert sender.done
    return ended.at / SLOT


def error(n: int, failed: float, cost: float) -> float:
    """Return the standard error of a total time to which each failure adds `cost`.

    Before n successes, the number of failures is negative binomial.
    """
    return cost * np.sqrt(n * failed) / (1 - failed)


STOP_AND_WAIT = [
    (p, p_back, a) for p, p_back in zip(LOSSES, LOSSES[::-1], strict=True) for a in (0, 1, 5, 20)
]


@pytest.mark.parametrize(("p", "p_back", "a"), STOP_AND_WAIT)
def test_stop_and_wait_takes_the_time_of_the_formula(p, p_back, a):
    n, rtt = 1000, 1 + 2 * a
    rto = rtt + 1
    sender = StopAndWaitSender([b"."] * n, rto * SLOT, bits=16)
    total = slots(sender, StopAndWaitReceiver(16), p, a, p_back)
    expected = n * theory.stop_and_wait_time(rtt, rto, p, p_back)
    assert abs(total - expected) < 3 * error(n, theory.either_way_loss(p, p_back), rto)


GO_BACK_N = [(p, window, a) for p in LOSSES for window, a in ((1, 3), (4, 5), (11, 5), (64, 10))]


@pytest.mark.parametrize(("p", "window", "a"), GO_BACK_N)
def test_go_back_n_is_as_efficient_as_the_formula(p, window, a):
    n, rtt = 1000, 1 + 2 * a
    sender = GoBackNSender([b"."] * n, window, rtt * SLOT, spacing=SLOT)
    total = slots(sender, GoBackNReceiver(), p, a)
    expected = n / theory.go_back_n_exact(p, a, window)
    assert abs(total - expected) < 3 * error(n, p, rtt) + rtt  # the last one's acknowledgement


SELECTIVE_REPEAT = [
    (p, window, a) for p in LOSSES for window, a in ((1, 3), (1, 10), (400, 5), (900, 10))
]


@pytest.mark.parametrize(("p", "window", "a"), SELECTIVE_REPEAT)
def test_selective_repeat_is_as_efficient_as_the_formula(p, window, a):
    n, rtt = 3000, 1 + 2 * a
    sender = SelectiveRepeatSender([b"."] * n, window, rtt * SLOT, spacing=SLOT)
    total = slots(sender, SelectiveRepeatReceiver(window), p, a)
    expected = n / theory.selective_repeat(p, a, window)
    assert abs(total - expected) < 3 * error(n, p, rtt if window == 1 else 1) + rtt
