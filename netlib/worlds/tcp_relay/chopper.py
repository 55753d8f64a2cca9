"""Cut a byte stream anew: TCP keeps no mark of where one send ended, and a relay can show it."""

from collections.abc import Iterable, Iterator
from itertools import cycle

from netlib.links.coin import Coin

LARGEST = 1460  # bytes: about what one segment carries over Ethernet


class Chopper:
    """Cut a stream into pieces of these sizes, over and over, wherever the sends had ended."""

    def __init__(self, sizes: Iterator[int]):
        self._sizes, self._wanted, self._buffer = sizes, next(sizes), bytearray()

    def feed(self, data: bytes) -> list[memoryview]:
        """Take the next bytes; return the pieces that are complete. The rest waits for more."""
        self._buffer += data
        pieces = []
        while len(self._buffer) >= self._wanted:
            pieces.append(self._cut(self._wanted))
        return pieces

    def flush(self) -> list[memoryview]:
        """Return what waits, as a piece that is shorter than it should be."""
        return [self._cut(len(self._buffer))] if self._buffer else []

    def _cut(self, size: int) -> memoryview:
        piece = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._wanted = next(self._sizes)
        return memoryview(piece)


def piece_sizes(chop: int | Iterable[int], way: str) -> Iterator[int]:
    """Return sizes of pieces for ever: these over and over, or from a seed any size up to LARGEST,
    small ones as likely as large ones. Raises TypeError, ValueError.
    """
    if isinstance(chop, int) and not isinstance(chop, bool):
        return (int(LARGEST**u) for u in Coin(chop).stream(way).uniforms())
    sizes = list(chop) if isinstance(chop, Iterable) and not isinstance(chop, str | bytes) else []
    if not sizes or not all(isinstance(size, int) and size >= 1 for size in sizes):
        raise ValueError(f"chop must be a seed or sizes of 1 byte or more, got {chop!r}")
    return cycle(sizes)
