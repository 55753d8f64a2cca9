"""One message at a time: send it, wait for its acknowledgement, send it again if none comes."""

from collections.abc import Iterable

from netlib.protocols import arguments, wire
from netlib.protocols.timeout import Timer, timer_for


class StopAndWaitSender:
    """Send messages one by one, each until it is acknowledged.

    timeout: how long to wait for an acknowledgement [s], or an RttEstimator. bits: of the sequence
    number; 1 is the alternating bit, 0 none at all: then the receiver takes a retransmission for
    a new message. Source: Bartlett, Scantlebury, Wilkinson, CACM 12 (1969).
    """

    def __init__(self, messages: Iterable[bytes], timeout: float | Timer = 1.0, bits: int = 1):
        self._messages, self.timer = arguments.messages(messages), timer_for(timeout)
        self._space = 1 << arguments.whole("bits", bits, 0, wire.MAX_BITS)
        self.acknowledged = self.transmissions = self.timeouts = self.ignored = 0
        self.in_flight = 0
        self._datagram, self._seq, self._sent_at = b"", 0, 0.0
        self.deadline: float | None = 0.0 if self._messages else None

    @property
    def done(self) -> bool:
        """Whether every message is acknowledged."""
        return self.acknowledged == len(self._messages)

    @property
    def retransmissions(self) -> int:
        """How many datagrams were sent again."""
        return self.transmissions - self.acknowledged - self.in_flight

    def wake(self, now: float) -> list[bytes]:
        """Send the first message, or the one in flight again: its time is up."""
        if not self.in_flight:
            return self._send_next(now)
        self.timeouts += 1
        self.timer.back_off()
        return self._send(now)

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take the acknowledgement that is waited for, and send the next message."""
        if not self.in_flight or wire.read_ack(datagram) != self._seq:
            self.ignored += 1
            return []
        if self._first:  # else nobody knows which of them it acknowledges: Karn's rule
            self.timer.sample(now - self._sent_at)
        self.acknowledged += 1
        self.in_flight, self.deadline = 0, None
        return [] if self.done else self._send_next(now)

    def _send_next(self, now: float) -> list[bytes]:
        self._seq = self.acknowledged % self._space
        self._datagram = wire.data(self._seq, self._messages[self.acknowledged])
        self.in_flight = 1
        return self._send(now, first=True)

    def _send(self, now: float, first: bool = False) -> list[bytes]:
        self._first, self._sent_at, self.deadline = first, now, now + self.timer.rto
        self.transmissions += 1
        return [self._datagram]


class StopAndWaitReceiver:
    """Deliver what comes in order, and acknowledge the last message that did.

    `delivered` holds the messages. What comes again is acknowledged again and not delivered;
    `bits` must be the sender's. It is the receiver of go-back-N as well.
    """

    deadline = None

    def __init__(self, bits: int = 1):
        self._space = 1 << arguments.whole("bits", bits, 0, wire.MAX_BITS)
        self.delivered: list[bytes] = []
        self.duplicates = self.ignored = 0  # not in order; no data at all
        self._expected, self._answer = 0, wire.ack(self._space - 1)

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take a message; return the acknowledgement of all that was delivered."""
        if (read := wire.read_data(datagram)) is None:
            self.ignored += 1
            return []
        seq, message = read
        if seq == self._expected:
            self.delivered.append(message)
            self._expected, self._answer = (seq + 1) % self._space, wire.ack(seq)
        else:
            self.duplicates += 1
        return [self._answer]

    def wake(self, now: float) -> list[bytes]:
        """Do nothing: a receiver waits for datagrams only."""
        return []
