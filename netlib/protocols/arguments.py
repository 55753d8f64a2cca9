"""What senders and receivers ask of their arguments, so that a slip is named where it is made."""

from collections.abc import Callable, Iterable

from netlib.protocols.wire import MAX_BITS


def messages(given: Iterable[bytes]) -> list[bytes]:
    """Return the messages as a list. Raises TypeError for anything but bytes."""
    if isinstance(given, bytes | str):
        raise TypeError(f"messages must be a list of bytes, got {given!r}")
    listed = list(given)
    for message in listed:
        if type(message) is not bytes:
            raise TypeError(f"messages must be a list of bytes, got {message!r} in it")
    return listed


def whole(name: str, value: int, least: int, most: int) -> int:
    """Return `value` if it is a whole number from `least` to `most`. Raises ValueError."""
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}, got {value!r}")
    return value


def window(value: int, bits: int, safe: Callable[[int], int], unsafe: bool) -> int:
    """Return `value` if it is a window of at most `safe(2 ** bits)`, with `unsafe` 2 ** bits.

    Raises ValueError.
    """
    space = 1 << whole("bits", bits, 1, MAX_BITS)
    largest = space if unsafe else safe(space)
    if type(value) is int and largest < value <= space:
        raise ValueError(
            f"window must be at most {largest} with {bits} bits, got {value}: an old datagram "
            "could pass for a new one (unsafe=True allows it)"
        )
    return whole("window", value, 1, largest)


def spacing(value: float) -> float:
    """Return `value` if it is a finite number of seconds, 0 or more. Raises ValueError."""
    if not 0 <= value < float("inf"):
        raise ValueError(f"spacing must be a number of seconds, 0 or more, got {value!r}")
    return float(value)
