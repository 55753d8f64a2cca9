"""The receiving half: sequence numbers in, a stream out, and what to acknowledge.

    sequence number     isn | isn + 1 .. isn + n | isn + n + 1
    stands for          SYN | n bytes, 0 .. n-1  | FIN

Inside, a position counts all of these from the SYN, 0, and never begins again. The acknowledgement
is the position of the *next* byte that is missing: so any later one tells what a lost one told.
RFC 9293, 3.4 and 3.8.6; RFC 2018 for what has arrived beyond that (SACK).
"""

from netlib.protocols.tcp.bytestream import ByteStream
from netlib.protocols.tcp.reassembler import Reassembler

BLOCKS = 4  # of SACK, at most, fit into the options (RFC 2018, 3)


class Receiver:
    """Put what arrives in order into `stream`; `ack` is the position expected next.

    `edge` is the position behind the window that has been offered: it never goes back. `finished`:
    everything has arrived, the FIN included.
    """

    def __init__(self, stream: ByteStream):
        self.stream, self.reassembler = stream, Reassembler(stream)
        self.ack, self.edge = 1, 1 + stream.capacity
        self.end: int | None = None  # the position of the FIN, once it is known
        self.finished = False
        self._latest = 0  # where the last piece out of order began
        self._reported: list[int] = []  # where the ranges of the last SACK did

    def take(self, position: int, payload: bytes, fin: bool = False):
        """Take the bytes at a position of at least 1, and a FIN behind them, if it came."""
        if fin and self.end is None and position + len(payload) <= self.edge:
            self.end = position + len(payload)
        if self.end is not None:  # nothing lies behind a FIN, whatever a peer says
            payload = payload[: max(0, self.end - position)]
        if payload:
            self.reassembler.insert(position - 1, payload)
        if payload or fin:
            self._latest = position
        stream = self.stream
        self.ack = 1 + stream.taken + stream.buffered
        if self.ack == self.end:
            stream.end()
            self.ack += 1
            self.finished = True
        if self.ack > self.edge:  # more has come than was offered, and there was room
            self.edge = self.ack

    def window(self, least: int = 1) -> int:
        """Return how many bytes may follow `ack`; growth of less than `least` is not offered yet.

        Else each byte that a program reads would bring a segment with one byte: the silly window
        syndrome (RFC 9293, 3.8.6.2.2).
        """
        stream = self.stream
        edge = self.ack + stream.capacity - stream.buffered
        if edge - self.edge >= least or edge - self.edge >= stream.capacity // 2:
            self.edge = edge
        return self.edge - self.ack if self.edge > self.ack else 0

    @property
    def holds(self) -> bool:
        """Whether anything has arrived beyond `ack`."""
        return bool(self.reassembler.held) or (self.end is not None and not self.finished)

    def blocks(self) -> list[tuple[int, int]]:
        """Return what has arrived beyond `ack`: ranges of positions, that of the latest first.

        Then those reported last, so that a lost SACK is repeated (RFC 2018, 4).
        """
        recent = [self._latest, *self._reported]

        def age(block: tuple[int, int]) -> int:
            return next((n for n, at in enumerate(recent) if block[0] <= at < block[1]), BLOCKS + 1)

        ranges = [(first + 1, end + 1) for first, end in self.reassembler.ranges]
        if self.end is not None and not self.finished:  # a FIN has a number, too
            first = ranges.pop()[0] if ranges and ranges[-1][1] == self.end else self.end
            ranges.append((first, self.end + 1))
        ranges = sorted(ranges, key=age)[:BLOCKS]
        self._reported = [first for first, _ in ranges]
        return ranges
