"""How well a relay kept its word: what it lost, by cause, and how late it was."""

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import NamedTuple

BUFFER, FULL = "receive buffer full", "relay's memory full"
BLOCKED, EVICTED = "send buffer full", "client evicted"
STRANGER, TOO_LONG, REFUSED = "from a stranger", "too long to send", "refused (ICMP)"
BY_HAND = "dropped by hand"  # Relay.tamper
OWN = (BUFFER, FULL, BLOCKED, EVICTED)  # the link did not ask for these: the relay fell behind

LATENESS_BUDGET = 0.05  # of the round-trip time: a curve drawn with more would be wrong


class Lateness(NamedTuple):
    """By how much datagrams left after their time [s]: half of them by less than `p50`, ..."""

    p50: float
    p90: float
    p99: float
    worst: float


@dataclass(frozen=True)
class Counts:
    """One direction: how many datagrams came in, how many copies the link made, what went out.

    arrived + copies = sent + in_flight + what `drops` counts, except the drops that happen before
    the link (BUFFER, STRANGER) and those after the sending: REFUSED ones were sent, and a message
    came back that nobody listens there.
    """

    arrived: int = 0
    copies: int = 0
    sent: int = 0
    in_flight: int = 0
    drops: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        lost = ", ".join(f"{count} {cause}" for cause, count in sorted(self.drops.items()))
        copies = f" + {self.copies} copies" if self.copies else ""
        way = f" ({self.in_flight} on their way)" if self.in_flight else ""
        return f"{self.arrived}{copies} in, {self.sent} out{way}; lost: {lost or 'none'}"


@dataclass(frozen=True)
class RelayReport:
    """What a relay says of itself.

    lateness: None before the first departure. clients: known now; evicted: forgotten for lack of
    room. cpu: seconds of processor time used; elapsed: seconds that it has run.
    """

    forward: Counts
    backward: Counts
    lateness: Lateness | None
    clients: int
    evicted: int
    cpu: float
    elapsed: float

    @property
    def own_drops(self) -> int:
        """How many datagrams were lost although the links did not ask for it."""
        ways = (self.forward.drops, self.backward.drops)
        return sum(drops.get(cause, 0) for drops in ways for cause in OWN)

    def too_busy(self, rtt: float) -> str:
        """Return why an experiment with this round-trip time [s] should be run again, or ""."""
        late, busy = self.lateness.p99 if self.lateness else 0.0, "this machine was too busy: "
        if self.own_drops:
            return f"{busy}the relay lost {self.own_drops} datagrams of its own"
        if late > LATENESS_BUDGET * rtt:
            return f"{busy}1 % left {late * 1000:.3g} ms late or later, of {rtt * 1000:.3g} ms"
        return ""

    def __repr__(self) -> str:
        late = "nothing has left yet"
        if self.lateness:
            named = self.lateness._asdict().items()
            late = ", ".join(f"{name} {value * 1000:.3g}" for name, value in named) + " ms"
        lines = {
            "forward": self.forward,
            "backward": self.backward,
            "lateness": late,
            "clients": f"{self.clients}, {self.evicted} evicted",
            "processor": f"{self.cpu / self.elapsed:.1%} of {self.elapsed:.1f} s",
        }
        return "\n".join(f"{name:10}{line}" for name, line in lines.items())


class Tally:
    """A histogram of lateness, by 1 us below 1 ms and by 0.1 ms above, so that it stays small."""

    FINE = 1000

    def __init__(self):
        self._counts: dict[int, int] = {}

    def add(self, late: float):
        """Count one datagram that left `late` seconds after its time."""
        us = int(late * 1e6)
        if us >= self.FINE:
            us = us // 100 * 100
        self._counts[us] = self._counts.get(us, 0) + 1

    def lateness(self) -> Lateness | None:
        """Return the percentiles so far, rounded up, or None if nothing was counted."""
        if not self._counts:
            return None
        edges, totals = sorted(self._counts), []
        for us in edges:
            totals.append(self._counts[us] + (totals[-1] if totals else 0))
        places = (bisect_left(totals, q * totals[-1]) for q in (0.5, 0.9, 0.99, 1.0))
        return Lateness(*(_upper(edges[place]) for place in places))


def _upper(us: int) -> float:
    return (us + (1 if us < Tally.FINE else 100)) * 1e-6
