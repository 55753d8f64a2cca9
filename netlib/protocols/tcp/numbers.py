"""Between a connection and its packets: addresses, positions as numbers of 32 bits, scaled windows.

Inside, a position counts from the SYN and never begins again; in a header it is the initial number
plus the position, modulo 2 ** 32. A window is shifted by what both have offered (RFC 7323, 2).
"""

from ipaddress import IPv4Address

from netlib.protocols.tcp import segment as wire
from netlib.protocols.tcp.segment import NO_OPTIONS, NUMBERS, Options, Segment

NOBODY = ("0.0.0.0", 0)  # the peer of a listener: anybody
LARGEST_WINDOW = 65535  # what 16 bits hold


class Numbers:
    """What the headers of one connection have in common.

    here, there: (IPv4 address, port) of this end and its peer. isn, peer_isn: the numbers of the
    SYNs. scale: the shift that this end offers; shift, peer_shift: those in use.
    """

    def __init__(self, here: tuple[str, int], there: tuple[str, int], isn: int, capacity: int):
        self.here, self.isn, self.peer_isn = here, isn % NUMBERS, 0
        self.scale: int | None = max(0, capacity.bit_length() - 16)
        self.shift = self.peer_shift = 0
        self.meet(there)

    def meet(self, there: tuple[str, int]):
        """Talk to this peer from now on."""
        self.there = there
        self._ends = IPv4Address(there[0]).packed + IPv4Address(self.here[0]).packed

    def are_for(self, packet: bytes, segment: Segment) -> bool:
        """Whether a packet comes from the peer to this end."""
        if segment.destination != self.here[1]:
            return False
        if self.there == NOBODY:
            return packet[16:20] == self._ends[4:]
        return segment.source == self.there[1] and packet[12:20] == self._ends

    def pack(
        self,
        flags: int,
        position: int,
        ack: int | None,
        window: int = 0,
        payload: bytes = b"",
        options: Options = NO_OPTIONS,
    ) -> bytes:
        """Return the packet with a segment at a position; ack: the position expected, or None."""
        (source, here), (destination, there) = self.here, self.there
        if not flags & wire.SYN:  # whose window is never scaled
            window >>= self.shift
        if window > LARGEST_WINDOW:
            window = LARGEST_WINDOW
        seq = (self.isn + position) % NUMBERS
        expected = 0 if ack is None else (self.peer_isn + ack) % NUMBERS
        segment = Segment(here, there, seq, expected, flags, window, options, payload)
        return wire.pack(segment, source, destination)

    def position(self, segment: Segment, near: int) -> int:
        """Return the position of a segment, the one nearest to `near`."""
        return wire.unwrap(segment.seq - self.peer_isn, near)

    def ack(self, segment: Segment, near: int) -> int:
        """Return the position that a segment acknowledges, the one nearest to `near`."""
        return wire.unwrap(segment.ack - self.isn, near)

    def blocks(self, segment: Segment, near: int) -> list[tuple[int, int]]:
        """Return the ranges that a segment SACKs, as positions."""
        edges = segment.options.sack
        return [(self._own(first, near), self._own(end, near)) for first, end in edges]

    def sack(self, blocks: list[tuple[int, int]]) -> Options:
        """Return the option that tells which positions have arrived out of order."""
        isn = self.peer_isn
        edges = (((isn + first) % NUMBERS, (isn + end) % NUMBERS) for first, end in blocks)
        return Options(sack=tuple(edges))

    def refusal(self, segment: Segment, packet: bytes) -> bytes:
        """Return the reset that answers a segment without a connection (RFC 9293, 3.10.7.1)."""
        source, destination = wire.addresses(packet)
        if segment.flags & wire.ACK:
            fields = segment.ack, 0, wire.RST
        else:
            fields = 0, (segment.seq + segment.length) % NUMBERS, wire.RST | wire.ACK
        reset = Segment(segment.destination, segment.source, *fields, 0)
        return wire.pack(reset, destination, source)

    def _own(self, number: int, near: int) -> int:
        return wire.unwrap(number - self.isn, near)
