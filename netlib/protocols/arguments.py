"""What senders and receivers ask of their arguments; the checks refuse, and return nothing."""

from collections.abc import Callable, Sequence

from netlib import checks
from netlib.protocols.wire import MAX_BITS


def messages(messages: Sequence[bytes]):
    """Refuse anything but a list or tuple of bytes. Raises TypeError."""
    if not isinstance(messages, list | tuple):
        raise TypeError(f"messages must be a list of bytes, got {messages!r}")
    for message in messages:
        if type(message) is not bytes:
            raise TypeError(f"messages must be a list of bytes, got {message!r} in it")


def window(window: int, bits: int, largest: Callable[[int], int], unsafe: bool):
    """Refuse a window above `largest(2 ** bits)`; `unsafe`: above 2 ** bits. Raises ValueError."""
    checks.whole("bits", bits, least=1, most=MAX_BITS)
    space = 1 << bits
    most = space if unsafe else largest(space)
    if type(window) is int and most < window <= space:
        raise ValueError(
            f"window must be at most {most} with {bits} bits, got {window}: an old datagram "
            "could pass for a new one (unsafe=True allows it)"
        )
    checks.whole("window", window, least=1, most=most)
