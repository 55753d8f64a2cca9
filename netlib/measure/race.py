"""Downloads that share one bottleneck: what each of them gets, and what it does to the others.

Two flows that are told the same things at the same time can stay in step for ever: whose segment
comes when the queue is full is then decided by the phase, not by the algorithm. So ACKs come back
here with a little jitter, in order, as over any real path. Source: S. Floyd and V. Jacobson, On
traffic phase effects in packet-switched gateways, Internetworking 3(3), 1992.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import nan

import numpy as np

from netlib.links import Link
from netlib.measure import theory
from netlib.protocols import tcp
from netlib.protocols.tcp.congestion import CongestionControl
from netlib.worlds.simulator import Conversation, LinkLike, Simulation

MSS, OVERHEAD = 1000, 2  # bytes: of payload, and of the link's own header
WINDOW = 256_000  # bytes: the receivers' in a race
DELAY, JITTER = 0.020, 0.004  # seconds: each way, and what ACKs are late by, at most twice that
Kind = Callable[[], CongestionControl]


class Watched:
    """A link that notes how long each datagram waits in its queue: `waits`, (time, wait) [s]."""

    def __init__(self, link: Link):
        self.link, self.waits = link, []  # type: ignore[var-annotated]

    def carry(self, size: int, now: float) -> list[float]:
        """Let the link carry it; what is over its transmission and the delay is the wait."""
        link = self.link
        arrivals = link.carry(size, now)
        if arrivals:
            spent = (size + link.settings.overhead) * 8 / link.rate if link.rate else 0.0
            self.waits.append((now, arrivals[0] - now - spent - link.delay.mean))
        return arrivals

    def median(self, since: float = 0.0) -> float:
        """Return the median wait of the datagrams from `since` on [s]; nan: there were none."""
        waits = [wait for time, wait in self.waits if time >= since]
        return max(0.0, float(np.median(waits))) if waits else nan


def bottleneck(rate: float = 2e6, queue=20, **settings) -> Link:
    """Return a link of 20 ms [bits/s, segments], which a window of 11 fills at 2 Mbit/s."""
    return Link(DELAY, rate=rate, queue=queue, overhead=OVERHEAD, **settings)


def download(
    control: CongestionControl,
    line: LinkLike,
    back: float = DELAY,
    *,
    seed: int = 1,
    start: float = 0.0,
    window: int = 1 << 20,
    name: str = "sender",
) -> Conversation:
    """Return a download without end over `line`, from `start` [s] on.

    back [s]: the delay of its ACKs. window: the receiver's [bytes].
    """
    client = tcp.Connection.client(mss=MSS, outbound=tcp.Zeros(), control=control)
    server = tcp.Connection.server(inbound=tcp.Drain(window))
    home = Link(back + JITTER, jitter=JITTER, keep_order=True, seed=seed)
    return Conversation(client, server, line, home, (name, f"{name}'s reader"), start)


@dataclass(frozen=True)
class Race:
    """What came of a race: `goodputs` [bits/s] and `timeouts`, one each; the median `wait` [s]."""

    goodputs: tuple[float, ...]
    timeouts: tuple[int, ...]
    wait: float

    @property
    def jain(self) -> float:
        """Jain's index of the goodputs; nan if nothing arrived."""
        return theory.jain(self.goodputs) if any(self.goodputs) else nan


def race(kinds: Iterable[Kind], seed: int = 1, seconds: float = 20.0, **line) -> Race:
    """Let a download of each kind share a `bottleneck(**line)`; each begins 0.3 s after the last.

    What the coin decides is a function of `seed`: races with the same one are alike but for the
    kinds. Counted is what arrives after the first quarter.
    """
    way = Watched(bottleneck(seed=seed, **line))
    flows = [
        download(kind(), way, seed=seed * 1000 + n, start=0.3 * n, window=WINDOW)
        for n, kind in enumerate(kinds)
    ]
    world = Simulation(flows, trace=False)
    world.run(seconds / 4)
    early = [_taken(flow) for flow in flows]
    world.run(seconds)
    taken = [_taken(flow) - n for flow, n in zip(flows, early, strict=True)]
    return Race(
        tuple(8 * each / (seconds * 3 / 4) for each in taken),
        tuple(
            flow.sender.sender.timeouts  # type: ignore[attr-defined]
            for flow in flows
        ),
        way.median(seconds / 4),
    )


def _taken(flow: Conversation) -> int:
    return flow.receiver.inbound.taken  # type: ignore[attr-defined]


class Scoreboard:
    """How each of several kinds does alone, beside itself, and what it leaves the others.

    Means over seeds. `alone`: goodput over what the link can carry. `wait`: the median wait in the
    queue then [s]. `jain`: of two of its kind. `fair`:
    what each of those has [bits/s]. `left[name, other]`: the goodput of `other` beside
    `name`, over that beside another `other`: below 1 it does harm. Source of that measure: R. Ware
    et al., Beyond Jain's fairness index, HotNets 2019.
    """

    def __init__(self, kinds: dict[str, Kind], seeds: Iterable[int] = (1, 2), **settings):
        self.names, self._kinds = list(kinds), kinds
        self._seeds, self._settings = list(seeds), settings
        solo = {name: self._races(name) for name in kinds}
        twins = {name: self._races(name, name) for name in kinds}
        capacity = bottleneck(**_of_the_line(settings)).rate * MSS / (MSS + 40 + OVERHEAD)
        self.alone = {name: _mean(r.goodputs[0] / capacity for r in solo[name]) for name in kinds}
        self.wait = {name: _mean(r.wait for r in solo[name]) for name in kinds}
        self.jain = {name: _mean(r.jain for r in twins[name]) for name in kinds}
        self.fair = {name: _mean(sum(r.goodputs) / 2 for r in twins[name]) for name in kinds}
        self.left = {
            (name, other): _mean(r.goodputs[1] for r in self._races(name, other)) / self.fair[other]
            for name in kinds
            for other in kinds
            if other != name
        }

    def rows(self) -> list[list[str]]:
        """Return the table as text cells, the heading first."""
        table = [["", "alone", "wait [ms]", "Jain", *(f"leaves {name}" for name in self.names)]]
        for name in self.names:
            left = [self.left.get((name, other)) for other in self.names]
            cells = [f"{self.alone[name]:.0%}", f"{self.wait[name] * 1e3:.0f}"]
            cells += [f"{self.jain[name]:.2f}", *("" if x is None else f"{x:.0%}" for x in left)]
            table.append([name, *cells])
        return table

    def __repr__(self) -> str:
        rows = self.rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ("  ".join(c.rjust(w) for c, w in zip(r, widths, strict=True)) for r in rows)
        return "\n".join(line.rstrip() for line in lines)

    def _races(self, *names: str) -> list[Race]:
        kinds = [self._kinds[name] for name in names]
        return [race(kinds, seed, **self._settings) for seed in self._seeds]


def _of_the_line(settings: dict) -> dict:
    return {name: value for name, value in settings.items() if name != "seconds"}


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
