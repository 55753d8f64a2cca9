"""A window of messages in flight, each with its own timer: only what was lost is sent again.

    sender      .. 3 | 4   5*  6*  7  | 8  ..      * acknowledged; base = 4
    receiver    .. 3 | 4   5+  6+  7  | 8  ..      + kept until 4 comes; expected = 4

The sender's window begins at the oldest message without an ACK, the receiver's at the next to be
delivered, which can be a whole window ahead: 4 to 7 arrive, their ACKs are lost, and the receiver
waits for 8 to 11 while the sender repeats 4 to 7 (to be acknowledged again, or it would never move
on). Both windows together must fit into the 2 ** k numbers of k bits, so each is at most half:
with 3 bits and windows of 5, the old 4 and the new 12 would carry the same number.
"""

from collections import deque
from collections.abc import Sequence
from math import inf

from netlib import checks
from netlib.endpoint import Responder
from netlib.protocols import arguments, wire
from netlib.protocols.timeout import Timer, timer_for


class SelectiveRepeatSender:
    """Send up to `window` messages ahead of the oldest that is not acknowledged.

    Each that is not acknowledged within `timeout` ([s], or an RttEstimator) is sent again. bits: of
    the sequence number; `unsafe` allows a window above half of 2 ** bits. spacing: the time that
    sending a datagram takes [s]. Source: Tanenbaum, Computer Networks, protocol 6.
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
        arguments.window(window, bits, lambda space: space // 2, unsafe)
        checks.seconds("spacing", spacing)
        self.window, self.timer, self.spacing = window, timer_for(timeout), spacing
        self._mask = mask = (1 << bits) - 1
        self._datagrams = [wire.data(n & mask, message) for n, message in enumerate(messages)]
        self._sent_at = [0.0] * len(messages)
        self.base = self._next = 0  # oldest in flight, first never sent
        self._acked: set[int] = set()  # beyond the base
        self._resent: set[int] = set()  # in flight, and sent more than once
        self._timers: deque[int] = deque()  # numbers in the order in which they were sent
        self._late: deque[int] = deque()  # numbers whose time is up, to be sent again
        self._free_at = 0.0  # when the next datagram may be sent
        self.transmissions = self.timeouts = self.ignored = 0
        self.deadline: float | None = 0.0 if messages else None

    @property
    def done(self) -> bool:
        """Whether every message is acknowledged."""
        return self.base == len(self._datagrams)

    @property
    def in_flight(self) -> int:
        """How many messages are sent, but not acknowledged."""
        return self._next - self.base - len(self._acked)

    @property
    def retransmissions(self) -> int:
        """How many datagrams were sent again."""
        return self.transmissions - self._next

    def add(self, message: bytes):
        """Append a message; it is due at once if the window has room for it."""
        number = len(self._datagrams)
        self._datagrams.append(wire.data(number & self._mask, message))
        self._sent_at.append(0.0)
        if number < self.base + self.window:
            self.deadline = 0.0

    def wake(self, now: float) -> list[bytes]:
        """Send again every message whose time is up; send what the window allows."""
        timers, rto = self._timers, self.timer.rto
        late = []
        while timers and self._sent_at[timers[0]] + rto <= now:
            if self._outstanding(number := timers.popleft()):
                late.append(number)
        if late:
            self.timeouts += 1
            self.timer.back_off()
            self._late += late
            self._resent.update(late)
        return self._send(now)

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take the acknowledgement of one message; send what the window allows."""
        seq = wire.read_ack(datagram)
        base, acked = self.base, self._acked
        number = self._next if seq is None else base + ((seq - base) & self._mask)
        if number >= self._next or number in acked:  # not an acknowledgement, or an old one
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

    def _outstanding(self, number: int) -> bool:
        return number >= self.base and number not in self._acked

    def _send(self, now: float) -> list[bytes]:
        datagrams, end = [], min(self.base + self.window, len(self._datagrams))
        while (self._late or self._next < end) and now >= self._free_at:
            if not self._late:
                number = self._next
                self._next = number + 1
            elif not self._outstanding(number := self._late.popleft()):
                continue  # acknowledged while it waited for its turn
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


class SelectiveRepeatReceiver(Responder):
    """Keep messages that come out of order, deliver in order, acknowledge each by itself.

    `delivered` holds the messages. `window`, `bits` and `unsafe` must be the sender's.
    """

    def __init__(self, window: int = 8, bits: int = wire.MAX_BITS, *, unsafe: bool = False):
        arguments.window(window, bits, lambda space: space // 2, unsafe)
        self.window, self._mask = window, (1 << bits) - 1
        self.delivered: list[bytes] = []
        self.duplicates = self.ignored = 0  # held already; not data, or outside both windows
        self._kept: dict[int, bytes] = {}

    @property
    def kept(self) -> int:
        """How many messages wait for an earlier one."""
        return len(self._kept)

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take a message; return its acknowledgement."""
        if (fields := wire.read_data(datagram)) is None:
            self.ignored += 1
            return []
        seq, message = fields
        expected = len(self.delivered)
        ahead = (seq - expected) & self._mask
        if ahead < self.window and expected + ahead not in self._kept:
            self._keep(expected + ahead, message)
        elif ahead < self.window or self._mask - ahead < self.window:  # one window below
            self.duplicates += 1
        else:
            self.ignored += 1
            return []
        return [wire.ack(seq & self._mask)]

    def _keep(self, number: int, message: bytes):
        kept, delivered = self._kept, self.delivered
        kept[number] = message
        while len(delivered) in kept:
            delivered.append(kept.pop(len(delivered)))
