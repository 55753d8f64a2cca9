"""What a relay counts and what it says of itself: what it lost, by cause, and how late it was."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from netlib.links.link import Link
from netlib.links.loss import NEVER
from netlib.trace import Address

BUFFER, FULL = "receive buffer full", "relay's memory full"
BLOCKED, EVICTED = "send buffer full", "client evicted"
NO_SOCKET = "no socket left for the client"
STRANGER, ITSELF = "from a stranger", "from the relay's own address"
TOO_LONG, REFUSED = "too long to send", "refused (ICMP)"
BY_HAND = "dropped by hand"  # Relay.tamper
RELAY_FAULTS = (BUFFER, FULL, BLOCKED, EVICTED, NO_SOCKET)  # the link did not ask for these

BUSY, NOTHING_YET = "this machine was too busy: ", "nothing has left yet"
LATENESS_BUDGET = 0.05  # of the round-trip time: a curve drawn with more would be wrong
LEISURE = 2e-3  # seconds that a datagram may lie unread where the link is much slower than that


class Record(NamedTuple):
    """What became of a datagram, at `time` [s] since the relay began: as in its trace."""

    time: float
    way: str
    action: str
    payload: bytes
    client: Address
    note: str
    number: int  # of the datagram in its direction, from 0
    copy: int = 0  # of the copies made in this direction; 0 is the datagram itself


class Lateness(NamedTuple):
    """By how much datagrams left after their time [s]: half of them by less than `p50`, ..."""

    p50: float
    p90: float
    p99: float
    worst: float

    def __str__(self) -> str:
        percentiles = (f"{name} {value * 1000:.3g}" for name, value in self._asdict().items())
        return ", ".join(percentiles) + " ms"


def too_late(lateness: Lateness | None, rtt: float) -> str:
    """Return why this lateness spoils an experiment with this round-trip time [s], or ""."""
    late = lateness.p99 if lateness else 0.0
    if late > LATENESS_BUDGET * rtt:
        return f"{BUSY}1 % left {late * 1000:.3g} ms late or later, of {rtt * 1000:.3g} ms"
    return ""


@dataclass(frozen=True)
class Counts:
    """One direction: how many datagrams came in, how many copies the link made, what went out, and
    how many of those that came in had a bit flipped.

    arrived + copies = sent + in_flight + what `drops` counts, except the drops that happen before
    the link (BUFFER, NO_SOCKET, STRANGER, ITSELF) and those after the sending: "(ICMP)" means that
    a datagram was sent, and a message came back that it could not be delivered.
    """

    arrived: int = 0
    copies: int = 0
    sent: int = 0
    in_flight: int = 0
    drops: dict[str, int] = field(default_factory=dict)
    corrupt: int = 0

    def __str__(self) -> str:
        lost = ", ".join(f"{count} {cause}" for cause, count in sorted(self.drops.items()))
        copies = f" + {self.copies} copies" if self.copies else ""
        corrupt = f", {self.corrupt} corrupt" if self.corrupt else ""
        in_flight = f" ({self.in_flight} on their way)" if self.in_flight else ""
        went = f"{self.sent} out{in_flight}{corrupt}"
        return f"{self.arrived}{copies} in, {went}; lost: {lost or 'none'}"


@dataclass(frozen=True)
class RelayReport:
    """What a relay says of itself.

    lateness: None before the first departure. clients: how many it has now; evicted: how many were
    forgotten for lack of room. cpu: seconds of processor time used; elapsed: seconds that it has
    run. unrecorded: events that its trace had no room for. expired: clients forgotten because they
    were silent for too long.
    """

    forward: Counts
    backward: Counts
    lateness: Lateness | None
    clients: int
    evicted: int
    cpu: float
    elapsed: float
    unrecorded: int = 0
    expired: int = 0

    @property
    def own_drops(self) -> int:
        """How many datagrams were lost although the links did not ask for it."""
        drops = (self.forward.drops, self.backward.drops)
        return sum(counts.get(cause, 0) for counts in drops for cause in RELAY_FAULTS)

    def too_busy(self, rtt: float) -> str:
        """Return why an experiment with this round-trip time [s] should be run again, or ""."""
        if self.own_drops:
            return f"{BUSY}the relay lost {self.own_drops} datagrams of its own"
        return too_late(self.lateness, rtt)

    def __repr__(self) -> str:
        lines = {
            "forward": self.forward,
            "backward": self.backward,
            "lateness": self.lateness or NOTHING_YET,
            "clients": f"{self.clients}, {self.evicted} evicted"
            + (f", {self.expired} expired" if self.expired else ""),
            "processor": f"{self.cpu / self.elapsed:.1%} of {self.elapsed:.1f} s",
        }
        if self.unrecorded:
            lines["trace"] = f"incomplete: no room for {self.unrecorded} events"
        return "\n".join(f"{name:10}{line}" for name, line in lines.items())


class Direction:
    """One direction through a relay: its link, and its counters.

    latest: when a datagram last entered the link [s]; two directions that share a link share it.
    may_linger: what arrives need not be read at once, because none of it is due before LEISURE is
    over and the kernel has noted when it arrived. It is read in a turn that some departure makes
    necessary anyhow, which halves how often the relay wakes up, the most expensive thing it does.
    """

    def __init__(self, name: str, link: Link, latest: list[float]):
        self.name, self.link, self._latest = name, link, latest
        self.arrived = self.copies = self.corrupt = self.sent = self.in_flight = 0
        self.drops: Counter[str] = Counter()
        self.review()

    def carry(self, payload: bytes, at: float) -> tuple[float, Sequence[float], bytes]:
        """Put a datagram into the link; return when that was, when it (and a copy) leaves, and
        the payload that does.
        """
        # a time that goes back: of two sockets, the one read later had the earlier datagram
        at = self._latest[0] = max(at, self._latest[0])
        link, arriving = self.link, payload
        departures = link.carry(len(payload), at)
        self.arrived += 1
        if not departures:
            self.drops[link.why_lost] += 1
            return at, departures, payload
        self.copies += len(departures) - 1
        if link.corrupts:
            arriving = link.arriving(payload)
            self.corrupt += arriving is not payload
        return at, departures, arriving

    def dial(self, link: Link):
        """Take over the settings of another link, from the next datagram on."""
        self.link.change(**vars(link.settings))

    def review(self):
        """Find out whether datagrams may linger; again whenever the link has been dialled."""
        link = self.link
        in_order = link.reorder == NEVER  # what is sent ahead skips the delay
        self.may_linger = in_order and link.delay.quantile(2.0**-53) > 2 * LEISURE

    def counts(self, overflowed: int) -> Counts:
        """Return the counters; the kernel has thrown away `overflowed` before they came in."""
        drops = dict(self.drops) | ({BUFFER: overflowed} if overflowed else {})
        return Counts(self.arrived, self.copies, self.sent, self.in_flight, drops, self.corrupt)


class Tally:
    """A histogram of lateness, by 1 us below 1 ms and by 0.1 ms above: small, and soon summed."""

    def __init__(self):
        self._counts: Counter[int] = Counter()

    def add(self, late: float):
        """Count one datagram that left `late` seconds after its time."""
        us = int(late * 1e6)
        self._counts[us if us < 1000 else us // 100 * 100] += 1

    def lateness(self) -> Lateness | None:
        """Return the percentiles so far, rounded up, or None if nothing was counted."""
        edges = sorted(self._counts)
        totals = list(accumulate(self._counts[us] for us in edges))
        if not totals:
            return None
        found = [edges[bisect_left(totals, q * totals[-1])] for q in (0.5, 0.9, 0.99, 1.0)]
        return Lateness(*((us + (1 if us < 1000 else 100)) * 1e-6 for us in found))
