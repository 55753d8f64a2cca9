"""Segments as they travel: an IPv4 header, a TCP header with its options, and bytes of the stream.

     0                   1                   2                   3
    |          source port          |       destination port        |
    |                        sequence number                        |   of the first byte
    |                    acknowledgement number                     |   the next byte expected
    | offset|       |  C E U A P R S F  |          window           |   bytes that may follow it
    |           checksum            |        urgent pointer         |
    |             options ...  MSS, window scale, SACK              |

RFC 9293, 3.1; RFC 791, 3.1; RFC 7323 and 2018 for the options. The checksum is the complement of
the sum of all 16-bit words, with the carry added at the low end: a sum modulo 65535. As 2 ** 16 is
1 modulo 65535, that is also the whole packet, read as one large number, modulo 65535 (RFC 1071).
"""

from functools import lru_cache
from ipaddress import IPv4Address
from struct import Struct
from typing import NamedTuple

FIN, SYN, RST, PSH, ACK, URG = (1 << bit for bit in range(6))
NAMES = {SYN: "SYN", FIN: "FIN", RST: "RST", PSH: "PSH", ACK: "ACK", URG: "URG"}
NUMBERS = 1 << 32  # sequence numbers begin again after so many bytes

IP, TCP = Struct("!BBHHHBBH4s4s"), Struct("!HHIIHHHH")
BOTH = Struct("!BxHxxHxBxx8sHHIIHHxxxx")  # what there is to read in both
VERSION_AND_LENGTH, DONT_FRAGMENT, TIME_TO_LIVE, PROTOCOL = 0x45, 0x4000, 64, 6
HEADERS = IP.size + TCP.size  # 40 bytes, without options
MOST_OPTIONS = 40  # bytes: the offset has four bits, and counts words of four bytes
END, NOTHING, MSS, SCALE, SACK_PERMITTED, SACK = 0, 1, 2, 3, 4, 5
LARGEST_SCALE = 14  # RFC 7323, 2.3


class Options(NamedTuple):
    """What a segment says beside its header; None, False or () where it does not.

    mss: the largest payload the sender takes [bytes]. scale: its windows are to be shifted left by
    so many bits. sack: ranges (first, behind the last) that have arrived out of order.
    """

    mss: int | None = None
    scale: int | None = None
    sack_permitted: bool = False
    sack: tuple[tuple[int, int], ...] = ()


NO_OPTIONS = Options()


class Segment(NamedTuple):
    """One TCP segment, its numbers as they stand in the header: 32 bits, the window unscaled."""

    source: int
    destination: int
    seq: int
    ack: int
    flags: int
    window: int
    options: Options = NO_OPTIONS
    payload: bytes = b""

    @property
    def length(self) -> int:
        """How many sequence numbers it takes: its bytes, and one each for SYN and FIN."""
        return len(self.payload) + bool(self.flags & SYN) + bool(self.flags & FIN)

    def __str__(self) -> str:
        names = ",".join(name for flag, name in NAMES.items() if self.flags & flag)
        size = f" ({len(self.payload)} bytes)" if self.payload else ""
        ack = f" ack {self.ack}" if self.flags & ACK else ""
        sack = "".join(f" sack {first}-{end}" for first, end in self.options.sack)
        return f"{names} seq {self.seq}{size}{ack}{sack}"


def checksum(data: bytes, before: int = 0) -> int:
    """Return the Internet checksum of some bytes (RFC 1071); 0 of what holds a right one.

    before: the sum of what comes before them, such as a pseudo-header.
    """
    number = int.from_bytes(data, "big")
    return -((number << 8 if len(data) % 2 else number) % 65535 + before) % 65535


def pack(segment: Segment, source: str, destination: str) -> bytes:
    """Return the IPv4 packet that carries a segment from one address to the other.

    It must not be fragmented, so its identification is 0 (RFC 6864, 4.1).
    """
    here, there, seq, ack, flags, window, options, payload = segment
    extra = pack_options(options) if options is not NO_OPTIONS else b""
    head, length = TCP.size + len(extra), TCP.size + len(extra) + len(payload)
    ip_header, pseudo_header = _lead(source, destination, length)
    fields = here, there, seq, ack, head << 10 | flags, window
    total = checksum(TCP.pack(*fields, 0, 0) + extra + payload, pseudo_header)
    return ip_header + TCP.pack(*fields, total, 0) + extra + payload


def parse(packet: bytes) -> Segment | None:
    """Return the segment in an IPv4 packet; None if a length or a checksum is wrong.

    What is no TCP, or a fragment of a packet, is None, too.
    """
    if len(packet) < HEADERS:
        return None
    fields = BOTH.unpack_from(packet)
    first, size, fragment, protocol, ends, here, there, seq, ack, bits, window = fields
    if first != VERSION_AND_LENGTH or protocol != PROTOCOL or fragment & ~DONT_FRAGMENT:
        return None
    if size != len(packet):
        packet = packet[:size]  # short frames are filled up on some networks
        if not HEADERS <= size == len(packet):
            return None
    # the sum of a right header is 0, so that of the packet is that of the segment
    if _sum_of_header(packet[: IP.size]) or checksum(packet, _pseudo_header(ends, size - IP.size)):
        return None
    start, options = IP.size + (bits >> 12) * 4, NO_OPTIONS
    if start != HEADERS:
        if not HEADERS <= start <= size:
            return None
        options = parse_options(packet[HEADERS:start])
    return Segment(here, there, seq, ack, bits & 63, window, options, packet[start:])


def describe(packet: bytes) -> str:
    """Return in a few words what a packet's segment says, for a ladder: `SYN 0:1`, `1:7 ack 1`.

    first:end are the numbers that it takes; an ACK of `end` answers all of them.
    """
    if (segment := parse(packet)) is None:
        return "broken"
    flags, first, ack = segment.flags, segment.seq, segment.ack
    words = [name for flag, name in NAMES.items() if flags & flag & (SYN | FIN | RST)]
    words += [f"{first}:{(first + segment.length) % NUMBERS}"] if segment.length else []
    words += [f"ack {ack}"] if flags & ACK else []
    words += [f"sack {start}:{end}" for start, end in segment.options.sack]
    words += ["win 0"] if not segment.window and not flags & RST else []
    return " ".join(words)


def addresses(packet: bytes) -> tuple[str, str]:
    """Return the source's and the destination's address in an IPv4 packet."""
    return str(IPv4Address(packet[12:16])), str(IPv4Address(packet[16:20]))


def pack_options(options: Options) -> bytes:
    """Return options as bytes: a kind, a length, and a value each, filled up to four bytes."""
    parts = []
    if options.mss is not None:
        parts.append(bytes([MSS, 4]) + options.mss.to_bytes(2, "big"))
    if options.sack_permitted:
        parts.append(bytes([NOTHING, NOTHING, SACK_PERMITTED, 2]))
    if options.scale is not None:
        parts.append(bytes([NOTHING, SCALE, 3, options.scale]))
    if options.sack:
        edges = b"".join(edge.to_bytes(4, "big") for block in options.sack for edge in block)
        parts.append(bytes([NOTHING, NOTHING, SACK, 2 + len(edges)]) + edges)
    return b"".join(parts)


def parse_options(data: bytes) -> Options:
    """Return the options among the bytes behind a header; what is unknown or broken is left out."""
    found: dict = {}
    while data and data[0] != END:
        if data[0] == NOTHING:
            data = data[1:]
            continue
        if len(data) < 2 or not 2 <= data[1] <= len(data):
            break
        kind, value, data = data[0], data[2 : data[1]], data[data[1] :]
        if kind == MSS and len(value) == 2:
            found["mss"] = int.from_bytes(value, "big")
        elif kind == SCALE and len(value) == 1:
            found["scale"] = min(value[0], LARGEST_SCALE)
        elif kind == SACK_PERMITTED and not value:
            found["sack_permitted"] = True
        elif kind == SACK and value and len(value) % 8 == 0:
            edges = [int.from_bytes(value[i : i + 4], "big") for i in range(0, len(value), 4)]
            found["sack"] = tuple(zip(edges[::2], edges[1::2], strict=True))
    return Options(**found)


def unwrap(number: int, near: int) -> int:
    """Return the number, of all that look like this one in 32 bits, that is nearest to `near`.

    So a counter that never begins again can stand behind each sequence number.
    """
    return near + (number - near + NUMBERS // 2) % NUMBERS - NUMBERS // 2


# the same for all segments of one length, so they are not computed again each time
_sum_of_header = lru_cache(4096)(checksum)


@lru_cache(4096)
def _pseudo_header(ends: bytes, length: int) -> int:
    """Return the sum of what the checksum covers beside a segment: it notices one gone astray."""
    return int.from_bytes(ends, "big") + PROTOCOL + length


@lru_cache(4096)
def _lead(source: str, destination: str, length: int) -> tuple[bytes, int]:
    """Return the IPv4 header in front of a segment of this length, and the pseudo-header's sum."""
    ends = IPv4Address(source).packed, IPv4Address(destination).packed
    first = VERSION_AND_LENGTH, 0, IP.size + length, 0, DONT_FRAGMENT, TIME_TO_LIVE, PROTOCOL
    total = checksum(IP.pack(*first, 0, *ends))
    return IP.pack(*first, total, *ends), _pseudo_header(b"".join(ends), length)
