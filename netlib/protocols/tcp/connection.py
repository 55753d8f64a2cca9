"""A whole TCP: a sender, a receiver, and the rules by which two of them meet and part.

       client                               server
    SYN-SENT     -- SYN, seq 0 --------------->  SYN-RECEIVED     each side numbers its bytes
                <-- SYN seq 0, ACK 1 ---------                    from its SYN on
    ESTABLISHED  -- ACK 1, data ------------->   ESTABLISHED
    FIN-WAIT-1   -- FIN --------------------->   CLOSE-WAIT       each direction ends by itself
    FIN-WAIT-2  <-- ACK ----------------------
    TIME-WAIT   <-- FIN ----------------------   LAST-ACK
    2 MSL later  -- ACK --------------------->   CLOSED

What arrives is looked at in the order of RFC 9293, 3.10.7: does it lie in the window, is it a
reset, a SYN, what does it acknowledge, what does it bring, does it end the stream. An endpoint like
all others here: it takes and returns IPv4 packets, whatever carries them.
"""

from collections.abc import Callable, Iterable

from netlib import checks
from netlib.protocols.tcp import segment as wire
from netlib.protocols.tcp.bytestream import ByteStream
from netlib.protocols.tcp.congestion import CongestionControl, Reno
from netlib.protocols.tcp.numbers import NOBODY, Numbers
from netlib.protocols.tcp.receiver import Receiver
from netlib.protocols.tcp.scoreboard import Flight
from netlib.protocols.tcp.segment import ACK, FIN, NO_OPTIONS, PSH, RST, SYN, Options, Segment
from netlib.protocols.tcp.sender import Sender
from netlib.protocols.tcp.states import NEXT
from netlib.protocols.timeout import RttEstimator, Timer

LISTENING_AT, CONNECTING_FROM = ("10.0.0.2", 80), ("10.0.0.1", 50000)
DEFAULT_MSS = 536  # bytes: what a peer takes that does not say (RFC 9293, 3.7.1)
AFTER_LOST_SYN = 3.0  # seconds: the least timeout once a SYN was sent twice (RFC 6298, 5.7)
PSH_AND_ACK, SYN_OR_FIN, RST_OR_SYN = PSH | ACK, SYN | FIN, RST | SYN
UNCONNECTED = {"CLOSED", "LISTEN", "SYN-SENT"}  # the peer's numbers are not known
OPEN = {"ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"}  # the peer may still send data
SENDING = {"ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-1", "CLOSING", "LAST-ACK"}


class Connection:
    """One end of a TCP connection; `connect` or `listen` first, at either side of a run.

    address, peer: (IPv4 address, port); a listener learns its peer from the first SYN. outbound,
    inbound: streams to use, else new ones of `capacity` bytes; the inbound one is the receive
    window. control: a congestion control, else Reno. mss: the largest payload [bytes]. isn: the
    number of the SYN; real ones are random (RFC 6528), lest strangers guess them. sack: offer
    selective ACKs. delayed_ack [s]: how long an ACK may wait for a second segment. msl [s]: the
    longest life of a segment. attempts: timeouts in a row until it gives up (RFC 9293, 3.8.3).
    app: called as app(connection, now) after whatever has happened; it may read, write and close.

    `error` says why it ended early: "refused", "reset", "timeout". `ignored` counts packets that
    are broken, or not for this connection.
    """

    def __init__(
        self,
        address: tuple[str, int] = CONNECTING_FROM,
        peer: tuple[str, int] = NOBODY,
        *,
        outbound: ByteStream | None = None,
        inbound: ByteStream | None = None,
        capacity: int = 65535,
        control: CongestionControl | None = None,
        timer: Timer | None = None,
        mss: int = 1460,
        isn: int = 0,
        sack: bool = True,
        delayed_ack: float = 0.0,
        msl: float = 30.0,
        attempts: int = 15,
        app: Callable[["Connection", float], object] | None = None,
    ):
        checks.whole("mss", mss, " of bytes", least=1)
        checks.whole("isn", isn)
        checks.seconds("delayed_ack", delayed_ack)
        checks.seconds("msl", msl)
        self.mss = mss
        self.outbound = ByteStream(capacity) if outbound is None else outbound
        self.inbound = ByteStream(capacity) if inbound is None else inbound
        self.sender = Sender(self.outbound, control or Reno(), timer or RttEstimator(), mss)
        self.receiver = Receiver(self.inbound)
        self.state, self.error, self.ignored = "CLOSED", "", 0
        self.deadline: float | None = None
        self._sack, self._delayed_ack, self._msl, self._attempts = sack, delayed_ack, msl, attempts
        self._app, self._passive = app, False
        self._numbers = Numbers(address, peer, isn, self.inbound.capacity)
        self._offers = sack, self._numbers.scale  # a peer's SYN may cut them down
        self._ack_now = self._aside = False  # to be sent at once; even if data goes, too
        self._ack_due: float | None = None  # when a delayed ACK goes
        self._forget_at: float | None = None  # the end of TIME-WAIT
        self._told_by = (0, 0)  # position and ACK of the segment that told the window
        self._offered = 0  # the edge of the window in the last segment sent

    @classmethod
    def client(cls, **parameters) -> "Connection":
        """Return an end that connects to 10.0.0.2:80 as soon as it is run."""
        end = cls(CONNECTING_FROM, LISTENING_AT, **parameters)
        end.connect()
        return end

    @classmethod
    def server(cls, **parameters) -> "Connection":
        """Return an end that listens at 10.0.0.2:80."""
        end = cls(LISTENING_AT, **parameters)
        end.listen()
        return end

    # what a program does

    def connect(self):
        """Open the connection: a SYN goes when it is first woken."""
        self._step("connect()")
        self.deadline = 0.0

    def listen(self):
        """Wait for a SYN."""
        self._step("listen()")
        self._passive = True

    def write(self, data: bytes) -> int:
        """Buffer bytes to be sent; return how many there was room for."""
        self._wake_me()
        return self.outbound.write(data)

    def read(self, most: int | None = None) -> bytes:
        """Return what has arrived in order, `most` bytes at most; b"" if there is nothing now."""
        data = self.inbound.read(most)
        if self.state in OPEN and self._window_grew():
            self._wake_me()
        return data

    def close(self):
        """End the outbound stream: a FIN goes behind its last byte, also if it is not sent yet."""
        if self.state in UNCONNECTED and not self.outbound.buffered:
            self._end("")
        self.outbound.end()
        self._wake_me()

    def abort(self) -> list[bytes]:
        """End at once, losing what is buffered; return the RST for the peer, if there is one."""
        known = self.state not in UNCONNECTED
        reset = [self._pack(RST | ACK)] if known else []
        self._end("aborted")
        return reset

    @property
    def _unusual(self) -> bool:
        """Whether more has to be done than to take bytes, acknowledge them, and send new ones."""
        return self._app is not None or self._delayed_ack > 0 or self.outbound.ended

    @property
    def done(self) -> bool:
        """Whether nothing is left to do: CLOSED, or TIME-WAIT, which only waits."""
        return self.state in ("CLOSED", "TIME-WAIT")

    # what the world does

    def wake(self, now: float) -> list[bytes]:
        """Do what the deadline was for: a timer's work, or what the program has asked for."""
        sender, packets = self.sender, []
        if self._forget_at is not None and self._forget_at <= now:
            self._step("2 MSL pass")
            self._end("")
        elif self.state == "SYN-SENT" and not sender.next:
            packets = self._pack_all(sender.open(now))
        elif sender.deadline is not None and sender.deadline <= now:
            if sender.silences >= self._attempts:
                self._end("timeout")
            else:
                packets = self._pack_all(sender.time_out(now))
        if self._ack_due is not None and self._ack_due <= now:
            self._ack_now = True
        return self._finish(packets, now)

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take a packet from the network; return those to send in answer."""
        segment = wire.parse(datagram)
        if segment is None or not self._numbers.are_for(datagram, segment):
            self.ignored += 1
            return []
        if (packets := self._take_expected(segment, now)) is not None:
            return packets
        if self.state in UNCONNECTED:
            return self._finish(self._open(segment, datagram, now), now)
        return self._finish(self._take(segment, now), now)

    def _take_expected(self, segment: Segment, now: float) -> list[bytes] | None:
        """Do what `_take` and `_finish` would for one of the two segments that nearly all are.

        The next bytes, or an ACK of some in flight, and nothing unusual going on: few checks are
        left to be done. Source: V. Jacobson's header prediction, 1990, as all kernels have it.
        """
        numbers, sender, receiver = self._numbers, self.sender, self.receiver
        if (
            self.state != "ESTABLISHED"
            or segment.flags | PSH != PSH_AND_ACK
            or (segment.seq - numbers.peer_isn - receiver.ack) % wire.NUMBERS
            or segment.window << numbers.peer_shift != sender.window
            or segment.options is not NO_OPTIONS
            or self._unusual
        ):
            return None
        acked = (segment.ack - numbers.isn - sender.una) % wire.NUMBERS
        if size := len(segment.payload):
            if acked or size > receiver.edge - receiver.ack or receiver.holds:
                return None
            self.inbound.write(segment.payload)
            receiver.ack += size
            return [self._pack(ACK)]
        if not 0 < acked <= sender.in_flight or not sender.calm:
            return None
        self._now, self._told_by = now, (receiver.ack, sender.una + acked)
        sender.advance(sender.una + acked, now)
        packets = [self._pack_flight(flight) for flight in sender.send(now)]
        self.deadline = sender.deadline
        return packets

    def _open(self, segment: Segment, packet: bytes, now: float) -> list[bytes]:
        """CLOSED, LISTEN and SYN-SENT: RFC 9293, 3.10.7.1 to 3.10.7.3."""
        flags, refusal = segment.flags, [self._numbers.refusal(segment, packet)]
        if self.state == "LISTEN" and flags & (RST | SYN | ACK) == SYN:
            self._numbers.meet((wire.addresses(packet)[0], segment.source))
            self._meet(segment)
            self._step("SYN comes")
            return self._pack_all(self.sender.open(now))
        if self.state == "LISTEN" and not flags & ACK:
            return []
        if self.state != "SYN-SENT":  # nobody is here
            return [] if flags & RST else refusal
        answers = flags & ACK and self._numbers.ack(segment, 0) == self.sender.next == 1
        if flags & ACK and not answers:
            return [] if flags & RST else refusal
        if flags & RST and answers:
            self._end("refused")
        if flags & RST or not flags & SYN:
            return []
        self._meet(segment)
        if not answers:  # both have sent a SYN: each answers the other's
            self._step("SYN comes")
            return self._pack_all(self.sender.board.flights or self.sender.open(now))
        self._step("SYN, ACK come")
        self._ack_now = True
        self._greet()
        self.sender.acknowledge(1, segment.window, [], False, now)
        return []

    def _meet(self, segment: Segment):
        """Take from a SYN what holds for the whole connection."""
        numbers, options = self._numbers, segment.options
        numbers.peer_isn = segment.seq
        self.sender.mss = min(self.mss, options.mss or DEFAULT_MSS)
        self.sender.sack = self._sack = self._sack and options.sack_permitted
        if options.scale is not None and numbers.scale is not None:
            numbers.shift, numbers.peer_shift = numbers.scale, options.scale
        else:
            numbers.scale = None
        self.sender.window = segment.window  # of a SYN, never scaled

    def _greet(self):
        """Begin to talk: a SYN that had to be sent twice counsels patience."""
        self._told_by = 0, 1
        if self.sender.board.flights and self.sender.board.flights[0].times > 1:
            self.sender.timer.rto = max(self.sender.timer.rto, AFTER_LOST_SYN)

    def _take(self, segment: Segment, now: float) -> list[bytes]:
        """Go through the checks of RFC 9293, 3.10.7.4, in their order."""
        flags, expected = segment.flags, self.receiver.ack
        length = segment.length if flags & SYN_OR_FIN else len(segment.payload)
        position = self._numbers.position(segment, expected)
        if not self._in_window(position, length):
            return self._take_outside(segment, position, length, now)
        if flags & RST and position == expected:
            return self._reset()
        if flags & RST_OR_SYN:  # perhaps a stranger's guess: let the peer speak (RFC 5961)
            self._ack_now = True
            return []
        if not flags & ACK:
            return []
        if (answer := self._take_ack(segment, position, length, now)) is not None:
            return answer
        if length and self.state in OPEN:
            self._take_data(position, segment.payload, bool(flags & FIN), now)
        elif length:
            self._ack_now = True
        return []

    def _in_window(self, position: int, length: int) -> bool:
        """Whether any of it lies in the receive window (RFC 9293, 3.4)."""
        first, edge = self.receiver.ack, self.receiver.edge
        if first == edge:
            return position == first and not length
        return first <= position < edge or first <= position + length - 1 < edge

    def _take_outside(
        self, segment: Segment, position: int, length: int, now: float
    ) -> list[bytes]:
        """Answer what lies outside of the window with an ACK, which says where that is."""
        if segment.flags & RST:
            return []
        self._ack_now = True
        if segment.flags & FIN and self.state == "TIME-WAIT":  # our ACK of it was lost
            self._forget_at = now + 2 * self._msl
        if segment.flags & ACK and position == self.receiver.ack:  # the window is shut, not the ear
            return self._take_ack(segment, position, length, now) or []
        return []

    def _take_ack(
        self, segment: Segment, position: int, length: int, now: float
    ) -> list[bytes] | None:
        """Take what a segment acknowledges; return what to send if it is to be read no further."""
        sender, una = self.sender, self.sender.una
        ack = self._numbers.ack(segment, una)
        if self.state == "SYN-RECEIVED":
            if not una < ack <= sender.next:
                return [self._numbers.pack(RST, ack, None)]
            self._step("ACK comes")
            self._greet()
        if ack > sender.next or ack < una - sender.widest:  # of what was never sent; of long ago
            self._ack_now = True
            return []
        if ack < una:
            return None
        if self._told_by <= (position, ack):
            self._told_by = position, ack
            window = segment.window << self._numbers.peer_shift
        else:  # an older segment that was overtaken: its window is history
            window = max(0, una + sender.window - ack)
        blocks = self._numbers.blocks(segment, una) if segment.options.sack else []
        duplicate = ack == una < sender.next and window == sender.window and not length
        sender.acknowledge(ack, window, blocks, duplicate, now)
        if sender.fin_sent and sender.una == sender.next:
            self._fin_arrived(now)
        return None

    def _fin_arrived(self, now: float):
        if (self.state, "ACK comes") in NEXT:
            self._step("ACK comes")
        if self.state == "CLOSED":
            self._end("")
        elif self.state == "TIME-WAIT" and self._forget_at is None:
            self._forget_at = now + 2 * self._msl

    def _take_data(self, position: int, payload: bytes, fin: bool, now: float):
        """Take bytes and a FIN; decide whether their ACK may wait (RFC 5681, 4.2)."""
        receiver = self.receiver
        before, holes = receiver.ack, receiver.holds
        receiver.take(position, payload, fin)
        in_order = receiver.ack > before
        if receiver.finished:
            self._step("FIN comes")
            if self.state == "TIME-WAIT":
                self._forget_at = now + 2 * self._msl
        if self._delayed_ack and in_order and not (holes or fin) and self._ack_due is None:
            self._ack_due = now + self._delayed_ack
        else:
            self._ack_now = True
            self._aside = not in_order  # a duplicate ACK counts as one only without data

    def _reset(self) -> list[bytes]:
        """Take a reset whose number is right."""
        if self.state == "SYN-RECEIVED" and self._passive:  # that caller has gone: wait on
            self.state = "LISTEN"
            self._numbers.meet(NOBODY)
            self._sack, self._numbers.scale = self._offers
            self.sender.forget()
        else:
            whole = self.sender.fin_sent and self.sender.in_flight <= 1 and self.receiver.finished
            error = "refused" if self.state == "SYN-RECEIVED" else "reset"
            self._end("" if whole else error)  # both streams are over: nothing is lost
        return []

    # what goes out

    def _finish(self, packets: list[bytes], now: float) -> list[bytes]:
        """Let the program act; send what may be sent, with it what is to be acknowledged."""
        self._now = now
        if self._app is not None:
            self._app(self, now)
        sender, state = self.sender, self.state
        if state in SENDING:
            if flights := sender.send(now):
                packets += self._pack_all(flights)
            if sender.fin_sent and state in ("ESTABLISHED", "CLOSE-WAIT"):
                self._step("close()")
        if state not in UNCONNECTED:
            if (self._ack_now and (self._aside or not packets)) or self._window_grew():
                packets.append(self._pack(ACK))
            if packets:
                self._ack_due = None
        self._ack_now = self._aside = False
        if state != "CLOSED":
            self.deadline = sender.deadline
            if self._ack_due is not None or self._forget_at is not None:
                alarms = self.deadline, self._ack_due, self._forget_at
                self.deadline = min(at for at in alarms if at is not None)
        return packets

    def _pack_all(self, flights: Iterable[Flight]) -> list[bytes]:
        return [self._pack_flight(flight) for flight in flights]

    def _pack_flight(self, flight: Flight) -> bytes:
        flags = ACK if self.state != "SYN-SENT" else 0
        options = NO_OPTIONS
        if flight.start == 0:
            flags |= SYN
            options = Options(self.mss, self._numbers.scale, self._sack)
        if flight.fin:
            flags |= FIN
        if flight.payload and not self.outbound.buffered:
            flags |= PSH
        return self._pack(flags, flight.start, flight.payload, options)

    def _pack(
        self,
        flags: int,
        position: int | None = None,
        payload: bytes = b"",
        options: Options = NO_OPTIONS,
    ) -> bytes:
        """Return a packet: bytes at a position, or none, with the ACK and window of now."""
        receiver = self.receiver
        if position is None:
            position = self.sender.next
        if not flags & ACK:
            return self._numbers.pack(flags, position, None, receiver.window(), payload, options)
        window = receiver.window(self.mss)
        self._offered = receiver.edge
        if self._sack and not payload and receiver.holds:
            options = self._numbers.sack(receiver.blocks())
        return self._numbers.pack(flags, position, receiver.ack, window, payload, options)

    def _window_grew(self) -> bool:
        """Whether the peer, nearly out of window, should hear at once that there is more."""
        receiver, stream = self.receiver, self.inbound
        left, enough = self._offered - receiver.ack, min(self.mss, stream.capacity // 2)
        return left < enough <= stream.room - left and not receiver.finished

    def _wake_me(self):
        """Have what the program has just asked for done at once."""
        if self.state in SENDING:
            self.deadline = self._now

    def _step(self, event: str):
        """Go to the next state by the table. Raises ValueError for what a program may not do."""
        if (self.state, event) not in NEXT:
            raise ValueError(f"expected a state in which {event} is possible, got {self.state}")
        self.state = NEXT[self.state, event]

    def _end(self, error: str):
        self.state, self.error, self.deadline = "CLOSED", error, None
        self._ack_due = self._forget_at = None
        self.inbound.end()
