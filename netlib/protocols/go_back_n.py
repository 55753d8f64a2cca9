"""A window of messages in flight, and the plain answer to a loss: go back, and send all again.

    acknowledged |   sent once or more   |   to be sent   | beyond the window
    .. 2   3   4 | 5   6   7   8   9  10 | 11    12    13 | 14  15 ..
                  base     next           top              base + window

The receiver keeps nothing out of order, so an ACK of n means "all up to n": base moves to n + 1,
and the window with it. Usually next is at top; when the oldest times out, it goes back to base.
The window is below the 2 ** k numbers of k bits: with all of them in flight, an old ACK of base - 1
would carry the number of the last message; and were all ACKs lost, copies would pass for new ones.
"""

from collections.abc import Sequence

from netlib import checks
from netlib.protocols import arguments, wire
from netlib.protocols.stop_and_wait import StopAndWaitReceiver
from netlib.protocols.timeout import Timer, timer_for


class GoBackNSender:
    """Send up to `window` messages ahead of the oldest that is not acknowledged.

    If the oldest is not acknowledged within `timeout` ([s], or an RttEstimator), it and all after
    it are sent again. bits: of the sequence number; `unsafe` allows a window of 2 ** bits. spacing:
    the time that sending a datagram takes [s]. Source: Tanenbaum, Computer Networks, protocol 5.
    """

    def __init__(
        self,
        messages: Sequence[bytes],
        window: int = 8,
        timeout: float | Timer = 1.0,
        bits: int = wire.MAX_BITS,
        *,
        spacing: float = 0.0,
        unsafe: bool = False,
    ):
        arguments.messages(messages)
        arguments.window(window, bits, lambda space: space - 1, unsafe)
        checks.seconds("spacing", spacing)
        self.window, self.timer, self.spacing = window, timer_for(timeout), spacing
        self._mask = mask = (1 << bits) - 1
        self._datagrams = [wire.data(n & mask, message) for n, message in enumerate(messages)]
        self._total, self._sent_at = len(messages), [0.0] * len(messages)
        self.base = self._next = self._top = 0  # oldest in flight, next to send, first never sent
        self._fresh = 0  # from this number on, every message was sent once only
        self._free_at = 0.0  # when the next datagram may be sent
        self.transmissions = self.timeouts = self.ignored = 0
        self.deadline: float | None = 0.0 if messages else None

    @property
    def done(self) -> bool:
        """Whether every message is acknowledged."""
        return self.base == self._total

    @property
    def in_flight(self) -> int:
        """How many messages are sent, but not acknowledged."""
        return self._top - self.base

    @property
    def retransmissions(self) -> int:
        """How many datagrams were sent again."""
        return self.transmissions - self._top

    def add(self, message: bytes):
        """Append a message; it is due at once if the window has room for it."""
        number = self._total
        self._datagrams.append(wire.data(number & self._mask, message))
        self._sent_at.append(0.0)
        self._total += 1
        if number < self.base + self.window:
            self.deadline = 0.0

    def wake(self, now: float) -> list[bytes]:
        """Go back to the oldest in flight if its time is up; send what the window allows."""
        if self._next > self.base and self._sent_at[self.base] + self.timer.rto <= now:
            self.timeouts += 1
            self.timer.back_off()
            self._next, self._fresh = self.base, self._top
        return self._send(now)

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take the acknowledgement of a message and all before it; send what the window allows."""
        if (seq := wire.read_ack(datagram)) is None:
            self.ignored += 1
            return []
        base = self.base
        number = base + ((seq - base) & self._mask)
        if number >= self._top:  # an old acknowledgement
            self.ignored += 1
            return []
        if number >= self._fresh:  # Karn's rule
            self.timer.sample(now - self._sent_at[number])
        self.base = number + 1
        if self._next <= number:  # had gone back further than necessary
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
            self.deadline = self._free_at  # more may be sent, after the spacing
        return self._datagrams[first:last]


class GoBackNReceiver(StopAndWaitReceiver):
    """Be the receiver of stop-and-wait, with as many `bits` as the sender of go-back-N."""

    def __init__(self, bits: int = wire.MAX_BITS):
        checks.whole("bits", bits, least=1, most=wire.MAX_BITS)
        super().__init__(bits)
