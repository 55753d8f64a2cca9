"""One direction of a byte stream through a relay, as a plain object: no socket, no clock.

    take(data, now) -> | (due, piece) (due, piece) (due, end) | -> next_piece, sent(count)

Delay and rate act on bytes: a piece is due when the bottleneck has sent its last bit, plus the
delay, and never before the piece in front of it. Nothing is dropped. When `room` bytes are on their
way, no more is taken: the relay's socket fills up, the sender's kernel hears of a window of 0, and
the sender waits. This is backpressure.
"""

from collections import deque
from math import inf

from netlib.links.bottleneck import Bottleneck

GRAIN = 0.005  # seconds: with a rate, the stream goes on in pieces that take this long to send
UNCUT = 2**30  # bytes: without a rate, what came in together goes on together

EOF, RESET = memoryview(b""), None  # what a stream can end with


class Path:
    """What all streams in one direction share: a delay [s] and a bottleneck's rate [bits/s]."""

    def __init__(self, delay: float = 0.0, rate: float | None = None):
        self.passed = 0  # bytes that went out, of all streams
        self._bottleneck = Bottleneck()
        self.dial(delay, rate)

    def dial(self, delay: float, rate: float | None):
        """Go on with other settings; bytes that are on their way keep their times."""
        self._delay = delay
        self._bottleneck.change(rate)
        self.grain = max(1, int(rate / 8 * GRAIN)) if rate else UNCUT

    def due(self, size: int, now: float) -> float:
        """Admit a piece of `size` bytes; return when it arrives [s]."""
        return (self._bottleneck.admit(size, now) or now) + self._delay


class Flow:
    """A stream on its way along `path`: at most `room` bytes at once, without those in `hole`."""

    def __init__(self, path: Path, room: int = 2**20, hole: range = range(0)):
        self.ended = self.over = False  # the end was seen here; it was passed on there
        self.broken = False  # the end is a reset
        self._path, self._room, self._hole = path, room, hole
        self._on_way: deque[tuple[float, memoryview | None]] = deque()
        self._taken = self._held = 0

    @property
    def room(self) -> int:
        """How many bytes may be taken now; 0 also once the stream has ended."""
        return 0 if self.ended else max(0, self._room - self._held)

    @property
    def deadline(self) -> float:
        """When there is something to send [s]; infinite: not before more is taken."""
        return self._on_way[0][0] if self._on_way else inf

    @property
    def next_piece(self) -> memoryview | None:
        """What is to be sent at the deadline: bytes, or EOF, or RESET."""
        return self._on_way[0][1]

    def take(self, data: bytes, now: float):
        """Put bytes on their way; EOF (b"") ends the stream."""
        if not data:
            self._end(EOF, now)
        kept = memoryview(self._without_hole(data))
        self._taken += len(data)
        self._held += len(kept)
        for start in range(0, len(kept), self._path.grain):
            piece = kept[start : start + self._path.grain]
            self._on_way.append((self._path.due(len(piece), now), piece))

    def reset(self, now: float):
        """End the stream by a reset, behind what is on its way, even behind its end."""
        if not self.broken:
            self.broken, self.ended, self.over = True, False, False
            self._end(RESET, now)

    def drop(self):
        """Forget what is on its way: there is nobody left to take it."""
        self.ended = self.over = True
        self._on_way.clear()

    def sent(self, count: int):
        """Note that so many bytes of the next piece have been sent; of an end, 0."""
        due, piece = self._on_way.popleft()
        self._held -= count
        self._path.passed += count
        if not piece:
            self.over = True
        elif count < len(piece):
            self._on_way.appendleft((due, piece[count:]))

    def _end(self, end: memoryview | None, now: float):
        if not self.ended:
            self.ended = True
            self._on_way.append((self._path.due(0, now), end))

    def _without_hole(self, data: bytes) -> bytes:
        if self._taken >= self._hole.stop:
            return data
        return bytes(b for number, b in enumerate(data, self._taken) if number not in self._hole)
