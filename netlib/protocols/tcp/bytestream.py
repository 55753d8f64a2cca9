"""A stream of bytes between a program and TCP: written at one end, read at the other, in order.

    ... read | buffered: at most `capacity` bytes | room to write ...

A connection has two: what a program has written, and TCP has not sent yet; and what TCP has put in
order, and the program has not read yet. A full one is what makes the other side wait.
"""

from netlib import checks


class ByteStream:
    """A bounded queue of bytes; `written` and `taken` count from the stream's beginning.

    capacity [bytes]: what can be buffered. `ended`: nothing will be written any more.
    """

    def __init__(self, capacity: int = 65535):
        checks.whole("capacity", capacity, " of bytes", least=1)
        self.capacity, self.taken, self.ended = capacity, 0, False
        self._buffer = bytearray()

    @property
    def buffered(self) -> int:
        """How many bytes are written, but not read."""
        return len(self._buffer)

    @property
    def written(self) -> int:
        """How many bytes have been written since the beginning."""
        return self.taken + len(self._buffer)

    @property
    def room(self) -> int:
        """How many bytes can be written now."""
        return self.capacity - len(self._buffer)

    @property
    def finished(self) -> bool:
        """Whether all is read, and no more will come."""
        return self.ended and not self._buffer

    def write(self, data: bytes) -> int:
        """Take as many bytes as fit; return how many. Raises ValueError once it has ended."""
        if self.ended:
            raise ValueError("expected a stream that goes on, got one that has ended")
        taken = len(data) if len(data) <= self.room else self.room
        self._buffer += data[:taken]
        return taken

    def read(self, most: int | None = None) -> bytes:
        """Return the next bytes, `most` of them at most; b"" if there are none now."""
        data = bytes(self._buffer[:most])
        del self._buffer[: len(data)]
        self.taken += len(data)
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
        self.left = 1 << 62 if size is None else size
        self.ended = size is not None

    @property
    def buffered(self) -> int:
        return self.left

    def read(self, most: int | None = None) -> bytes:
        size = self.left if most is None or most > self.left else most
        self.left -= size
        self.taken += size
        return bytes(size)


class Drain(ByteStream):
    """A stream whose bytes are read, and thrown away, at once: only `taken` counts them."""

    def write(self, data: bytes) -> int:
        self.taken += len(data)
        return len(data)
