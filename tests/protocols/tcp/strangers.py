"""Packets that nobody should send: noise, damaged copies, forgeries, storms.

A forgery that guesses both numbers is the peer's voice for TCP, and is left out: that is why
initial numbers are random (RFC 6528), and why there is TLS.
"""

from collections.abc import Iterator
from random import Random

from netlib.protocols.tcp import Connection, Options, Segment, pack, parse
from netlib.protocols.tcp.segment import ACK, FIN, NUMBERS, RST, SYN, addresses

EARLY = {"CLOSED", "LISTEN", "SYN-SENT", "SYN-RECEIVED"}


class Strangers:
    """Give up to 20 packets of strangers before each true one, `left` of them in all.

    Of a true packet they know everything, and copy it. Many are answered, and each answer is a true
    packet: so their number has to be limited. Before a connection stands, a forged SYN is as good
    as a true one, so that only noise comes.
    """

    def __init__(self, seed: int, left: int):
        self.coin, self.left = Random(seed), left

    def __call__(self, end: Connection, true: bytes) -> Iterator[bytes]:
        for _ in range(min(self.left, self.coin.randrange(21))):
            self.left -= 1
            kinds = [self.noise, self.damaged, self.spliced]
            if end.state not in EARLY:
                kinds += [self.forged, self.near]
            yield self.coin.choice(kinds)(true)

    def noise(self, true: bytes) -> bytes:
        """Return anything, often behind the true headers."""
        size = self.coin.choice([0, 0, 19, 20, 33, 39])
        return true[:size] + self.coin.randbytes(self.coin.choice([0, 1, 20, 60]))

    def damaged(self, true: bytes) -> bytes:
        """Return a copy with a few bytes changed: no checksum is right but by accident.

        Two changes can outweigh each other (1 in 65535), so that only one word is changed.
        """
        at = 2 * self.coin.randrange(len(true) // 2)
        word = int.from_bytes(true[at : at + 2], "big")
        other = word ^ self.coin.randint(1, 65534)
        if other % 65535 == word % 65535:
            other = word ^ 1
        return true[:at] + other.to_bytes(2, "big") + true[at + 2 :]

    def spliced(self, true: bytes) -> bytes:
        """Return a copy that was cut, or got more."""
        cut = self.coin.randrange(len(true))
        return true[:cut] if self.coin.random() < 0.8 else true[:cut] + true[:20]

    def forged(self, true: bytes) -> bytes:
        """Return a segment with a right checksum, right ends, and numbers out of the blue."""
        coin, (source, destination), segment = self.coin, addresses(true), parse(true)
        sack = [
            (coin.randrange(NUMBERS), coin.randrange(NUMBERS)) for _ in range(coin.randrange(3))
        ]
        mss, scale = coin.choice([None, 0, 1, 65535]), coin.choice([None, 15])
        options = Options(mss, scale, coin.random() < 0.5, tuple(sack))
        far = NUMBERS // 4 + coin.randrange(NUMBERS // 2)  # beyond any window
        forgery = Segment(
            segment.source, segment.destination, (segment.seq + far) % NUMBERS,
            coin.randrange(NUMBERS), coin.randrange(64), coin.randrange(65536), options,
            coin.randbytes(coin.choice([0, 0, 1, 100])),
        )  # fmt: skip
        return pack(forgery, source, destination)

    def near(self, true: bytes) -> bytes:
        """Return a reset, SYN, FIN or data, of which one number is right, or nearly so."""
        coin, (source, destination), segment = self.coin, addresses(true), parse(true)
        wrong = (segment.ack + NUMBERS // 2 + coin.randrange(1000)) % NUMBERS
        flags, seq, ack, size = coin.choice([
            (RST, segment.seq + segment.length + coin.randint(1, 500), 0, 0),
            (RST | ACK, segment.seq + NUMBERS // 2, segment.ack, 0),
            (SYN, segment.seq + coin.randint(1, 500), 0, 0),
            (SYN | ACK, segment.seq + coin.randint(1, 500), wrong, 0),
            (FIN | ACK, segment.seq, wrong, 10),
            (ACK, segment.seq, wrong, 20),
            (0, segment.seq, 0, 20),
            (FIN, segment.seq, 0, 0),
        ])  # fmt: skip
        forgery = Segment(
            segment.source, segment.destination, seq % NUMBERS, ack, flags, segment.window,
            payload=coin.randbytes(size),
        )  # fmt: skip
        return pack(forgery, source, destination)
