"""The exchanges that a checker tries, the smallest first, and how to say in words what is in one.

Every exchange is a script: this many messages, and what becomes of the n-th datagram each way. So
an exchange that fails can be made smaller piece by piece, and the smallest ones can all be tried.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, combinations, islice, product

from netlib.links.link import Link

TIMEOUT, DELAY, SLOW, LATE = 0.3, 0.05, 0.2, 1.0  # seconds; over a SLOW path every timer is early
FATES = {"lost": "lost", "copied": "arriving twice", "late": "1 s late"}
PLACES = ("sender", "receiver")
ODD = (b"", b"\x00\xff", b"0", b"a,b|c:d e\r\n")  # what a header or a text protocol trips over
SEEDS, MANY, LONG = 20, 8, 60  # random exchanges, their messages, datagrams before all is well


@dataclass(frozen=True, order=True)
class Impairment:
    """What happens to one datagram: the `number`-th (from 0) that `place` sends."""

    place: str
    number: int
    fate: str

    def meets(self, other: "Impairment") -> bool:
        """Return whether the two concern the same datagram."""
        return (self.place, self.number) == (other.place, other.number)


@dataclass(frozen=True)
class Case:
    """One exchange to try: the messages, the impairments, the delay of each way [s]."""

    messages: tuple[bytes, ...]
    impairments: tuple[Impairment, ...] = ()
    delay: float = DELAY

    def __str__(self) -> str:
        count = len(self.messages)
        parts = [f"{count} message{'s' * (count > 1)}"]
        kinds = dict.fromkeys((each.place, each.fate) for each in self.impairments)
        for place, fate in kinds:
            met = [i.number for i in self.impairments if (i.place, i.fate) == (place, fate)]
            which = _listed([ordinal(number + 1) for number in met])
            parts.append(f"the {place}'s {which} datagram{'s' * (len(met) > 1)} {FATES[fate]}")
        if self.delay > DELAY:
            parts.append(f"a round trip of {2 * self.delay:.3g} s (the timeout is {TIMEOUT:.3g} s)")
        return _listed(parts)

    def links(self) -> "tuple[Script, Script]":
        """Return fresh links that do what the case says."""
        return tuple(
            Script({i.number: i.fate for i in self.impairments if i.place == place}, self.delay)
            for place in PLACES
        )

    def smaller(self) -> Iterator["Case"]:
        """Return the cases that are one step simpler than this one."""
        if self.delay > DELAY:
            yield replace(self, delay=DELAY)
        if self.messages != (plain := letters(len(self.messages))):
            yield replace(self, messages=plain)
        for n in range(len(self.messages) if len(self.messages) > 1 else 0):
            yield replace(self, messages=self.messages[:n] + self.messages[n + 1 :])
        met = self.impairments
        rests = [met[:n] + met[n + 1 :] for n in range(len(met))]
        for rest in rests:
            yield replace(self, impairments=rest)
        for n, (one, rest) in enumerate(zip(met, rests, strict=True)):
            earlier = replace(one, number=one.number - 1)
            if one.number and not any(earlier.meets(other) for other in rest):
                yield replace(self, impairments=(*rest[:n], earlier, *rest[n:]))


class Script:
    """A link that delays, and does to each datagram what was written down for it."""

    why_lost = "scripted"

    def __init__(self, fates: dict[int, str], delay: float):
        self._fates, self._delay, self.carried = fates, delay, 0

    def carry(self, size: int, now: float) -> list[float]:
        """Return when the next datagram arrives [s], as `Link.carry` does."""
        fate = self._fates.get(self.carried)
        self.carried += 1
        if fate == "lost":
            return []
        arrival = now + self._delay + (LATE if fate == "late" else 0)
        return [arrival] * (2 if fate == "copied" else 1)


def family(fates: dict[str, tuple[str, ...]]) -> Iterator[Case]:
    """Return the cases to try; `fates` says what may happen to the datagrams of each place."""
    yield from scripted(fates, 0, range(1, 4))
    yield from scripted(fates, 1, range(1, 4))
    yield from scripted(fates, 2, range(1, 3))
    if "copied" in fates["sender"]:  # an early timer makes copies, too
        slow = chain(scripted(fates, 0, range(1, 4)), scripted(fates, 1, range(2, 4)))
        yield from (replace(case, delay=SLOW) for case in slow)
    for messages in ((b"A", b"A"), ODD):  # who tells messages apart by their content fails here
        for case in chain(scripted(fates, 0, [2]), scripted(fates, 1, [2])):
            yield replace(case, messages=messages)
    yield from bursts(fates)
    yield from (random_case(fates, seed) for seed in range(SEEDS))


def scripted(fates: dict, impairments: int, counts: Iterable[int]) -> Iterator[Case]:
    """Return every case with so many impairments among the first datagrams of so many messages."""
    for count in counts:
        spots = [
            Impairment(place, number, fate)
            for number in range(count + 1)
            for place in PLACES
            for fate in fates[place]
        ]
        for chosen in combinations(spots, impairments):
            if not any(one.meets(other) for one, other in combinations(chosen, 2)):
                yield Case(letters(count), chosen)


def bursts(fates: dict[str, tuple[str, ...]]) -> Iterator[Case]:
    """Return cases in which all is lost for a while: what a window with too few numbers fears."""
    for place, size in product(PLACES, (4, MANY)):
        if "lost" in fates[place]:
            lost = tuple(Impairment(place, number, "lost") for number in range(size))
            yield Case(letters(MANY), lost)


def random_case(fates: dict[str, tuple[str, ...]], seed: int) -> Case:
    """Return what the coin of `seed` does to many messages: loss 20 %, duplicates 5 %, late 5 %."""
    chosen = []
    for place, coin in zip(PLACES, (2 * seed, 2 * seed + 1), strict=True):
        link = Link(loss=0.2, duplicate=0.05, reorder=0.05, seed=coin)
        for number, (lost, twice, late, _) in enumerate(islice(link.fates(), LONG)):
            met = [fate for fate, is_so in zip(FATES, (lost, twice, late), strict=True) if is_so]
            allowed = [fate for fate in met if fate in fates[place]]
            chosen += [Impairment(place, number, fate) for fate in allowed[:1]]
    return Case(letters(MANY), tuple(sorted(chosen, key=lambda i: (i.number, i.place))))


def letters(count: int) -> tuple[bytes, ...]:
    """Return messages that are easy to follow: b"A", b"B", ..."""
    return tuple(bytes([ord("A") + n]) for n in range(count))


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 4th, ..., 11th, ..."""
    last = 0 if number // 10 % 10 == 1 else number % 10
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1])] * (len(parts) > 1) + parts[-1:])
