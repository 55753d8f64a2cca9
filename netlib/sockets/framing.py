"""Messages out of a byte stream, as pure objects: feed them bytes, get whole messages.

sent       b"hello", b"bye"
received   b"he", b"llobye"              TCP keeps the bytes and their order, but no bounds:
prefixed   00000005 hello 00000003 bye   a message begins with its length, or else
delimited  hello\\n bye\\n                 ends with a mark that no message may contain
"""

from netlib import checks


class FramingError(ValueError):
    """The bytes cannot be messages. `messages` holds those that were whole before the trouble."""

    def __init__(self, problem: str, messages: list[bytes] | None = None):
        super().__init__(problem)
        self.messages = messages or []


class LengthPrefixed:
    """Each message is preceded by its length: 4 bytes, most significant first.

    `max_size` [bytes] bounds a message, so that garbage or malice cannot ask for 4 GB of memory.
    """

    HEADER = 4

    def __init__(self, max_size: int = 65536):
        checks.whole("max_size", max_size, " of bytes", least=1)
        self.max_size, self._buffer = max_size, bytearray()

    def encode(self, message: bytes) -> bytes:
        """Return the message as it goes onto the stream."""
        _fits(message, self.max_size)
        return len(message).to_bytes(self.HEADER, "big") + message

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes of the stream; return the messages they complete.

        Raises FramingError for a length above `max_size`; the stream is lost from there on.
        """
        self._buffer += data
        messages: list[bytes] = []
        while len(self._buffer) >= self.HEADER:
            header = bytes(self._buffer[: self.HEADER])
            end = self.HEADER + int.from_bytes(header, "big")
            if end - self.HEADER > self.max_size:
                got = f"got {end - self.HEADER} (the bytes {header!r})"
                raise FramingError(f"expected a length up to {self.max_size}, {got}", messages)
            if len(self._buffer) < end:
                break
            messages.append(bytes(self._buffer[self.HEADER : end]))
            del self._buffer[:end]
        return messages

    def end(self):
        """Say that the stream has ended. Raises FramingError if that cuts a message in two."""
        _nothing_left(self._buffer)


class Delimited:
    """Each message is followed by a delimiter, which no message may contain."""

    def __init__(self, delimiter: bytes = b"\n", max_size: int = 65536):
        if not delimiter:
            raise ValueError("delimiter must have at least one byte, got b''")
        checks.whole("max_size", max_size, " of bytes", least=1)
        self.delimiter, self.max_size = delimiter, max_size
        self._buffer, self._searched = bytearray(), 0

    def encode(self, message: bytes) -> bytes:
        """Return the message as it goes onto the stream."""
        _fits(message, self.max_size)
        if (message + self.delimiter).find(self.delimiter) < len(message):
            raise ValueError(f"a message may not contain the delimiter {self.delimiter!r}")
        return message + self.delimiter

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes of the stream; return the messages they complete.

        Raises FramingError once a message is longer than `max_size`; the stream is lost.
        """
        self._buffer += data
        messages: list[bytes] = []
        while (end := self._buffer.find(self.delimiter, self._searched)) >= 0:
            self._refuse_above_limit(end, messages)
            messages.append(bytes(self._buffer[:end]))
            del self._buffer[: end + len(self.delimiter)]
            self._searched = 0
        # a delimiter may still begin in the last bytes; what lies before them is message
        self._searched = max(0, len(self._buffer) - len(self.delimiter) + 1)
        self._refuse_above_limit(self._searched, messages)
        return messages

    def end(self):
        """Say that the stream has ended. Raises FramingError if that cuts a message in two."""
        _nothing_left(self._buffer)

    def _refuse_above_limit(self, size: int, messages: list[bytes]):
        if size > self.max_size:
            problem = f"expected {self.delimiter!r} within {self.max_size} bytes, got {size} bytes"
            raise FramingError(problem, messages)


def _fits(message: bytes, max_size: int):
    if len(message) > max_size:
        raise ValueError(f"a message may have at most {max_size} bytes, got {len(message)}")


def _nothing_left(buffer: bytearray):
    if buffer:
        raise FramingError(f"the stream ended inside a message: {len(buffer)} bytes are left over")
