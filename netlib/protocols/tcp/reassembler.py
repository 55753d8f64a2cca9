"""Put the pieces of a stream in order, however they come: late, twice, overlapping, cut anew.

    stream:   0 ......... next | . . . . [held] . . [held] . . | next + room
              written, in order          out of order            does not fit: not kept

A piece that begins at `next` moves it on, over held pieces that it reaches. What is held never
overlaps, and fits into the room of the stream: so memory is bounded by the stream's capacity.
"""

from bisect import bisect_right
from operator import itemgetter

from netlib.protocols.tcp.bytestream import ByteStream

START = itemgetter(0)


class Reassembler:
    """Write the pieces of a stream to `stream`, each byte once, in order.

    `held` is what is out of order: (index, piece), in order, disjoint. `refused` counts the bytes
    that did not fit, `repeated` those that had come before.
    """

    def __init__(self, stream: ByteStream):
        self.stream, self.refused, self.repeated = stream, 0, 0
        self.held: list[tuple[int, bytes]] = []

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """What is held out of order: (first, behind the last), neighbours joined."""
        joined: list[tuple[int, int]] = []
        for start, piece in self.held:
            first = joined.pop()[0] if joined and joined[-1][1] == start else start
            joined.append((first, start + len(piece)))
        return joined

    def insert(self, index: int, data: bytes):
        """Take a piece of the stream, whose first byte has this index."""
        stream, end = self.stream, index + len(data)
        expected = stream.taken + stream.buffered
        limit = stream.taken + stream.capacity
        if index == expected and end <= limit and not self.held:  # as nearly always
            stream.write(data)
            return
        first, last = max(index, expected), min(end, limit)
        self.repeated += min(first, end) - index
        self.refused += end - max(last, index) if end > limit else 0
        if first < last:
            self._hold(first, data[first - index : last - index])
            self._write()

    def _hold(self, index: int, data: bytes):
        """Keep those parts of a piece that no held piece has, in the gaps between them."""
        at, end = bisect_right(self.held, index, key=START), index + len(data)
        start = index
        if at:
            start = max(start, self._end(at - 1))
        while start < end:
            gap_ends = min(end, self.held[at][0]) if at < len(self.held) else end
            if start < gap_ends:
                self.held.insert(at, (start, data[start - index : gap_ends - index]))
                self.repeated -= gap_ends - start
                at += 1
            start = self._end(at) if at < len(self.held) else end
            at += 1
        self.repeated += len(data)  # less what was kept

    def _write(self):
        """Write the held pieces that have become the next ones."""
        while self.held and self.held[0][0] == self.stream.written:
            self.stream.write(self.held.pop(0)[1])

    def _end(self, at: int) -> int:
        start, piece = self.held[at]
        return start + len(piece)
