"""What senders and receivers ask of their arguments; the checks refuse, and return nothing."""

from collections.abc import Callable, Sequence

from netlib.protocols.wire import MAX_BITS


def messages(messages: Sequence[bytes]):
    """Refuse anything but a list or tuple of bytes. Raises TypeError."""
    if not isinstance(messages, list | tuple):
        raise TypeError(f"messages must be a list of bytes, got {messages!r}")
    for message in messages:
        if type(message) is not bytes:
            raise TypeError(f"messages must be a list of bytes, got {message!r} in it")


def whole(name: str, value: int, least: int, most: int):
    """Refuse anything but a whole number from `least` to `most`. Raises ValueError."""
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}, got {value!r}")


def window(window: int, bits: int, largest: Callable[[int], int], unsafe: bool):
    """Refuse a window above `largest(2 ** bits)`; `unsafe`: above 2 ** bits. Raises ValueError."""
    whole("bits", bits, 1, MAX_BITS)
    space = 1 << bits
    most = space if unsafe else largest(space)
    if type(window) is int and most < window <= space:
        raise ValueError(
            f"window must be at most {most} with {bits} bits, got {window}: an old datagram "
            "could pass for a new one (unsafe=True allows it)"
        )
    whole("window", window, 1, most)
