"""Try a reassembler on streams cut in many ways: late, twice, overlapping, beyond its room.

A learner's reassembler is made with a room [bytes], and its `insert(index, piece)` returns the
bytes that have come to be next, in order. Of a piece it keeps the bytes from the next one to
`room - 1` beyond it, as it is when the piece comes; the others are thrown away, because the
sender was told of the window (RFC 9293, 3.8.6).
"""

from collections.abc import Callable, Iterator
from random import Random

from netlib.protocols.tcp.bytestream import ByteStream
from netlib.protocols.tcp.reassembler import Reassembler

STREAM = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CASES = 400
# the short ones, each with an idea of its own: pieces as (first, behind the last)
PLAIN = [
    [(0, 3), (3, 6)],
    [(3, 6), (0, 3)],
    [(0, 3), (2, 6)],
    [(4, 6), (0, 6)],
    [(0, 0), (0, 2)],
    [(0, 3), (0, 3), (3, 6)],
    [(2, 4), (3, 6), (0, 2)],
    [(2, 6), (3, 5), (0, 3)],
    [(3, 4), (2, 6), (0, 2)],
    [(8, 10), (0, 8), (8, 10)],
    [(6, 10), (0, 6), (8, 10)],
    [(0, 12), (8, 10)],
]


class ByCourse:
    """The course's reassembler, in the shape in which a learner's is checked."""

    def __init__(self, room: int):
        self.stream = ByteStream(room)
        self.parts = Reassembler(self.stream)

    def insert(self, index: int, piece: bytes) -> bytes:
        """Take a piece; return what has come to be next."""
        self.parts.insert(index, piece)
        return self.stream.read()


def fault(make: Callable) -> str:
    """Return one sentence on the first case in which a reassembler goes wrong; "": in none.

    make: called with a room [bytes]; the object that it returns has `insert(index, piece)`.
    """
    make(8).insert(3, STREAM[3:6])
    if make(8).insert(0, STREAM[:3]) == STREAM[:6]:
        return "two reassemblers share what they keep: a new one returned what another was given"
    for room, cuts in _cases():
        mine, model = make(room), ByCourse(room)
        for number, (first, end) in enumerate(cuts):
            piece = STREAM[first:end]
            expected, got = model.insert(first, piece), mine.insert(first, piece)
            if got != expected:
                before = ", ".join(_call(*cut) for cut in cuts[:number])
                after = f" after {before}" if before else ""
                call = f"room {room}: {_call(first, end)}{after}"
                return f"{call} returned {got!r}, expected {expected!r}"
    return ""


def _call(first: int, end: int) -> str:
    return f"insert({first}, {STREAM[first:end]!r})"


def _cases() -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Return rooms and pieces: those with an idea, then random ones, the shorter ones first."""
    yield from ((8, cuts) for cuts in PLAIN)
    coin = Random(10)
    for number in range(CASES - len(PLAIN)):
        room, pieces = coin.randint(1, 12), []
        for _ in range(3 + number // 10):
            first = coin.randrange(len(STREAM))
            pieces.append((first, min(len(STREAM), first + coin.randint(0, 6))))
        yield room, [*pieces, *((n, n + 2) for n in range(0, len(STREAM), 2))]
