"""Congestion control: how much may be in flight, told by what comes back and what does not.

A sender tells its control three things, and reads one number, `cwnd`, the window in segments:

    on_ack(acked, rtt, now)      so many segments have arrived; rtt [s] of the last one, or None
    on_loss(in_flight, now)      some are missing among those in flight: once for each recovery
    on_timeout(in_flight, now)   nothing has come back for a retransmission timeout

It is not told of ACKs while it recovers from a loss (RFC 6675), or while something else than cwnd
holds the sender up: its program, or the receiver's window. Any object with these will do.
"""

from math import inf
from typing import Protocol

INITIAL_WINDOW = 10  # segments (RFC 6928)
LEAST = 2  # segments: what is left after a loss (RFC 5681, 3.1)


class CongestionControl(Protocol):
    """What a sender asks of a congestion control: a window in segments, and three ears."""

    cwnd: float

    def on_ack(self, acked: float, rtt: float | None, now: float): ...

    def on_loss(self, in_flight: float, now: float): ...

    def on_timeout(self, in_flight: float, now: float): ...


class Fixed:
    """A window that never changes: no brakes at all."""

    def __init__(self, cwnd: float):
        if not 1 <= cwnd < inf:
            raise ValueError(f"cwnd must be a number of segments, 1 or more, got {cwnd!r}")
        self.cwnd = cwnd

    def on_ack(self, acked: float, rtt: float | None, now: float):
        """Ignore what has arrived."""

    def on_loss(self, in_flight: float, now: float):
        """Ignore a loss."""

    def on_timeout(self, in_flight: float, now: float):
        """Ignore a timeout."""


class Reno:
    """Add one segment a round trip, halve when one is lost: AIMD. Source: RFC 5681, 3.1 and 3.2.

    Below `ssthresh` it is still looking for its place, and doubles each round trip: slow start.
    cwnd, ssthresh [segments]: those to begin with.
    """

    def __init__(self, cwnd: float = INITIAL_WINDOW, ssthresh: float = inf):
        self.cwnd, self.ssthresh = float(cwnd), ssthresh

    def on_ack(self, acked: float, rtt: float | None, now: float):
        """Grow: by a segment an ACK in slow start, by a segment a window later."""
        step = acked if acked < 1 else 1.0
        self.cwnd += step if self.cwnd < self.ssthresh else step / self.cwnd

    def on_loss(self, in_flight: float, now: float):
        """Go on with half of what was in flight."""
        self.cwnd = self.ssthresh = max(in_flight / 2, LEAST)

    def on_timeout(self, in_flight: float, now: float):
        """Begin again with one segment, in slow start up to half of what was in flight."""
        self.ssthresh, self.cwnd = max(in_flight / 2, LEAST), 1.0


class Cubic(Reno):
    """Grow along a cubic of the *time* since the last loss, whatever the round trip. RFC 9438.

        W(t) = C (t - K)^3 + W_max,   K = ((W_max - cwnd) / C)^(1/3),   C = 0.4, beta = 0.7

    It is steep far from W_max, where the last loss came, flat near it, and then steep again. Where
    Reno would be faster, on short round trips, it does as Reno does (4.3). The window is one of
    whole segments, as those in flight are: so Linux and ns-3 have it, which shows where it is flat.
    """

    C, BETA = 0.4, 0.7
    ALPHA = 3 * (1 - BETA) / (1 + BETA)  # with this growth Reno loses as often as CUBIC (4.3)

    def __init__(self, cwnd: float = INITIAL_WINDOW, ssthresh: float = inf):
        super().__init__(cwnd, ssthresh)
        self.w_max = 0.0
        self._began: float | None = None  # when congestion avoidance began [s]; None: not yet
        self._k = self._reno = self._before = self._rtt = self._credit = 0.0

    def on_ack(self, acked: float, rtt: float | None, now: float):
        """Grow in slow start as Reno does, later towards the cubic."""
        if rtt is not None:
            self._rtt += (rtt - self._rtt) / 8 if self._rtt else rtt
        if self.cwnd < self.ssthresh:
            self.cwnd += min(acked, 1.0)
            return
        if self._began is None:
            self._begin(now)
        since = now - self._began  # type: ignore[operator]
        alpha = 1.0 if self._reno >= self._before else self.ALPHA
        self._reno += alpha * acked / self.cwnd
        if self.curve(since) < self._reno:
            self.cwnd = max(self.cwnd, int(self._reno))
            return
        # what the cubic will be a round trip from now, at most half as much again (4.2)
        distance = int(self.curve(since + self._rtt) - self.w_max)
        target = min(max(self.w_max + distance, self.cwnd), 1.5 * self.cwnd)
        self._credit += (target - self.cwnd) * acked / self.cwnd
        grown = int(self._credit)
        self.cwnd, self._credit = self.cwnd + grown, self._credit - grown

    def curve(self, since: float) -> float:
        """Return W(t), the cubic, so many seconds after congestion avoidance began [segments]."""
        return self.C * (since - self._k) ** 3 + self.w_max

    def on_loss(self, in_flight: float, now: float):
        """Go on with 0.7 of the window, and remember where it was, or less: leave room (4.7)."""
        self._remember()
        self.cwnd = self.ssthresh = float(max(int(in_flight * self.BETA), LEAST))

    def on_timeout(self, in_flight: float, now: float):
        """Begin again with one segment; the curve begins where slow start ends (4.8)."""
        self._remember()
        self.ssthresh, self.cwnd = max(in_flight * self.BETA, LEAST), 1.0

    def _remember(self):
        shrinking = self.cwnd < self.w_max  # others want more: fast convergence
        self.w_max = self.cwnd * (1 + self.BETA) / 2 if shrinking else self.cwnd
        self._before, self._began, self._credit = self.cwnd, None, 0.0

    def _begin(self, now: float):
        self._began, self._reno = now, self.cwnd
        if self.w_max < self.cwnd:  # there has been no loss, or slow start went beyond it
            self.w_max = self.cwnd
        self._k = ((self.w_max - self.cwnd) / self.C) ** (1 / 3)


class Vegas(Reno):
    """Watch the delay instead of the losses: keep 2 to 4 segments in the queue, and no more.

    A path as short as the shortest round trip seen would carry cwnd / shortest segments a second;
    it carries cwnd / rtt. The difference, times `shortest`, is what waits in queues.
    Source: Brakmo and Peterson, TCP Vegas, IEEE JSAC 13(8), 1995.
    """

    FEWEST, MOST, SLOW_START = 2.0, 4.0, 1.0  # segments in queues

    def __init__(self, cwnd: float = INITIAL_WINDOW, ssthresh: float = inf):
        super().__init__(cwnd, ssthresh)
        self.shortest = inf
        self._sum, self._count, self._left = 0.0, 0, float(cwnd)

    def on_ack(self, acked: float, rtt: float | None, now: float):
        """Once a round trip, move by one segment towards 2 to 4 that wait."""
        if rtt is not None:
            self.shortest = min(self.shortest, rtt)
            self._sum, self._count = self._sum + rtt, self._count + 1
        self._left -= acked
        if self._left > 0 or not self._count:
            return
        slower = self.shortest * self._count / self._sum if self._sum else 1.0
        waiting = self.cwnd * (1 - slower)
        if self.cwnd < self.ssthresh:
            self.ssthresh = self.cwnd if waiting > self.SLOW_START else self.ssthresh
            self.cwnd *= 2 if waiting <= self.SLOW_START else 1
        elif waiting < self.FEWEST:
            self.cwnd += 1
        elif waiting > self.MOST:
            self.cwnd = max(self.cwnd - 1, LEAST)
        self._sum, self._count, self._left = 0.0, 0, self.cwnd
