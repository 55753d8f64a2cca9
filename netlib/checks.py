"""What links, protocols and worlds ask of their numbers, so that a slip is named where it is made.

A check raises, or does nothing. TypeError: no number at all; ValueError: an impossible one.
"""

from numbers import Integral, Real
from sys import float_info

LARGEST = float_info.max  # an int can be larger, but then no float can be made of it


def probability(name: str, value: float):
    """Refuse what is no probability."""
    _number(name, value)
    if not 0 <= value <= 1:
        hint = f" (for {value:g} %, write {value / 100:g})" if 1 < value <= 100 else ""
        raise ValueError(f"{name} must be a probability in [0, 1], got {_shown(value)}{hint}")


def correlation(value: float):
    """Refuse what is no correlation that a stream of draws can have."""
    _number("correlation", value)
    if not 0 <= value < 1:
        raise ValueError(f"correlation must be in [0, 1), got {_shown(value)}")


def seconds(name: str, value: float):
    """Refuse what is no length of time: it is finite and not negative."""
    _number(name, value)
    if not 0 <= value <= LARGEST:
        raise ValueError(f"{name} must be a number of seconds, 0 or more, got {_shown(value)}")


def bit_rate(value: float | None):
    """Refuse what is neither a rate in bits/s nor None: no limit."""
    if value is None:
        return
    _number("rate", value)
    if not 0 < value <= LARGEST:
        expected = "rate must be bits per second above 0, or None: no limit"
        raise ValueError(f"{expected}; got {_shown(value)}")


def whole(name: str, value: int, unit: str = "", *, least: int = 0, most: float = LARGEST):
    """Refuse what is no whole number from `least` to `most` units."""
    of_a_kind = isinstance(value, int | Integral) and not isinstance(value, bool)
    if not of_a_kind or not least <= value <= most:
        bounds = f", {least} or more" if most == LARGEST else f" from {least} to {most}"
        raise ValueError(f"{name} must be a whole number{unit}{bounds}, got {_shown(value)}")


def whole_or_none(name: str, value: int | None, unit: str):
    """Refuse what is neither a whole number of units nor None: no bound."""
    if value is not None:
        whole(name, value, unit)


def _number(name: str, value: float):
    # int and float first: to ask the abstract Real takes ten times as long
    if not isinstance(value, int | float | Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, got {value!r}")


def _shown(value: object) -> str:
    if isinstance(value, int) and abs(value) > LARGEST:  # Python may refuse to print it, too
        return f"one of {value.bit_length()} bits, too large to calculate with"
    return repr(value)
