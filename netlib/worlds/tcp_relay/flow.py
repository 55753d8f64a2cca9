"""One direction of a byte stream through a relay, as a plain object: no socket, no clock."""

from collections import deque
from math import inf

from netlib.links.bottleneck import Bottleneck
from netlib.worlds.tcp_relay.chopper import Chopper

GRAIN = 0.005  # seconds: with a rate, the stream goes on in pieces that take this long to send
HOLD = 0.010  # seconds: how long a chopper waits for the rest of a piece
GAP = 0.001  # seconds between two pieces, so that who reads them at once gets them one by one

EOF, RESET = memoryview(b""), None  # what a stream can end with


class Flow:
    """Bytes on their way: `take` them in, they are `due` after `delay` [s], at `rate` [bits/s].

    At most `room` bytes are on their way at once; then no more should be taken, so that the sender
    has to wait (backpressure). `hole`: the numbers of bytes that are left out.
    """

    def __init__(
        self,
        delay: float = 0.0,
        rate: float | None = None,
        chopper: Chopper | None = None,
        hole: range = range(0),
        room: int = 2**20,
    ):
        self.taken = self.passed = 0  # bytes that came in, bytes that went out
        self.ended = self.over = False  # the end was seen here; it was passed on there
        self.broken = False  # the end is a reset
        self._delay, self._room, self._chopper, self._hole = delay, room, chopper, hole
        self._transmitter = Bottleneck()
        self._transmitter.change(rate)
        self._grain = max(1, int(rate / 8 * GRAIN)) if rate else room
        self._gap = GAP if chopper else 0.0
        self._on_way: deque[tuple[float, memoryview | None]] = deque()
        self._held, self._latest, self._flush_at = 0, 0.0, inf

    @property
    def room(self) -> int:
        """How many bytes may be taken now; 0 also once the stream has ended."""
        return 0 if self.ended else max(0, self._room - self._held)

    @property
    def deadline(self) -> float:
        """When there is something to do next [s]; infinite: not before more is taken."""
        return min(self._on_way[0][0] if self._on_way else inf, self._flush_at)

    @property
    def next_piece(self) -> memoryview | None:
        """What is to be sent next: bytes, or EOF, or RESET. There is one when `is_due` says so."""
        return self._on_way[0][1]

    def take(self, data: bytes, now: float):
        """Put bytes on their way; EOF (b"") ends the stream."""
        if not data:
            self._end(EOF, now)
            return
        kept = self._without_hole(data)
        self.taken += len(data)
        self._held += len(kept)
        if self._chopper is None:
            starts = range(0, len(kept), self._grain)
            self._schedule([kept[at : at + self._grain] for at in starts], now)
        else:
            self._schedule(self._chopper.feed(kept), now)
            self._flush_at = now + HOLD

    def reset(self, now: float):
        """End the stream by a reset, behind what is on its way, even behind its end."""
        if not self.broken:
            self.broken, self.ended, self.over = True, False, False
            self._end(RESET, now)

    def drop(self):
        """Forget what is on its way, for nobody is there to take it."""
        self.ended = self.over = True
        self._on_way.clear()
        self._flush_at = inf

    def is_due(self, now: float) -> bool:
        """Return whether something is to be sent by now."""
        if self._flush_at <= now:  # the rest of a piece has not come in time
            self._flush(now)
        return bool(self._on_way) and self._on_way[0][0] <= now

    def sent(self, count: int):
        """Note that so many bytes of the next piece have been sent; of an end, 0."""
        due, piece = self._on_way.popleft()
        self._held -= count
        self.passed += count
        if not piece:
            self.over = True
        elif count < len(piece):
            self._on_way.appendleft((due, piece[count:]))

    def _end(self, how: memoryview | None, now: float):
        if not self.ended:
            self.ended = True
            self._flush(now)
            self._on_way.append((max(now + self._delay, self._latest), how))

    def _flush(self, now: float):
        self._flush_at = inf
        if self._chopper is not None:
            self._schedule(self._chopper.flush(), now)

    def _schedule(self, pieces: list[memoryview], now: float):
        for piece in pieces:
            leaves = self._transmitter.admit(len(piece), now)
            self._latest = max(leaves + self._delay, self._latest + self._gap)
            self._on_way.append((self._latest, piece))

    def _without_hole(self, data: bytes) -> memoryview:
        ends = self._hole.start - self.taken, self._hole.stop - self.taken
        start, stop = (min(max(end, 0), len(data)) for end in ends)
        return memoryview(data[:start] + data[stop:] if start < stop else data)
