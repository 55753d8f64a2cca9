"""The short code by which people find a chat: an address, and which of its rooms."""

import ipaddress
import secrets
from dataclasses import dataclass, field

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
LOOPBACK = "127.0.0.1"
PORT, SECRET, HOST, CHECK = 16, 9, 35, 31  # bits, bits, bits (32 and 3 of padding), a prime


@dataclass(frozen=True)
class Invitation:
    """An IPv4 address and a number that tells its rooms apart, written as 6 or 13 characters.

    The shorter form says that the host is this machine. The last character is a check: a wrong
    character, or two neighbours that changed places, are found.
    """

    host: str
    port: int
    secret: int = field(default_factory=lambda: secrets.randbelow(2**SECRET))

    def __post_init__(self):
        refuse_other_than_ipv4(self.host)
        for name, bits in (("port", PORT), ("secret", SECRET)):
            if not 0 <= getattr(self, name) < 2**bits:
                raise ValueError(f"{name} must have {bits} bits, got {getattr(self, name)!r}")

    def __str__(self) -> str:
        number, length = self.port << SECRET | self.secret, 5
        if self.host != LOOPBACK:
            number |= int(ipaddress.IPv4Address(self.host)) << PORT + SECRET
            length = 12
        body = "".join(DIGITS[number >> 5 * n & 31] for n in reversed(range(length)))
        return body + _check(body)

    @classmethod
    def parse(cls, code: str) -> "Invitation":
        """Return what a code says, in whatever case, with O for 0 and I or L for 1.

        Raises ValueError if it is no code, or mistyped.
        """
        written = code.strip().upper().translate(str.maketrans("OIL", "011", " -"))
        if len(written) not in (6, 13) or not set(written) <= set(DIGITS):
            raise ValueError(f"expected a code of 6 or 13 letters and digits, got {code!r}")
        if _check(written[:-1]) != written[-1]:
            raise ValueError(f"expected a code as it was shown, got {code!r}: a character is wrong")
        number = 0
        for character in written[:-1]:
            number = number << 5 | DIGITS.index(character)
        host, port = number >> PORT + SECRET, number >> SECRET & 2**PORT - 1
        if host >> 32:
            raise ValueError(f"expected a code as it was shown, got {code!r}: no such address")
        named = str(ipaddress.IPv4Address(host)) if len(written) == 13 else LOOPBACK
        return cls(named, port, number & 2**SECRET - 1)


def refuse_other_than_ipv4(host: str):
    """Raise ValueError for a host that a code cannot hold."""
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        raise ValueError(f"host must be an IPv4 address, got {host!r}") from None


def _check(body: str) -> str:
    # weights that differ, modulo a prime: so it sees neighbours that have changed places
    return DIGITS[sum(n * DIGITS.index(c) for n, c in enumerate(body, 1)) % CHECK]
