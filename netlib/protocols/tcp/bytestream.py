"""A stream of bytes between a program and TCP: written at one end, read at the other, in order.

    ... read | buffered: at most `capacity` bytes | room to write ...

A connection has two: what a program has written, and TCP has not sent yet; and what TCP has put in
order, and the program has not read yet. A full one is what makes the other side wait.
"""

from netlib import checks

ENDLESS = 1 << 62  # bytes: what no experiment can send


class ByteStream:
    """A bounded queue of bytes; `taken` counts what was read since its beginning.

    capacity [bytes]: what can be buffered; `buffered`: what is. `ended`: nothing will follow.
    """

    def __init__(self, capacity: int = 65535):
        checks.whole("capacity", capacity, " of bytes", least=1)
        self.capacity, self.ended = capacity, False
        self.taken = self.buffered = 0
        self._buffer = bytearray()

    @property
    def written(self) -> int:
        """How many bytes have been written since the beginning."""
        return self.taken + self.buffered

    @property
    def room(self) -> int:
        """How many bytes can be written now."""
        return self.capacity - self.buffered

    @property
    def finished(self) -> bool:
        """Whether all is read, and no more will come."""
        return self.ended and not self.buffered

    def write(self, data: bytes) -> int:
        """Take as many bytes as fit; return how many. Raises ValueError once it has ended."""
        if self.ended:
            raise ValueError("expected a stream that goes on, got one that has ended")
        data = data[: self.room]
        self._buffer += data
        self.buffered += len(data)
        return len(data)

    def read(self, most: int | None = None) -> bytes:
        """Return the next bytes, `most` of them at most; b"" if there are none now."""
        data = bytes(self._buffer[:most])
        del self._buffer[: len(data)]
        self.taken += len(data)
        self.buffered -= len(data)
        return data

    def end(self):
        """Say that nothing will be written any more."""
        self.ended = True


class Zeros(ByteStream):
    """A stream that a program has filled with `size` zeros already: no memory is needed for them.

    None: it never ends, as a download that lasts as long as the experiment does.
    """

    def __init__(self, size: int | None = None):
        super().__init__()
        self.buffered = ENDLESS if size is None else size
        self.ended = size is not None

    def read(self, most: int | None = None) -> bytes:
        size = self.buffered if most is None or most > self.buffered else most
        self.buffered -= size
        self.taken += size
        return bytes(size)


class Drain(ByteStream):
    """A stream whose bytes are read, and thrown away, at once: only `taken` counts them."""

    def write(self, data: bytes) -> int:
        self.taken += len(data)
        return len(data)
