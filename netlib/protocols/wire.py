"""The header of every datagram here, and the only place that knows a byte offset.

    "D"  number  message         data
    "A"  number                  acknowledgement
    "P"  number  count  XOR      parity of `count` messages, the first of them `number`

The number has two bytes, most significant first, the count one; anything else is read as None.
There is no checksum: one forged, well-formed datagram can put both ends out of step for ever.
"""

from struct import Struct

_header = Struct("!BH").pack  # kind, sequence number
HEADER = 3  # bytes
LENGTH = 2  # bytes, before a padded message
MAX_BITS = 16  # of a sequence number
DATA, ACK, PARITY = b"DAP"  # as numbers: what indexing bytes gives
NAMES = {DATA: "DATA", ACK: "ACK", PARITY: "PARITY"}


def data(seq: int, message: bytes) -> bytes:
    """Return the datagram that carries `message`."""
    return _header(DATA, seq) + message


def ack(seq: int) -> bytes:
    """Return the datagram that acknowledges `seq`."""
    return _header(ACK, seq)


def parity(seq: int, covers: int, body: bytes) -> bytes:
    """Return the datagram with the parity of `covers` messages, the first of them `seq`."""
    return _header(PARITY, seq) + bytes([covers]) + body


def read_data(datagram: bytes) -> tuple[int, bytes] | None:
    """Return the sequence number and the message, or None if it is not data."""
    if len(datagram) < HEADER or datagram[0] != DATA:
        return None
    return datagram[1] << 8 | datagram[2], datagram[HEADER:]


def read_ack(datagram: bytes) -> int | None:
    """Return the sequence number, or None if it is not an acknowledgement."""
    if len(datagram) != HEADER or datagram[0] != ACK:
        return None
    return datagram[1] << 8 | datagram[2]


def read_parity(datagram: bytes) -> tuple[int, int, bytes] | None:
    """Return the first sequence number, how many, and their XOR, or None if it is not a parity."""
    if len(datagram) <= HEADER or datagram[0] != PARITY or not datagram[HEADER]:
        return None
    return datagram[1] << 8 | datagram[2], datagram[HEADER], datagram[HEADER + 1 :]


def padded(message: bytes, size: int) -> bytes:
    """Return the message in `size` bytes: length, message, zeros. Raises ValueError."""
    if LENGTH + len(message) > size:
        raise ValueError(f"size must be {LENGTH} bytes more than the message, got {size!r}")
    return (len(message).to_bytes(LENGTH, "big") + message).ljust(size, b"\0")


def unpadded(block: bytes) -> bytes | None:
    """Return the message without its length and zeros, or None if it was not padded like this."""
    end = LENGTH + int.from_bytes(block[:LENGTH], "big")
    return block[LENGTH:end] if end <= len(block) and not any(block[end:]) else None


def describe(datagram: bytes) -> str:
    """Return a figure's label: DATA 3 'hello' or ACK 3; other bytes as their repr."""
    if len(datagram) < HEADER or (name := NAMES.get(datagram[0])) is None:
        return repr(datagram)
    seq, body = datagram[1] << 8 | datagram[2], datagram[HEADER:]
    text = body.decode() if body.isascii() and body.decode().isprintable() else ""
    return f"{name} {seq}" + (f" {text!r}" if text else f" ({len(body)} bytes)" if body else "")
