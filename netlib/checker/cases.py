"""The exchanges that a checker tries, the smallest first, and how to say in words what is in one.

Every exchange is a script: this many messages, and what becomes of the n-th datagram each way. So
an exchange that fails can be made smaller piece by piece, and the smallest ones can all be tried.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, combinations, islice, product

from netlib.links.link import Link

TIMEOUT, DELAY, SLOW, LATE = 0.3, 0.05, 0.2, 1.0  # seconds; over a SLOW path every timer is early
OUTAGE = 0.25  # seconds: a whole window is sent, and its ACKs are, before the timer goes off
FATES = {"lost": "lost", "copied": "arriving twice", "late": "1 s late"}
WORDS = {**FATES, "again": "arriving once more 1 s later"}
PLACES = ("sender", "receiver")
ODD = (b"", b"\x00\xff", b"0", b"a,b|c:d e\r\n")  # what a header or a text protocol trips over
WINDOW, TRIES = 8, 12  # messages in one go; losses of one message in a row
SEEDS, MANY, SPELL = 20, 20, 150  # random exchanges, their messages, datagrams before all is well
WRAP = 264  # messages, so that 8 bits of number come round, whatever the window


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
    """One exchange to try: the messages, the impairments, the delay of each way [s].

    `silenced`: a place, all of whose datagrams of the first OUTAGE seconds are lost.
    """

    messages: tuple[bytes, ...]
    impairments: tuple[Impairment, ...] = ()
    delay: float = DELAY
    silenced: str = ""

    def __str__(self) -> str:
        count = len(self.messages)
        parts = [f"{count} message{'s' * (count > 1)}"]
        kinds = dict.fromkeys((each.place, each.fate) for each in self.impairments)
        for place, fate in kinds:
            numbers = [i.number for i in self.impairments if (i.place, i.fate) == (place, fate)]
            parts.append(f"the {place}'s {_datagrams(numbers)} {WORDS[fate]}")
        if self.silenced:
            parts.append(f"all that the {self.silenced} sends in the first {OUTAGE:.3g} s lost")
        if self.delay != DELAY:
            parts.append(f"a round trip of {2 * self.delay:.3g} s (the timeout is {TIMEOUT:.3g} s)")
        return _listed(parts)

    @property
    def patience(self) -> float:
        """How long an honest sender may take [s], even one that doubles its timeout each time."""
        return 240 + 4 * TIMEOUT * (2.0 ** len(self.impairments) - 1)

    def links(self) -> "tuple[Script, Script]":
        """Return fresh links that do what the case says."""
        return self._link("sender"), self._link("receiver")

    def _link(self, place: str) -> "Script":
        fates = {i.number: i.fate for i in self.impairments if i.place == place}
        return Script(fates, self.delay, OUTAGE if place == self.silenced else 0.0)

    def smaller(self) -> Iterator["Case"]:
        """Return the cases that are one step simpler than this one."""
        if self.delay != DELAY:
            yield replace(self, delay=DELAY)
        if self.silenced:
            yield replace(self, silenced="")
        if self.messages != (plain := letters(len(self.messages))):
            yield replace(self, messages=plain)
        yield from (replace(self, messages=messages) for messages in _fewer(self.messages))
        each = self.impairments
        others = [each[:n] + each[n + 1 :] for n in range(len(each))]
        for rest in others:
            yield replace(self, impairments=rest)
        for n, (one, rest) in enumerate(zip(each, others, strict=True)):
            earlier = replace(one, number=one.number - 1)
            if one.number and not any(earlier.meets(other) for other in rest):
                yield replace(self, impairments=(*rest[:n], earlier, *rest[n:]))


class Script:
    """A link that delays, and does to each datagram what was written down for it."""

    why_lost = "scripted"

    def __init__(self, fates: dict[int, str], delay: float, outage: float = 0.0):
        self._fates, self._delay, self._outage, self.carried = fates, delay, outage, 0

    def carry(self, size: int, now: float) -> list[float]:
        """Return when the next datagram arrives [s], as `Link.carry` does."""
        fate = self._fates.get(self.carried)
        self.carried += 1
        if fate == "lost" or now < self._outage:
            return []
        if fate == "again":
            return [now + self._delay, now + self._delay + LATE]
        arrival = now + self._delay + (LATE if fate == "late" else 0)
        return [arrival] * (2 if fate == "copied" else 1)


def all_cases(fates: dict[str, tuple[str, ...]]) -> Iterator[Case]:
    """Return the cases to try; `fates` says what may happen to the datagrams of each place."""
    yield from scripted(fates, 0, range(1, 4))
    yield from scripted(fates, 1, range(1, 4))
    yield from scripted(fates, 2, range(1, 3))
    if "copied" in fates["sender"]:  # an early timer makes copies, too
        slow = chain(scripted(fates, 0, range(1, 4)), scripted(fates, 1, range(2, 4)))
        yield from (replace(case, delay=SLOW) for case in slow)
    for messages in ((b"A", b"A"), ODD):  # whoever tells messages apart by their content fails here
        for case in chain(scripted(fates, 0, [2]), scripted(fates, 1, [2])):
            yield replace(case, messages=messages)
    yield from bursts(fates)
    yield from long_cases(fates)
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
    """Return cases in which all is lost for a while: for who gives up, or has too few numbers."""
    for place, (size, count) in product(PLACES, ((TRIES, 1), (4, WINDOW), (WINDOW, WINDOW))):
        if "lost" in fates[place]:
            lost = tuple(Impairment(place, number, "lost") for number in range(size))
            yield Case(letters(count), lost)


def long_cases(fates: dict[str, tuple[str, ...]]) -> Iterator[Case]:
    """Return cases in which numbers come round, and meet what is left of the last time."""
    for count in (MANY, WRAP):
        yield Case(letters(count))
        yield from (Case(letters(count), silenced=at) for at in PLACES if "lost" in fates[at])
    if {"copied", "late"} <= set(fates["sender"]):
        for numbers in range(4, MANY + 1):  # a copy comes when that many have gone by, one by one
            old = (Impairment("sender", 0, "again"),)
            yield Case(letters(numbers + 1), old, LATE / (2 * numbers - 1))


def random_case(fates: dict[str, tuple[str, ...]], seed: int) -> Case:
    """Return what the coin of `seed` does to many messages: loss 20 %, duplicates 5 %, late 5 %."""
    chosen = []
    for place, coin in zip(PLACES, (2 * seed, 2 * seed + 1), strict=True):
        link = Link(loss=0.2, duplicate=0.05, reorder=0.05, seed=coin)
        for number, (lost, twice, late, _) in enumerate(islice(link.fates(), SPELL)):
            drawn = [fate for fate, is_so in zip(FATES, (lost, twice, late), strict=True) if is_so]
            allowed = [fate for fate in drawn if fate in fates[place]]
            chosen += [Impairment(place, number, fate) for fate in allowed[:1]]
    return Case(letters(MANY), tuple(sorted(chosen, key=lambda i: (i.number, i.place))))


def letters(count: int) -> tuple[bytes, ...]:
    """Return messages that are easy to follow: b"A", b"B", ..., b"Z", b"A1", b"B1", ..."""
    return tuple(b"%c%s" % (65 + n % 26, b"%d" % (n // 26) * (n > 25)) for n in range(count))


def _fewer(messages: tuple[bytes, ...]) -> Iterator[tuple[bytes, ...]]:
    """Return the messages without some of them: first without half, at last without any one."""
    count = len(messages)
    size = count // 2
    while size and messages == letters(count):  # then it is all one which of them are left out
        yield letters(count - size)
        size //= 2
    if size:
        yield from (messages[:n] + messages[n + 1 :] for n in range(count))


def _datagrams(numbers: list[int]) -> str:
    if len(numbers) > 4 and numbers == list(range(len(numbers))):
        return f"first {len(numbers)} datagrams"
    which = _listed([ordinal(number + 1) for number in numbers])
    return f"{which} datagram{'s' * (len(numbers) > 1)}"


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 4th, ..., 11th, ..."""
    last = 0 if number // 10 % 10 == 1 else number % 10
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1])] * (len(parts) > 1) + parts[-1:])
