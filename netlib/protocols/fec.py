"""Reliability without asking again: one parity datagram for k messages mends one loss among them.

The parity is the exclusive or (XOR) of the messages it covers, in boxes of the same size. With
loss p, what it cannot mend is a fraction p * (1 - (1 - p) ** k) of the messages. RFC 5109 does so
for RTP.
"""

from collections.abc import Iterable

from netlib.protocols import arguments, wire

SPACE = 1 << wire.MAX_BITS


class FecSender:
    """Send messages, and after every `k` of them their parity; wait for nothing.

    spacing: the time between two datagrams [s]; 0: all are sent at once.
    """

    def __init__(self, messages: Iterable[bytes], k: int = 4, *, spacing: float = 0.0):
        told, k = arguments.messages(messages), arguments.whole("k", k, 1, 255)
        self._datagrams = [
            datagram
            for first in range(0, len(told), k)
            for datagram in protected(told[first : first + k], first)
        ]
        self.spacing, self.transmissions = arguments.spacing(spacing), 0
        self.deadline: float | None = 0.0 if told else None

    @property
    def done(self) -> bool:
        """Whether all is sent; whether it arrived, nobody will say."""
        return self.transmissions == len(self._datagrams)

    def wake(self, now: float) -> list[bytes]:
        """Send the next datagram; without a spacing, all."""
        first = self.transmissions
        last = first + 1 if self.spacing else len(self._datagrams)
        self.transmissions = min(last, len(self._datagrams))
        self.deadline = None if self.done else now + self.spacing
        return self._datagrams[first:last]

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Drop what comes back: nothing is expected."""
        return []


class FecReceiver:
    """Hold in `delivered`, by number, the messages that arrived or could be recovered.

    `times` says when each was known [s], `recovered` how many a parity brought back.
    """

    deadline = None

    def __init__(self):
        self.delivered: dict[int, bytes] = {}
        self.times: dict[int, float] = {}
        self.recovered = self.ignored = 0
        self._waiting: dict[int, tuple[range, bytes]] = {}  # by each message that is missed
        self._latest = 0

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take a message or a parity; mend what can be recovered with it."""
        if (data := wire.read_data(datagram)) is not None:
            number = self._number(data[0])
            self._know(number, data[1], now)
            if number in self._waiting:
                self._recover(*self._waiting.pop(number), now)
        elif (read := wire.read_parity(datagram)) is not None:
            first = self._number(read[0])
            self._recover(range(first, first + read[1]), read[2], now)
        else:
            self.ignored += 1
        return []

    def wake(self, now: float) -> list[bytes]:
        """Do nothing: a receiver waits for datagrams only."""
        return []

    def _number(self, seq: int) -> int:
        """Return the number nearest to the latest that has this sequence number."""
        half = SPACE // 2
        near = self._latest + (seq - self._latest + half) % SPACE - half
        number = near if near >= 0 else seq
        self._latest = max(self._latest, number)
        return number

    def _know(self, number: int, message: bytes, now: float):
        self.delivered.setdefault(number, message)
        self.times.setdefault(number, now)

    def _recover(self, covered: range, parity: bytes, now: float):
        lost = [number for number in covered if number not in self.delivered]
        if len(lost) != 1:
            self._waiting |= dict.fromkeys(lost, (covered, parity))
            return
        known = [self.delivered[number] for number in covered if number != lost[0]]
        self._waiting.pop(lost[0], None)
        if (message := recovered(parity, known)) is None:
            self.ignored += 1
            return
        self._know(lost[0], message, now)
        self.recovered += 1


def protected(messages: list[bytes], first: int) -> list[bytes]:
    """Return the datagrams of a group of messages, numbered from `first`, and of their parity."""
    plain = [wire.data((first + n) % SPACE, message) for n, message in enumerate(messages)]
    size = wire.LENGTH + max(map(len, messages))
    parity = exclusive_or([wire.padded(message, size) for message in messages])
    return [*plain, wire.parity(first % SPACE, len(messages), parity)]


def recovered(parity: bytes, known: list[bytes]) -> bytes | None:
    """Return the one message that is not known, or None: these do not belong together."""
    size = len(parity)
    if any(wire.LENGTH + len(message) > size for message in known):
        return None
    return wire.unpadded(exclusive_or([parity, *(wire.padded(message, size) for message in known)]))


def exclusive_or(boxes: list[bytes]) -> bytes:
    """Return the XOR of byte strings of the same length."""
    total = 0
    for box in boxes:
        total ^= int.from_bytes(box, "big")
    return total.to_bytes(len(boxes[0]), "big")
