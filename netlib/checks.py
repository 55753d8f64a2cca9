"""What every part of a link asks of its numbers, so that a slip is named where it is made.

Each check returns the number as a plain float or int (numpy's are slower and print differently).
"""

from math import inf, isfinite
from numbers import Integral, Real


def probability(name: str, value: float) -> float:
    """Return `value` if it is a probability. Raises TypeError, ValueError, as the others do."""
    if not 0 <= _number(name, value) <= 1:
        hint = f" (for {value:g} %, write {value / 100:g})" if 1 < value <= 100 else ""
        raise ValueError(f"{name} must be a probability in [0, 1], got {value!r}{hint}")
    return float(value)


def correlation(value: float) -> float:
    """Return `value` if it is a correlation that a stream of draws can have."""
    if not 0 <= _number("correlation", value) < 1:
        raise ValueError(f"correlation must be in [0, 1), got {value!r}")
    return float(value)


def seconds(name: str, value: float) -> float:
    """Return `value` if it is a length of time: finite, not negative."""
    if not 0 <= _number(name, value) < inf:
        raise ValueError(f"{name} must be a number of seconds, 0 or more, got {value!r}")
    return float(value)


def bit_rate(value: float | None) -> float | None:
    """Return `value` if it is a rate in bits/s, or None: no limit."""
    if value is None:
        return None
    if not (isfinite(_number("rate", value)) and value > 0):
        raise ValueError(f"rate must be bits per second above 0, or None: no limit; got {value!r}")
    return float(value)


def whole(name: str, value: int, unit: str, *, least: int = 0) -> int:
    """Return `value` if it is a whole number of at least `least` units."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be a whole number{unit}, {least} or more, got {value!r}")
    return int(value)


def whole_or_none(name: str, value: int | None, unit: str) -> int | None:
    """Return `value` if it is a whole number of units, or None: no bound."""
    return None if value is None else whole(name, value, unit)


def keep(value: object, **checked: object):
    """Set fields of a frozen dataclass to what the checks made of them."""
    for name, content in checked.items():
        object.__setattr__(value, name, content)


def _number(name: str, value: float) -> float:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, got {value!r}")
    return value
