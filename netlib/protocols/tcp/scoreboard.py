"""What is in flight, and what is known of it: the scoreboard of RFC 6675.

    una | lost, waits | sacked | sacked | lost, sent again | in flight | sacked | in flight | next

Each segment is on its way (`copies` of it), or has arrived out of order (`sacked`), or is believed
to be lost; what is lost waits until it is sent again. `pipe` is the sum of what is on its way: what
may be compared with cwnd, as what has arrived or is lost fills no queue any more.
"""

from collections import deque

DUPLICATES = 3  # ACKs, or ranges of SACK, that mean a loss and not a reordering (RFC 5681, 3.2)


class Flight:
    """A segment that has been sent, and is not acknowledged: its positions, and its fate so far.

    times: how often it was sent; copies: how many of them count as on their way. lost: believed to
    be; resent: since then. sacked: it has arrived, out of order.
    """

    __slots__ = (
        "copies", "end", "fin", "lost", "payload", "resent", "sacked", "sent_at", "start", "times",
    )  # fmt: skip

    def __init__(self, start: int, end: int, payload: bytes, fin: bool = False):
        self.start, self.end, self.payload, self.fin = start, end, payload, fin
        self.times = self.copies = 0
        self.lost = self.resent = self.sacked = False
        self.sent_at: float | None = None  # None, too, once SACK has said that it arrived

    def waits(self) -> bool:
        """Whether it is lost, and has not been sent again."""
        return self.lost and not self.resent


class Scoreboard:
    """The flights of a sender, oldest first.

    `pipe` [positions]: what is believed to be on its way. `waiting`: how many flights are lost, and
    not sent again. `sacked_to`: the highest position that was SACKed.
    """

    def __init__(self):
        self.flights: deque[Flight] = deque()
        self.pipe = self.waiting = self.sacked_to = 0

    def launch(self, flight: Flight, now: float):
        """Count a flight as on its way, once more."""
        if flight.times:
            self.waiting -= flight.waits()
            flight.resent = True
        flight.times += 1
        flight.copies += 1
        flight.sent_at = now
        self.pipe += flight.end - flight.start

    def acknowledge(self, ack: int) -> float | None:
        """Forget what lies before `ack`; return when the last of it was sent.

        None: that was sent twice, and the ACK may be of either (Karn's rule), or SACK was its ACK.
        """
        flights, sent_at = self.flights, None
        while flights and flights[0].end <= ack:
            flight = flights.popleft()
            self.pipe -= flight.copies * (flight.end - flight.start)
            self.waiting -= flight.waits()
            if flight.times == 1 and flight.sent_at is not None:
                sent_at = flight.sent_at
        if flights and flights[0].start < ack:
            self._trim(flights[0], ack)
        return sent_at

    def sack(self, blocks: list[tuple[int, int]]) -> bool:
        """Mark what has arrived out of order; return whether any of it is news."""
        news = False
        for first, end in blocks:
            for flight in self.flights:
                if first <= flight.start and flight.end <= end and not flight.sacked:
                    self.leave_pipe(flight)
                    flight.lost, flight.sacked, flight.sent_at, news = False, True, None, True
            self.sacked_to = max(self.sacked_to, end)
        return news

    def pass_over(self, mss: int):
        """Count as lost what enough has arrived behind of (RFC 6675, IsLost)."""
        behind, ranges, below = 0, 0, -1
        for flight in reversed(self.flights):
            if flight.sacked:
                behind += flight.end - flight.start
                ranges += flight.end != below
                below = flight.start
            elif ranges >= DUPLICATES or behind > (DUPLICATES - 1) * mss:
                self.lose(flight)

    def lose(self, flight: Flight):
        """Count a flight as lost, if it is not yet."""
        if not flight.lost:
            self.leave_pipe(flight)
            flight.lost, flight.resent = True, False
            self.waiting += 1

    def lose_all(self):
        """Count all as lost after a silence, also what was SACKed.

        The receiver may have thrown that away (RFC 2018, 8).
        """
        for flight in self.flights:
            flight.copies, flight.lost, flight.resent, flight.sacked = 0, True, False, False
        self.pipe, self.sacked_to, self.waiting = 0, 0, len(self.flights)

    def refuse_all(self):
        """Count as lost what a shut window has refused, repeated or not."""
        for flight in self.flights:
            flight.lost = flight.lost and not flight.resent
            self.lose(flight)

    def leave_pipe(self, flight: Flight):
        """Count no copy of a flight as on its way any more."""
        self.pipe -= flight.copies * (flight.end - flight.start)
        self.waiting -= flight.waits()
        flight.copies = 0

    def _trim(self, flight: Flight, ack: int):
        """Forget the first bytes of a flight, which have arrived alone."""
        size = ack - flight.start
        self.pipe -= flight.copies * size
        flight.start, flight.payload = ack, flight.payload[size:]
