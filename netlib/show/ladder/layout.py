"""Where everything of a ladder lies: each row by its time, each place, and the columns.

A ladder is as wide as a notebook's column of text and no taller than a projector's screen. What is
longer continues in a second column; what is longer still is for a box to scroll in.
"""

from collections.abc import Iterator
from itertools import pairwise
from statistics import mean, median_low

from netlib.show import svg
from netlib.show.ladder.pairing import Arrow, Mark

WIDTH, TALLEST = 840, 560  # pixels
NAMES, TOP, ROW = 28, 46, 30  # pixels: of the places' names; where the first row lies; of one row
FLIGHT, LONGEST = 60, 90  # pixels for the median flight; for the longest time without an event
TRIES = [(columns, squeeze) for columns in (1, 2) for squeeze in (1.0, 0.8, 0.6)]  # to fit
APART, LINE = 22, 20  # pixels at least between two events of one place; between two times
DIES = 0.65  # of the way: where a lost one ends, beyond its name
NARROWEST = 170  # pixels between two places, in columns
EDGE = 50  # pixels at least from a place to the edge: half a name

Item = Arrow | Mark
Rows = dict[int, tuple[float, str, bool]]  # of each row: its time, its place, is it an arrival


class Layout:
    """The lines of the places (x), the rows and the ends of arrows (y), and where columns end.

    digits: of the times, None if they mean nothing; then rows lie evenly.
    """

    def __init__(self, items: list[Item], roles: list[str], digits: int | None):
        self._items, self._roles, self.digits = items, roles, digits
        rows = _rows(items)
        for columns, squeeze in [*TRIES, (1, 1.0)]:  # the last: what fits in no way
            self._lay(rows, squeeze)
            self.cuts = self._cut(columns)
            if self.height <= TALLEST and not self._crowded(columns):
                break
        self.lanes = self._lanes(columns)

    @property
    def columns(self) -> list[tuple[int, int]]:
        """From where to where each column shows the picture [pixels]."""
        return list(pairwise(self.cuts))

    @property
    def height(self) -> int:
        """How high the picture is, with names and foot [pixels]."""
        return NAMES + max(end - begin for begin, end in self.columns) + self.foot

    def _lay(self, rows: Rows, squeeze: float):
        """Lay out rows and arrows: `squeeze` brings them nearer to each other."""
        digits, timed, longest = self.digits, self.digits is not None, squeeze * LONGEST
        on_times = _on_times(rows, squeeze * _scale(self._items), longest)
        self.rows, self.breaks = on_times if timed else _on_rows(rows, squeeze)
        self.ends = list(self._ends())
        self.instants = list(_instants(rows, self.rows)) if timed else []
        self.foot = 30 if self.instants else 8
        stamps = {row: f"{time:.{digits}f}" for row, (time, _, _) in rows.items()} if timed else {}
        self.times = {stamp: self.rows[row] for row, stamp in reversed(stamps.items())}

    def _ends(self) -> Iterator[tuple[int, int]]:
        """Yield for each item the heights of its two ends."""
        for item in self._items:
            y = self.rows[item.start]
            if isinstance(item, Mark):
                yield y, y
            elif item.end is not None:
                yield y, self.rows[item.end]
            else:
                yield y, int(y + (ROW / 2 if self.digits is None else DIES * self._fall(item)))

    def _fall(self, lost: Arrow) -> float:
        """Return how far a lost arrow would have fallen: as its neighbours from the same place."""
        falls = [
            (i.start, i.sent, self.rows[i.end] - self.rows[i.start])
            for i in self._items
            if isinstance(i, Arrow) and i.source == lost.source and i.end is not None
        ]
        beside = [fall for fall in falls if fall[0] < lost.start][-1:]
        beside += [fall for fall in falls if fall[0] > lost.start][:1]
        beside = [fall for fall in beside if fall[1] == lost.sent] or beside[:1]
        return mean([fall for *_, fall in beside] or [FLIGHT])

    def _cut(self, columns: int) -> list[int]:
        """Return where one or two columns begin and end: the second near the middle, in a pause."""
        lowest = max([TOP, *self.rows.values(), *(below for _, below in self.ends)])
        begin, end = NAMES, lowest + ROW // 2
        middle = (begin + end) / 2

        def cost(cut: int) -> float:
            crossed = sum(above < cut < below for above, below in self.ends)
            return 40 * crossed + abs(cut - middle)

        cuts = [y - 14 for y in self.rows.values()]
        return [begin, end] if columns == 1 or not cuts else [begin, min(cuts, key=cost), end]

    def _crowded(self, columns: int) -> bool:
        """Return whether names of arrows would not fit between two places of a column."""
        if columns == 1:
            return False
        names = [svg.room(item.label) for item in self._items if isinstance(item, Arrow)]
        narrow = max([NARROWEST, *names])
        return any(b - a < narrow for a, b in pairwise(self._lanes(columns).values()))

    def _lanes(self, columns: int) -> dict[str, int]:
        """Return where each place has its line: the outer ones with room for their marks."""
        first, last = self._roles[:1], self._roles[1:][-1:]
        times = 0.0 if self.digits is None else self.times_end + 6
        left = times + max(EDGE, self._beside(first))
        right = max(EDGE, self._beside(last), *(svg.room(role) / 2 + 10 for role in last), 0)
        lane = (WIDTH / columns - left - right) / max(len(self._roles) - 1, 1)
        return {role: int(left + lane * n) for n, role in enumerate(self._roles)}

    @property
    def times_end(self) -> int:
        """Where the times end [pixels]."""
        return int(svg.room("0." + "0" * (self.digits or 0))) + 10

    def _beside(self, places: list[str]) -> float:
        """Return how much room the marks beside a place need [pixels]."""
        marks = [i.what for i in self._items if isinstance(i, Mark) and i.role in places]
        return max(map(svg.room, marks), default=0) + 18


def _rows(items: list[Item]) -> Rows:
    """Return what is in each row, in order."""
    rows: Rows = {}
    for item in items:
        if isinstance(item, Mark):
            rows.setdefault(item.start, (item.sent, item.role, False))
            continue
        rows[item.start] = (item.sent, item.source, False)
        if item.end is not None and item.arrived is not None:
            rows[item.end] = (item.arrived, item.destination, True)
    return dict(sorted(rows.items()))


def _on_rows(rows: Rows, squeeze: float) -> tuple[dict[int, int], list[tuple[int, int]]]:
    """Lay events out evenly, a line each."""
    first = min(rows, default=0)
    return {row: TOP + round(squeeze * ROW * (row - first)) for row in rows}, []


def _on_times(
    rows: Rows, scale: float, longest: float
) -> tuple[dict[int, int], list[tuple[int, int]]]:
    """Lay events out by their times, but never on top of each other; return where time is cut.

    An answer leaves where its question has arrived. A silence of more than `longest` pixels is
    shortened.
    """
    places, breaks = {}, []
    lowest: dict[str, tuple[int, float, bool]] = {}  # of each place: y, time, was it an arrival
    before, y = next(iter(rows.values()), (0.0,))[0], TOP
    for row, (time, place, arrival) in rows.items():
        top, gap = y, (time - before) * scale
        y += 0 if time == before else max(LINE, round(min(gap, longest)))
        if gap > longest:
            breaks.append((top + 12, y - 12))
        if place in lowest:
            last, at, was_arrival = lowest[place]
            answer = was_arrival and not arrival and at == time
            y = max(y, last + (0 if answer else APART))
        places[row], lowest[place], before = y, (y, time, arrival), time
    return places, breaks


def _scale(items: list[Item]) -> float:
    """Return pixels per second: the median flight takes FLIGHT of them."""
    arrows = [item for item in items if isinstance(item, Arrow)]
    flights = [a.arrived - a.sent for a in arrows if a.arrived is not None and a.arrived > a.sent]
    return FLIGHT / median_low(flights) if flights else LONGEST


def _instants(rows: Rows, places: dict[int, int]) -> Iterator[tuple[str, int, int]]:
    """Yield (place, from, to) where what one place did at one instant is drawn apart."""
    heights: dict[tuple[str, float], list[int]] = {}
    for row, (time, place, _) in rows.items():
        heights.setdefault((place, time), []).append(places[row])
    for (place, _), found in heights.items():
        if max(found) > min(found):
            yield place, min(found), max(found)
