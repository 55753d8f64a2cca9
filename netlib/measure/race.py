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
DELAY, JITTER = 0.020, 0.004  # seconds: each way, and what ACKs are late by, at most twice that
Kind = Callable[[], CongestionControl]


class Watched:
    """A link that notes how long each datagram waits in its queue: `waits`, (time [s], wait [s])."""

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
        download(kind(), way, seed=seed * 1000 + n, start=0.3 * n, name=f"sender {n + 1}")
        for n, kind in enumerate(kinds)
    ]
    world = Simulation(flows, trace=False)
    world.run(seconds / 4)
    early = [flow.receiver.inbound.taken for flow in flows]
    world.run(seconds)
    taken = [flow.receiver.inbound.taken - n for flow, n in zip(flows, early, strict=True)]
    return Race(
        tuple(8 * each / (seconds * 3 / 4) for each in taken),
        tuple(flow.sender.sender.timeouts for flow in flows),
        way.median(seconds / 4),
    )
