"""The sequence diagram of a trace: time runs down, each place is a line, each datagram an arrow."""

from collections.abc import Callable

from netlib.show import stills
from netlib.show.ladder.pairing import Arrow, Mark, read
from netlib.show.ladder.picture import Picture
from netlib.trace import Trace

MOST = 200  # lines that are shown of a longer conversation, unless told otherwise


class Ladder:
    """Draw a trace of datagrams as a sequence diagram; its text twin is its `repr`.

    label: a function from a payload to what is written at its arrow, such as "DATA 3". Of a long
    trace, show the `first` or the `last` so many lines of the text, or what happened `between`
    two times [s]. What does not fit on a projector's screen, even in two columns, becomes a box to
    scroll in.

    Timers are read off the trace: in virtual time, a place that sends without having just received
    was woken by one. On a real clock that is a guess (the same bytes again, after a silence).
    """

    def __init__(
        self,
        trace: Trace,
        *,
        label: Callable[[bytes], str] | None = None,
        first: int | None = None,
        last: int | None = None,
        between: tuple[float, float] | None = None,
    ):
        everything = read(trace, label)
        self.items = _chosen(everything, first, last, between)
        self.arrows = [item for item in self.items if isinstance(item, Arrow)]
        self.roles = list(dict.fromkeys(role for item in self.items for role in _roles(item)))
        chosen = (first, last, between) != (None, None, None)
        self.omitted = 0 if chosen else len(everything) - len(self.items)
        self.digits = _digits(trace, self.items)

    def text(self) -> str:
        """Return the text twin: a line for each datagram, as tcpdump prints them, and each timer.

        Times are in seconds, given only if the trace shows its times.
        """
        if self.digits is None:
            lines = [_line(item, self) for item in self.items]
        else:
            lines = _timed_lines(self.items, self.digits)
        if self.omitted:
            lines.append(f"… {self.omitted} more lines: choose with first, last or between")
        return "\n".join(lines)

    def svg(self) -> str:
        """Return the picture; data is blue, answers are green, what went wrong is orange."""
        return self._picture().whole(repr(self))

    def __repr__(self) -> str:
        return self.text() or "Ladder: no datagram was sent"

    def html(self) -> str:
        """Return the picture as a part of a page: whole, or in a box to scroll in."""
        picture = self._picture()
        return picture.whole(repr(self)) if picture.fits else picture.box(repr(self))

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        if not self._picture().fits:
            return {"text/plain": repr(self), "text/html": self.html()}, {}
        return stills.bundle(self.svg(), repr(self))

    def _picture(self) -> Picture:
        return Picture(self.items, self.roles, self.digits)


def _chosen(items: list, first: int | None, last: int | None, between) -> list[Arrow | Mark]:
    if between is not None:
        low, high = between
        items = [item for item in items if low <= item.sent <= high]
    for name, number in (("first", first), ("last", last)):
        if number is not None and number < 1:
            raise ValueError(f"{name} must be a number of lines above 0, got {number!r}")
    if first is None and last is None:
        return items[:MOST]
    head = items[:first] if first else []
    return head + (items[max(len(head), len(items) - last) :] if last else [])


def _roles(item: Arrow | Mark) -> tuple[str, ...]:
    return (item.source, item.destination) if isinstance(item, Arrow) else (item.role,)


def _line(item: Arrow | Mark, ladder: Ladder) -> str:
    if isinstance(item, Mark):
        return f"{item.role}: {item.what}"
    tail = "─" * (max(len(a.label) for a in ladder.arrows) - len(item.label))
    notes = ", ".join(_notes(item))
    head = f"{'✗' if item.end is None else '▶'} {item.destination}{notes and f' ({notes})'}"
    return f"{item.source} ── {item.label} ─{tail}{head}"


def _timed_lines(items: list[Arrow | Mark], digits: int) -> list[str]:
    rows = [_timed(item, digits) for item in items]
    wide = [max((len(row[n]) for row in rows if row[2] or not n), default=0) for n in (0, 1)]
    return [f"{t:>{wide[0]}}  {what:{wide[1]}}  {end}".rstrip() for t, what, end in rows]


def _timed(item: Arrow | Mark, digits: int) -> tuple[str, str, str]:
    time = f"{item.sent:.{digits}f}"
    if isinstance(item, Mark):
        return time, f"{item.role}: {item.what}", ""
    arrives = [] if item.arrived is None else [f"arrives {item.arrived:.{digits}f}"]
    what = f"{item.source} > {item.destination}: {item.label}"
    return time, what, ", ".join([*_notes(item), *arrives])


def _notes(arrow: Arrow) -> list[str]:
    notes = {"again": arrow.again, "copy": arrow.copy, arrow.why: arrow.end is None}
    return [note for note, true in notes.items() if true]


def _digits(trace: Trace, items: list[Arrow | Mark]) -> int | None:
    """Return how many decimals of a second to show: 3, but 6 for exact times below 1 ms."""
    if not trace.show_times:
        return None
    times = [t for item in items for t in (item.sent, getattr(item, "arrived", None)) if t]
    fine = trace.exact_times and any(round(t, 6) != round(t, 3) for t in times)
    return 6 if fine else 3
