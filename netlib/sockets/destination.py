"""Where a relay is to send: an address checked and looked up once, at the start."""

import socket

from netlib.sockets.base import explained, named
from netlib.trace import Address


def resolved(destination: Address, kind: int) -> tuple[int, Address]:
    """Return the destination's family and its numeric address. Raises ValueError, OSError."""
    match destination:
        case (str() as host, int() as port, *_) if 0 < port < 65536:
            try:
                family, *_, numeric = socket.getaddrinfo(host, port, type=kind)[0]
            except OSError as error:
                raise explained(error, f"cannot relay to {named(destination)}") from None
            return family, numeric
    raise ValueError(f"destination must be (host, port), got {destination!r}")
