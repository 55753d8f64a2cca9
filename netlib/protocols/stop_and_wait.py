"""One message at a time: send it, wait for its acknowledgement, send it again if none comes.

After a lost ACK the same message comes again: a number tells it from a new one. One bit is enough
on a line that keeps order: while the sender waits for the ACK of n, only n, n - 1 and their ACKs
can be under way, and those two differ in the bit. On a line that reorders, a late copy of n - 2
can arrive with the bit of n and be delivered in its place; with k bits, a copy of n - 2 ** k.
"""

from collections.abc import Sequence

from netlib import checks
from netlib.endpoint import Responder
from netlib.protocols import arguments, wire
from netlib.protocols.timeout import Timer, timer_for


class StopAndWaitSender:
    """Send messages one by one, each until it is acknowledged.

    timeout: how long to wait for an acknowledgement [s], or an RttEstimator. bits: of the sequence
    number; 1 is the alternating bit; with 0 a retransmission passes for a new message.
    Source: Bartlett, Scantlebury, Wilkinson, CACM 12 (1969).
    """

    def __init__(self, messages: Sequence[bytes], timeout: float | Timer = 1.0, bits: int = 1):
        arguments.messages(messages)
        checks.whole("bits", bits, most=wire.MAX_BITS)
        self._messages, self._space, self.timer = list(messages), 1 << bits, timer_for(timeout)
        self.acknowledged = self.in_flight = self.transmissions = self.timeouts = self.ignored = 0
        self._datagram, self._seq, self._sent_at, self._sent_once = b"", 0, 0.0, True
        self.deadline: float | None = 0.0 if self._messages else None

    @property
    def done(self) -> bool:
        """Whether every message is acknowledged."""
        return self.acknowledged == len(self._messages)

    @property
    def retransmissions(self) -> int:
        """How many datagrams were sent again."""
        return self.transmissions - self.acknowledged - self.in_flight

    def add(self, message: bytes):
        """Append a message; it is due at once if none is in flight."""
        self._messages.append(message)
        if not self.in_flight:
            self.deadline = 0.0

    def wake(self, now: float) -> list[bytes]:
        """Send the first message; later, the message in flight again, as its time is up."""
        if not self.in_flight:
            return self._send_next(now)
        self.timeouts += 1
        self.timer.back_off()
        return self._send(now)

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take the acknowledgement of the message in flight, and send the next message."""
        if not self.in_flight or wire.read_ack(datagram) != self._seq:
            self.ignored += 1
            return []
        if self._sent_once:  # Karn's rule: an ACK does not say which of two copies it is for
            self.timer.sample(now - self._sent_at)
        self.acknowledged += 1
        self.in_flight, self.deadline = 0, None
        return [] if self.done else self._send_next(now)

    def _send_next(self, now: float) -> list[bytes]:
        self._seq = self.acknowledged % self._space
        self._datagram = wire.data(self._seq, self._messages[self.acknowledged])
        self.in_flight = 1
        return self._send(now, once=True)

    def _send(self, now: float, once: bool = False) -> list[bytes]:
        self._sent_once, self._sent_at, self.deadline = once, now, now + self.timer.rto
        self.transmissions += 1
        return [self._datagram]


class StopAndWaitReceiver(Responder):
    """Deliver messages that come in order, and acknowledge the last message delivered.

    `delivered` holds the messages. A copy is acknowledged again, but not delivered again. `bits`
    must be the sender's. It is the receiver of go-back-N as well.
    """

    def __init__(self, bits: int = 1):
        checks.whole("bits", bits, most=wire.MAX_BITS)
        self.delivered: list[bytes] = []
        self.duplicates = self.ignored = 0  # out of order; not data
        self._mask = (1 << bits) - 1
        self._expected, self._answer = 0, wire.ack(self._mask)

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take a message; return the acknowledgement of the last one delivered."""
        if (fields := wire.read_data(datagram)) is None:
            self.ignored += 1
            return []
        seq, message = fields
        if seq == self._expected:
            self.delivered.append(message)
            self._expected, self._answer = (seq + 1) & self._mask, wire.ack(seq)
        else:
            self.duplicates += 1
        return [self._answer]
