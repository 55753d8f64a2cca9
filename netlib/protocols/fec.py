"""Repair without asking again: from one parity for k messages, any one of them can be recovered.

    P = m1 ^ m2 ^ m3, so m2 = P ^ m1 ^ m3      (^ is XOR, bit by bit; x ^ x = 0)

Messages are padded to the same size. Two losses among the k + 1 datagrams are too many: of a loss
p, p * (1 - (1 - p) ** k) remains. RFC 5109 does the same for RTP.
"""

from collections import deque
from collections.abc import Sequence

from netlib import checks
from netlib.endpoint import Responder
from netlib.protocols import arguments, wire

SPACE = 1 << wire.MAX_BITS


class FecSender:
    """Send messages, and after every `k` of them their parity; wait for nothing.

    spacing: the time between two messages [s], as of a live source; a parity goes out at once,
    behind the last message of its group. With 0 all are sent at once.
    """

    def __init__(self, messages: Sequence[bytes], k: int = 4, *, spacing: float = 0.0):
        arguments.messages(messages)
        checks.whole("k", k, least=1, most=255)
        checks.seconds("spacing", spacing)
        groups = (protected(n, messages[n : n + k]) for n in range(0, len(messages), k))
        self._datagrams = deque(datagram for group in groups for datagram in group)
        self.spacing, self.transmissions = spacing, 0
        self.deadline: float | None = 0.0 if messages else None

    @property
    def done(self) -> bool:
        """Whether everything is sent; no answer says whether it arrived."""
        return not self._datagrams

    def wake(self, now: float) -> list[bytes]:
        """Send the next message, and the parity behind it, or all of them without a spacing."""
        out: list[bytes] = []
        waiting = self._datagrams
        while waiting and (not out or not self.spacing or waiting[0][0] == wire.PARITY):
            out.append(waiting.popleft())
        self.transmissions += len(out)
        self.deadline = None if self.done else now + self.spacing
        return out

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Drop a datagram: none is expected."""
        return []


class FecReceiver(Responder):
    """Hold in `delivered`, by number, the messages that arrived or were recovered.

    `times` says when [s], by number, `recovered` how many came from a parity.
    """

    def __init__(self):
        self.delivered: dict[int, bytes] = {}
        self.times: dict[int, float] = {}
        self.recovered = self.ignored = 0
        self._waiting: dict[int, tuple[range, bytes]] = {}  # parities, by each message missing
        self._latest = 0

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take a message or a parity; recover a message if that is possible now."""
        if (data := wire.read_data(datagram)) is not None:
            number = self._number(data[0])
            self._accept(number, data[1], now)
            if number in self._waiting:
                self._recover(*self._waiting.pop(number), now)
        elif (parity := wire.read_parity(datagram)) is not None:
            first = self._number(parity[0])
            self._recover(range(first, first + parity[1]), parity[2], now)
        else:
            self.ignored += 1
        return []

    def _number(self, seq: int) -> int:
        """Return the number nearest to the latest with this sequence number; none is below 0."""
        half = SPACE // 2
        near = self._latest + (seq - self._latest + half) % SPACE - half
        number = near if near >= 0 else seq
        self._latest = max(self._latest, number)
        return number

    def _accept(self, number: int, message: bytes, now: float):
        self.delivered.setdefault(number, message)
        self.times.setdefault(number, now)

    def _recover(self, covered: range, parity: bytes, now: float):
        lost = [number for number in covered if number not in self.delivered]
        if len(lost) != 1:
            self._waiting |= dict.fromkeys(lost, (covered, parity))
            return
        others = [self.delivered[number] for number in covered if number != lost[0]]
        self._waiting.pop(lost[0], None)
        if (message := recovered(parity, others)) is None:
            self.ignored += 1
            return
        self._accept(lost[0], message, now)
        self.recovered += 1


def protected(first: int, messages: Sequence[bytes]) -> list[bytes]:
    """Return the datagrams of a group of messages, numbered from `first`, and of their parity."""
    plain = [wire.data((first + n) % SPACE, message) for n, message in enumerate(messages)]
    size = wire.LENGTH + max(map(len, messages))
    parity = exclusive_or([wire.padded(message, size) for message in messages])
    return [*plain, wire.parity(first % SPACE, len(messages), parity)]


def recovered(parity: bytes, others: list[bytes]) -> bytes | None:
    """Return the message that is missing beside `others`, or None if the parity is not theirs."""
    size = len(parity)
    if any(wire.LENGTH + len(message) > size for message in others):
        return None
    return wire.unpadded(exclusive_or([parity, *(wire.padded(other, size) for other in others)]))


def exclusive_or(blocks: list[bytes]) -> bytes:
    """Return the XOR of byte strings of the same length."""
    total = 0
    for block in blocks:
        total ^= int.from_bytes(block, "big")
    return total.to_bytes(len(blocks[0]), "big")
