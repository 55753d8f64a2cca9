"""What the command lines of netlib share: how they read an address."""

import argparse

from netlib.trace import Address


def address(text: str) -> Address:
    """Return the address that HOST:PORT or [HOST]:PORT names."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"expected HOST:PORT, got {text!r}")
    return host.strip("[]"), int(port)
