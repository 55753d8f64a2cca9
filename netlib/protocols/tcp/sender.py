"""The sending half: a stream in, segments out, and again what has been lost.

    acknowledged |      in flight, some of it SACKed, some lost      | allowed | not yet
                una                                                 next   una + window

How much may be in flight is decided twice: by the receiver (`window`, lest its buffer overflow) and
by congestion control (`cwnd`, lest the network's do). `pipe` is what is believed to be on its way:
sent, and neither acknowledged nor SACKed nor lost. What is lost shows in three ways:

    SACK       three ranges, or more than two segments, have arrived behind it: lost (RFC 6675, 4)
    ACKs       three duplicates: something arrives, but not what is expected (RFC 5681, 3.2)
    silence    nothing for a retransmission timeout: all in flight counts as lost (RFC 6298, 5)

The first two begin a recovery, which ends when all that was in flight at its beginning is
acknowledged; cwnd is cut once for all of it. Repeated is what is lost, before anything new is sent.
"""

from netlib.protocols.tcp.bytestream import ByteStream
from netlib.protocols.tcp.congestion import CongestionControl
from netlib.protocols.tcp.scoreboard import DUPLICATES, Flight, Scoreboard
from netlib.protocols.timeout import Timer


class Sender:
    """Send `stream` by the rules above; positions count from the SYN, which is 0.

    mss: bytes in a segment, at most. `sack`: whether the peer tells what it holds out of order.
    `deadline`: when the retransmission timer goes off, or, with the window shut, the next probe.
    """

    def __init__(self, stream: ByteStream, control: CongestionControl, timer: Timer, mss: int):
        self.stream, self.control, self.timer, self.mss = stream, control, timer, mss
        self.sack = self.fin_sent = False
        self.una = self.next = 0
        self.window = self.widest = 0  # bytes that may follow una; the most there were
        self.board = Scoreboard()
        self.deadline: float | None = None
        self.recover: int | None = None  # where a recovery ends; None: there is none
        self.transmissions = self.retransmissions = 0
        self.timeouts = self.silences = self.recoveries = self.probes = 0
        self._after_timeout = self._limited = self._rescued = False
        self._duplicates, self._arrived = 0, 0  # duplicate ACKs; bytes that they stand for
        self._urgent: Flight | None = None  # to be sent again at once, whatever is in flight

    @property
    def in_flight(self) -> int:
        """How many positions are sent, but not acknowledged."""
        return self.next - self.una

    @property
    def calm(self) -> bool:
        """Whether nothing is, or looks, lost."""
        return self.recover is None and not self._duplicates and self.board.sacked_to <= self.una

    def open(self, now: float) -> list[Flight]:
        """Send the SYN, which takes the position 0."""
        return [self._launch(self._new(1, b""), now)]

    def send(self, now: float) -> list[Flight]:
        """Return what may be sent now: what is lost first, then what is new."""
        ready: list[Flight] = []
        if self._urgent:
            ready.append(self._launch(self._urgent, now))
            self._urgent = None
        mss, room = self.mss, self.control.cwnd * self.mss - self.board.pipe + self._arrived
        while room > 0:
            if room < mss <= self.stream.buffered and not self.board.waiting:
                break  # as nearly always: room for less than the segment that is next
            if (flight := self._choose(room)) is None:
                break
            room -= flight.end - flight.start
            ready.append(self._launch(flight, now))
        self._limited = room < mss
        if self.deadline is None and self.stream.buffered:  # nothing is in flight: a shut window
            self.deadline = now + self.timer.rto
        return ready

    def acknowledge(
        self, ack: int, window: int, blocks: list[tuple[int, int]], duplicate: bool, now: float
    ):
        """Take an ACK: the position expected next, the window behind it [bytes], and SACK.

        duplicate: it looks as if the receiver asked again for the same (RFC 5681, 2).
        """
        opened = window and not self.window
        if opened or not window:  # who answers probes is alive (RFC 9293, 3.8.6.1)
            self.silences = 0
        self.window = window
        if window > self.widest:
            self.widest = window
        # others are older than the ACK, or of what was never sent
        known = [block for block in blocks if self.una <= block[0] < block[1] <= self.next]
        news = bool(known) and self.board.sack(known)
        if ack > self.una:
            self.advance(ack, now)
        elif news or (duplicate and not self.sack):
            self._duplicates += 1
            if not self.sack and not self._after_timeout:
                self._arrived += self.mss
        elif opened:
            self._open_again()
        if self.board.sacked_to > self.una or self._duplicates:
            self._look_for_losses(now)

    def time_out(self, now: float) -> list[Flight]:
        """Do what the deadline was for: send all again, or probe; wait twice as long next time."""
        self.timer.back_off()
        self.silences += 1
        self.deadline = now + self.timer.rto
        if self.una and not (self.window and self.board.flights):
            return self._probe(now)
        self.timeouts += 1
        if self.silences == 1:  # a repetition that is lost says nothing new (RFC 5681, 3.1)
            self.control.on_timeout(self._flight_size(), now)
        self.recover, self._after_timeout, self._urgent = self.next, True, None
        self._duplicates = self._arrived = 0
        self.board.lose_all()
        return self.send(now)

    def forget(self):
        """Take back a SYN: nobody is there any more."""
        self.board = Scoreboard()
        self.next = self.silences = 0
        self.deadline = self.recover = None

    def _choose(self, room: float) -> Flight | None:
        """Return the flight to send next, if it is not larger than `room` (RFC 6675, NextSeg)."""
        if self.board.waiting:
            lost = next(flight for flight in self.board.flights if flight.waits())
            return lost if len(lost.payload) <= room else None
        if (new := self._cut(room)) is not None:
            return new
        if self.recover is None or self._after_timeout or not self.sack:
            return None
        spare = self._spare()
        return spare if spare and len(spare.payload) <= room else None

    def _cut(self, room: float) -> Flight | None:
        """Return a new flight with the next bytes of the stream; None: none may be sent now."""
        stream, usable = self.stream, self.una + self.window - self.next
        buffered = stream.buffered
        if not buffered and not stream.ended:
            return None
        size = min(self.mss, usable, buffered)
        if size <= 0:
            if buffered or not stream.ended or self.fin_sent:
                return None
            return self._new(1, b"", True)  # a FIN needs no window
        if size > room or (size < self.mss and size < buffered and 2 * size < self.widest):
            return None  # no room; or a silly window: wait until it is wider (RFC 9293, 3.8.6.2.1)
        fin = stream.ended and size == buffered
        return self._new(size + fin, stream.read(size), fin)

    def _spare(self) -> Flight | None:
        """Return what to send in a recovery when nothing is lost for sure, and nothing is new.

        What SACK has passed over, and once in a recovery the last that is missing, so that its
        ACK may show what else is (RFC 6675, NextSeg, rules 3 and 4); not if it is on its way again.
        """
        missing = [flight for flight in self.board.flights if not flight.sacked]
        for flight in missing:
            if not flight.resent and flight.end <= self.board.sacked_to:
                return flight
        if self._rescued or not missing or missing[-1].resent:
            return None
        self._rescued = True
        return missing[-1]

    def _new(self, size: int, payload: bytes, fin: bool = False) -> Flight:
        flight = Flight(self.next, self.next + size, payload, fin)
        self.board.flights.append(flight)
        self.next, self.fin_sent = flight.end, self.fin_sent or fin
        return flight

    def _launch(self, flight: Flight, now: float) -> Flight:
        self.transmissions += 1
        self.retransmissions += flight.times > 0
        self.board.launch(flight, now)
        if self.deadline is None:
            self.deadline = now + self.timer.rto
        return flight

    def advance(self, ack: int, now: float):
        """Forget what is acknowledged; measure the round trip; tell the congestion control."""
        rtt, recovering = None, self.recover is not None
        acked = ack - (self.una or 1)  # an ACK of the SYN opens no window (RFC 5681, 3.1)
        sent_at = self.board.acknowledge(ack)
        self.una, self.silences, self._duplicates = ack, 0, 0
        if sent_at is not None:
            rtt = now - sent_at
            self.timer.sample(rtt)
        self.deadline = now + self.timer.rto if self.board.flights else None
        if self.recover is not None:
            self._go_on_recovering(ack, acked)
        else:
            self._arrived = 0
        if self._limited and (not recovering or self._after_timeout):
            self.control.on_ack(acked / self.mss, rtt, now)
        if self.recover is None:
            self._after_timeout = False

    def _go_on_recovering(self, ack: int, acked: int):
        """End a recovery at its end; before it, without SACK, see the next hole (RFC 6582)."""
        if ack >= self.recover:  # type: ignore[operator]
            self.recover, self._rescued, self._arrived = None, False, 0
        elif not self.sack and not self._after_timeout:
            self._arrived = max(0, self._arrived - acked + self.mss)
            self._urgent = self.board.flights[0]
            self.board.lose(self._urgent)

    def _look_for_losses(self, now: float):
        """Find what is lost by now, and begin a recovery with the first loss (RFC 6675, 5)."""
        if self.sack:
            self.board.pass_over(self.mss)
        if self.recover is not None or not self.board.flights:
            return
        first = self.board.flights[0]
        if self._duplicates >= DUPLICATES or first.waits():
            self.recover, self._urgent = self.next, first
            self.recoveries += 1
            self.control.on_loss(self._flight_size(), now)
            self.board.lose(first)

    def _open_again(self):
        """Send at once what a shut window has refused."""
        self.deadline = None
        self.board.refuse_all()

    def _probe(self, now: float) -> list[Flight]:
        """Send one byte into a shut window, to hear whether it is open (RFC 9293, 3.8.6.1).

        Into a silly one, what it takes: it may never grow (3.8.6.2.1).
        """
        self.probes += 1
        if not self.board.flights:
            data = self.stream.read(min(self.mss, self.window or 1))
            self._new(len(data), data)
        flight = self.board.flights[0]
        self.board.leave_pipe(flight)
        return [self._launch(flight, now)]

    def _flight_size(self) -> float:
        """Return how many segments are in flight, without what only duplicate ACKs let out."""
        return min(self.in_flight / self.mss, self.control.cwnd)
