"""The header of every datagram here, and the only place that knows a byte offset.

One byte of kind ("D" data, "A" acknowledgement, "P" parity), two bytes of sequence number in
network byte order, then the message; in a parity, one byte that says how many messages it covers,
then their XOR. What is not of this form gives None: it came from a network.
"""

from struct import Struct

_header = Struct("!BH").pack  # kind, sequence number
HEADER = 3  # bytes
LENGTH = 2  # bytes of a length in a box
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
    """Return the datagram that carries the parity of so many messages, the first of them `seq`."""
    return _header(PARITY, seq) + bytes([covers]) + body


def read_data(datagram: bytes) -> tuple[int, bytes] | None:
    """Return the sequence number and the message, or None: it is no data."""
    if len(datagram) < HEADER or datagram[0] != DATA:
        return None
    return datagram[1] << 8 | datagram[2], datagram[HEADER:]


def read_ack(datagram: bytes) -> int | None:
    """Return the sequence number that is acknowledged, or None: it is no acknowledgement."""
    if len(datagram) != HEADER or datagram[0] != ACK:
        return None
    return datagram[1] << 8 | datagram[2]


def read_parity(datagram: bytes) -> tuple[int, int, bytes] | None:
    """Return the sequence number, how many it covers, and the parity, or None: it is no parity."""
    if len(datagram) <= HEADER or datagram[0] != PARITY or not datagram[HEADER]:
        return None
    return datagram[1] << 8 | datagram[2], datagram[HEADER], datagram[HEADER + 1 :]


def padded(message: bytes, size: int) -> bytes:
    """Return a message with its length before it and zeros behind it, `size` bytes in all.

    Raises ValueError if that is too few for it.
    """
    if LENGTH + len(message) > size:
        raise ValueError(f"size must be {LENGTH} bytes more than the message, got {size!r}")
    return (len(message).to_bytes(LENGTH, "big") + message).ljust(size, b"\0")


def unpadded(box: bytes) -> bytes | None:
    """Return the message in a box, or None: it is none."""
    end = LENGTH + int.from_bytes(box[:LENGTH], "big")
    return box[LENGTH:end] if end <= len(box) and not any(box[end:]) else None


def describe(datagram: bytes) -> str:
    """Return a datagram as a figure labels it: DATA 3 'hello', ACK 3; other bytes as their repr."""
    if len(datagram) < HEADER or (name := NAMES.get(datagram[0])) is None:
        return repr(datagram)
    seq, rest = datagram[1] << 8 | datagram[2], datagram[HEADER:]
    shown = rest.decode() if rest.isascii() and rest.decode().isprintable() else ""
    return f"{name} {seq}" + (f" {shown!r}" if shown else f" ({len(rest)} bytes)" if rest else "")
