"""A window of messages in flight, each with its own timer: what is lost is sent again, alone."""

from collections import deque
from collections.abc import Iterable
from math import inf

from netlib.protocols import arguments, wire
from netlib.protocols.timeout import Timer, timer_for


def half(space: int) -> int:
    """Return the largest window: new and old messages must never share a sequence number."""
    return space // 2


class SelectiveRepeatSender:
    """Send up to `window` messages ahead of the oldest that is not acknowledged.

    Each is sent again when it is not acknowledged within `timeout` ([s], or an RttEstimator). bits:
    of the sequence number; the window must be at most 2 ** (bits - 1), else the receiver can take
    an old message for a new one (`unsafe` allows more). spacing: the least time between two
    datagrams [s], as if it took so long to transmit one. Source: Tanenbaum, Computer Networks,
    protocol 6.
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
        self.window = arguments.window(window, bits, half, unsafe)
        self.timer, self.spacing = timer_for(timeout), arguments.spacing(spacing)
        self._mask = mask = (1 << bits) - 1
        told = arguments.messages(messages)
        self._datagrams = [wire.data(n & mask, message) for n, message in enumerate(told)]
        self._sent_at = [0.0] * len(told)
        self.base = self._next = 0  # oldest in flight, first never sent
        self._acked: set[int] = set()  # beyond the base
        self._resent: set[int] = set()  # in flight, and sent more than once
        self._timers: deque[int] = deque()  # numbers in the order in which they were sent
        self._late: deque[int] = deque()  # numbers whose time is up, to be sent again
        self._free_at = 0.0  # when the next datagram may be sent
        self.transmissions = self.timeouts = self.ignored = 0
        self.deadline: float | None = 0.0 if told else None

    @property
    def done(self) -> bool:
        """Whether every message is acknowledged."""
        return self.base == len(self._datagrams)

    @property
    def in_flight(self) -> int:
        """How many messages were sent and are not acknowledged."""
        return self._next - self.base - len(self._acked)

    @property
    def retransmissions(self) -> int:
        """How many datagrams were sent again."""
        return self.transmissions - self._next

    def wake(self, now: float) -> list[bytes]:
        """Send again every message whose time is up, and what there is room for."""
        timers, rto = self._timers, self.timer.rto
        late = []
        while timers and self._sent_at[timers[0]] + rto <= now:
            if self._waits(number := timers.popleft()):
                late.append(number)
        if late:
            self.timeouts += 1
            self.timer.back_off()
            self._late += late
            self._resent.update(late)
        return self._send(now)

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take the acknowledgement of one message; send what there is room for."""
        seq = wire.read_ack(datagram)
        base, acked = self.base, self._acked
        number = self._next if seq is None else base + ((seq - base) & self._mask)
        if number >= self._next or number in acked:  # no acknowledgement, or an old one again
            self.ignored += 1
            return []
        if number not in self._resent:  # Karn's rule
            self.timer.sample(now - self._sent_at[number])
        acked.add(number)
        self._resent.discard(number)
        while base in acked:
            acked.remove(base)
            base += 1
        self.base = base
        return self._send(now)

    def _waits(self, number: int) -> bool:
        return number >= self.base and number not in self._acked

    def _send(self, now: float) -> list[bytes]:
        datagrams, end = [], min(self.base + self.window, len(self._datagrams))
        while (self._late or self._next < end) and now >= self._free_at:
            if not self._late:
                number = self._next
                self._next = number + 1
            elif not self._waits(number := self._late.popleft()):
                continue  # its acknowledgement came while it waited for its turn
            self._sent_at[number] = now
            self._timers.append(number)
            datagrams.append(self._datagrams[number])
            if self.spacing:
                self._free_at = now + self.spacing
        self.transmissions += len(datagrams)
        self._arm(self._free_at if self._late or self._next < end else inf)
        return datagrams

    def _arm(self, due: float):
        timers, acked, base = self._timers, self._acked, self.base
        while timers and (timers[0] < base or timers[0] in acked):
            timers.popleft()
        if timers:
            due = min(due, self._sent_at[timers[0]] + self.timer.rto)
        self.deadline = due if due < inf else None


class SelectiveRepeatReceiver:
    """Keep what comes out of order within the window, deliver in order, acknowledge each alone.

    `delivered` holds the messages. `window`, `bits` and `unsafe` are the sender's.
    """

    deadline = None

    def __init__(self, window: int = 8, bits: int = wire.MAX_BITS, *, unsafe: bool = False):
        self.window, self._mask = arguments.window(window, bits, half, unsafe), (1 << bits) - 1
        self.delivered: list[bytes] = []
        self.duplicates = self.ignored = 0  # known already; no data, or from nowhere near
        self._kept: dict[int, bytes] = {}

    @property
    def kept(self) -> int:
        """How many messages wait for one before them."""
        return len(self._kept)

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take a message; return its acknowledgement."""
        if (read := wire.read_data(datagram)) is None:
            self.ignored += 1
            return []
        seq, message = read
        expected = len(self.delivered)
        ahead = (seq - expected) & self._mask
        if ahead < self.window and expected + ahead not in self._kept:
            self._keep(expected + ahead, message)
        elif ahead < self.window or self._mask - ahead < self.window:  # below the window
            self.duplicates += 1
        else:
            self.ignored += 1
            return []
        return [wire.ack(seq & self._mask)]

    def wake(self, now: float) -> list[bytes]:
        """Do nothing: a receiver waits for datagrams only."""
        return []

    def _keep(self, number: int, message: bytes):
        kept, delivered = self._kept, self.delivered
        kept[number] = message
        while len(delivered) in kept:
            delivered.append(kept.pop(len(delivered)))
