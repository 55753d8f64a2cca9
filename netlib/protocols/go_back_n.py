"""A window of messages in flight, and one way to mend a loss: go back, and send all again."""

from collections.abc import Iterable

from netlib.protocols import arguments, wire
from netlib.protocols.stop_and_wait import StopAndWaitReceiver
from netlib.protocols.timeout import Timer, timer_for


def all_but_one(space: int) -> int:
    """Return the largest window: what was acknowledged last needs a number of its own."""
    return space - 1


class GoBackNSender:
    """Send up to `window` messages ahead of the oldest that is not acknowledged.

    When that one is not acknowledged within `timeout` ([s], or an RttEstimator) after it was sent,
    it and all after it are sent again. bits: of the sequence number; the window must be below
    2 ** bits (`unsafe` allows that many). spacing: the least time between two datagrams [s], as if
    it took so long to transmit one. Source: Tanenbaum, Computer Networks, protocol 5.
    """

    def __init__(
        self,
        messages: Iterable[bytes],
        window: int = 8,
        timeout: float | Timer = 1.0,
        bits: int = wire.MAX_BITS,
        *,
        spacing: float = 0.0,
        unsafe: bool = False,
    ):
        self.window = arguments.window(window, bits, all_but_one, unsafe)
        self.timer, self.spacing = timer_for(timeout), arguments.spacing(spacing)
        self._mask = mask = (1 << bits) - 1
        told = arguments.messages(messages)
        self._datagrams = [wire.data(n & mask, message) for n, message in enumerate(told)]
        self._total, self._sent_at = len(told), [0.0] * len(told)
        self.base = self._next = self._top = 0  # oldest in flight, next to send, first never sent
        self._fresh = 0  # from this number on, nothing was sent twice
        self._free_at = 0.0  # when the next datagram may be sent
        self.transmissions = self.timeouts = self.ignored = 0
        self.deadline: float | None = 0.0 if told else None

    @property
    def done(self) -> bool:
        """Whether every message is acknowledged."""
        return self.base == self._total

    @property
    def in_flight(self) -> int:
        """How many messages were sent and are not acknowledged."""
        return self._top - self.base

    @property
    def retransmissions(self) -> int:
        """How many datagrams were sent again."""
        return self.transmissions - self._top

    def wake(self, now: float) -> list[bytes]:
        """Go back to the oldest in flight if its time is up; send what there is room for."""
        if self._next > self.base and self._sent_at[self.base] + self.timer.rto <= now:
            self.timeouts += 1
            self.timer.back_off()
            self._next, self._fresh = self.base, self._top
        return self._send(now)

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take an acknowledgement of a message and all before it; send what there is room for."""
        if (seq := wire.read_ack(datagram)) is None:
            self.ignored += 1
            return []
        base = self.base
        number = base + ((seq - base) & self._mask)
        if number >= self._top:  # an old one again
            self.ignored += 1
            return []
        if number >= self._fresh:  # Karn's rule
            self.timer.sample(now - self._sent_at[number])
        self.base = number + 1
        if self._next <= number:  # it had gone back too far
            self._next = number + 1
        return self._send(now)

    def _send(self, now: float) -> list[bytes]:
        first, end = self._next, self.base + self.window
        if end > self._total:
            end = self._total
        last = end if not self.spacing else min(end, first + (now >= self._free_at))
        if last > first:
            self._sent_at[first:last] = [now] * (last - first)
            self.transmissions += last - first
            self._next = last
            if last > self._top:
                self._top = last
            if self.spacing:
                self._free_at = now + self.spacing
        self.deadline = self._sent_at[self.base] + self.timer.rto if last > self.base else None
        if last < end and (self.deadline is None or self.deadline > self._free_at):
            self.deadline = self._free_at  # there is more, which waits for its turn
        return self._datagrams[first:last]


class GoBackNReceiver(StopAndWaitReceiver):
    """Be the receiver of stop-and-wait, with as many `bits` as the sender of go-back-N."""

    def __init__(self, bits: int = wire.MAX_BITS):
        super().__init__(arguments.whole("bits", bits, 1, wire.MAX_BITS))
