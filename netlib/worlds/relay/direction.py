"""One direction through a relay: its link, when it has to be looked at, and what became of all."""

from dataclasses import fields

from netlib.links.link import Link
from netlib.links.settings import Settings
from netlib.worlds.relay.report import BUFFER, Counts

LEISURE = 2e-3  # seconds that a datagram may lie unread where the link is much slower than that


class Way:
    """One direction: a link, and its counters.

    `leisurely`: no datagram can be due before LEISURE is over. As the kernel has noted when it
    arrived, it may wait for a turn that some other datagram's departure makes necessary anyhow;
    that halves how often the relay has to be woken, the most expensive thing that it does.
    """

    def __init__(self, name: str, link: Link, other: "Way | None" = None):
        self.name, self.link = name, link
        self.arrived = self.copies = self.sent = self.in_flight = 0
        self.drops: dict[str, int] = {}
        shared = other is not None and other.link is link
        self._latest = other._latest if shared else [0.0]  # what the link takes for now [s]
        self.look()

    def carry(self, size: int, at: float) -> tuple[float, list[float]]:
        """Put a datagram into the link; return when that was, and when it leaves (and its copy)."""
        latest = self._latest
        # a time that goes back: of two sockets, the one read later had the earlier datagram
        latest[0] = at = max(at, latest[0])
        departures = self.link.carry(size, at)
        self.arrived += 1
        if not departures:
            self.lose(self.link.why_lost)
        elif len(departures) > 1:
            self.copies += 1
        return at, departures

    def dial(self, wanted: Link):
        """Take over the settings of another link, from the next datagram on."""
        told = wanted.settings
        self.link.change(**{each.name: getattr(told, each.name) for each in fields(told)})

    def look(self):
        """Find out whether the link leaves time. To be asked again when it has been dialled."""
        link = self.link
        in_order = link.reorder == Settings().reorder  # what is sent ahead skips the delay
        self.leisurely = in_order and link.delay.quantile(2.0**-53) > 2 * LEISURE

    def lose(self, cause: str):
        """Count a datagram that goes no further."""
        self.drops[cause] = self.drops.get(cause, 0) + 1

    def counts(self, overflowed: int) -> Counts:
        """Return the counters; the kernel has thrown away `overflowed` before they came in."""
        drops = self.drops | ({BUFFER: overflowed} if overflowed else {})
        return Counts(self.arrived, self.copies, self.sent, self.in_flight, drops)
