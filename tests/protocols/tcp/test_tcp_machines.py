"""TCP in the hands of hypothesis: anything may happen next, and the promises hold."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from timeline import stretch
from transfers import CLIENT, SERVER, Watched, check

from netlib.protocols import RttEstimator
from netlib.protocols.tcp import ByteStream, Connection, Reassembler, Reno
from netlib.protocols.tcp.receiver import Receiver
from netlib.protocols.tcp.segment import NUMBERS
from netlib.protocols.tcp.sender import Sender

DATA = stretch(1, 301)
PLACE = st.integers(0, 1 << 20)
FEW = settings(max_examples=25, stateful_step_count=30)


class AReassembler(RuleBasedStateMachine):
    """Any pieces of one stream, in any order, and a program that reads."""

    @initialize(capacity=st.integers(1, 60))
    def begin(self, capacity):
        self.pieces = Reassembler(ByteStream(capacity))
        self.inserted, self.got = 0, b""

    @rule(ahead=st.integers(-20, 40), size=st.integers(0, 25))
    def a_piece_comes(self, ahead, size):
        index = max(0, self.pieces.stream.written + ahead)
        data = DATA[index : index + size]
        self.pieces.insert(index, data)
        self.inserted += len(data)
        self.look()

    @rule(most=st.integers(0, 30))
    def the_program_reads(self, most):
        self.got += self.pieces.stream.read(most)
        self.look()

    def look(self):
        pieces, stream = self.pieces, self.pieces.stream
        assert self.got == DATA[: len(self.got)]
        at = stream.written
        for start, data in pieces.held:  # in order, disjoint, not next, right, within the room
            assert start >= at and data == DATA[start : start + len(data)] and data
            at = start + len(data)
        assert not pieces.held or pieces.held[0][0] > stream.written
        assert at <= stream.written + stream.room
        held = sum(len(data) for _, data in pieces.held)
        assert self.inserted == stream.written + held + pieces.refused + pieces.repeated
        assert sum(end - first for first, end in pieces.ranges) == held

    def teardown(self):
        if hasattr(self, "pieces"):
            while self.pieces.stream.written < len(DATA):
                self.the_program_reads(60)
                self.a_piece_comes(0, 25)
            self.the_program_reads(60)
            assert self.got == DATA


class Halves(RuleBasedStateMachine):
    """A sender and a receiver without any packets: flights one way, ACKs with SACK the other."""

    @initialize(
        sack=st.booleans(), mss=st.integers(1, 12), capacity=st.integers(1, 100),
        cwnd=st.sampled_from([1, 3, 10]),
    )  # fmt: skip
    def begin(self, sack, mss, capacity, cwnd):
        self.now, self.written, self.got = 0.0, 0, b""
        self.sender = Sender(ByteStream(capacity), Reno(cwnd), RttEstimator(), mss)
        self.receiver = Receiver(ByteStream(capacity))
        self.sender.sack = sack
        self.edge, self.flights, self.acks = 1 + capacity, [], []
        self.sender.window = self.sender.widest = capacity
        self.sender.open(self.now)
        self.sender.acknowledge(1, capacity, [], False, self.now)

    @rule(size=st.integers(1, 50))
    def the_program_writes(self, size):
        if not self.sender.stream.ended:
            self.written += self.sender.stream.write(DATA[self.written : self.written + size])
            if self.written == len(DATA):
                self.sender.stream.end()
        self.send()

    @rule(most=st.integers(1, 50))
    def the_program_reads(self, most):
        self.got += self.receiver.stream.read(most)
        self.acknowledge()

    @precondition(lambda self: self.flights)
    @rule(place=PLACE, stays=st.booleans())
    def a_flight_arrives(self, place, stays):
        place %= len(self.flights)
        position, payload, fin = self.flights[place] if stays else self.flights.pop(place)
        self.receiver.take(position, payload, fin)
        self.acknowledge()

    @precondition(lambda self: self.acks)
    @rule(place=PLACE, stays=st.booleans())
    def an_ack_arrives(self, place, stays):
        place %= len(self.acks)
        ack, edge, blocks = self.acks[place] if stays else self.acks.pop(place)
        self.now += 0.01
        if ack >= self.sender.una:
            self.edge = max(edge, self.edge)
            same = ack == self.sender.una < self.sender.next
            self.sender.acknowledge(ack, self.edge - ack, blocks, same, self.now)
        self.send()

    @precondition(lambda self: self.flights or self.acks)
    @rule(place=PLACE, there=st.booleans())
    def something_is_lost(self, place, there):
        if way := self.flights if there else self.acks:
            del way[place % len(way)]

    @precondition(lambda self: self.sender.deadline is not None)
    @rule()
    def it_times_out(self):
        self.now = max(self.now, self.sender.deadline)
        self.launch(self.sender.time_out(self.now))
        assert self.sender.deadline is None or self.sender.deadline > self.now

    def send(self):
        self.launch(self.sender.send(self.now))

    def launch(self, flights):
        self.flights += [(one.start, one.payload, one.fin) for one in flights]
        sender = self.sender
        assert sender.board.pipe == sum(
            one.copies * (one.end - one.start) for one in sender.board.flights
        )
        assert sender.board.waiting == sum(one.waits() for one in sender.board.flights)
        assert 0 <= sender.una <= sender.next <= self.edge + 2
        for one in sender.board.flights:
            assert one.payload == stretch(one.start, one.end - one.fin)

    def acknowledge(self):
        receiver = self.receiver
        window = receiver.window(self.sender.mss)
        blocks = receiver.blocks() if self.sender.sack else []
        self.acks.append((receiver.ack, receiver.ack + window, blocks))
        assert self.got == DATA[: len(self.got)]

    def teardown(self):
        if not hasattr(self, "sender"):
            return
        for _ in range(3000):
            if self.receiver.finished and not self.sender.in_flight:
                break
            self.the_program_writes(50)
            self.the_program_reads(50)
            while self.flights:
                self.a_flight_arrives(0, False)
            while self.acks:
                self.an_ack_arrives(0, False)
            if self.sender.deadline is not None and not self.flights:
                self.it_times_out()
        self.got += self.receiver.stream.read()
        assert self.got == DATA


class APair(RuleBasedStateMachine):
    """Two whole connections, and packets that arrive in any order, twice, damaged, or never."""

    @initialize(
        sacks=st.tuples(st.booleans(), st.booleans()), mss=st.integers(1, 50),
        capacities=st.tuples(st.integers(1, 120), st.integers(1, 120)),
        isns=st.tuples(*2 * [st.integers(0, NUMBERS - 1) | st.integers(NUMBERS - 90, NUMBERS - 1)]),
        delay=st.sampled_from([0.0, 0.2]), both_call=st.booleans(),
    )  # fmt: skip
    def begin(self, sacks, mss, capacities, isns, delay, both_call):
        self.now, self.written, self.got = 0.0, [0, 0], [b"", b""]
        self.ends = [
            Connection(
                here, there, sack=sacks[n], mss=mss, capacity=capacities[n], isn=isns[n],
                delayed_ack=delay, attempts=10_000, msl=1e6,
            )
            for n, (here, there) in enumerate([(CLIENT, SERVER), (SERVER, CLIENT)])
        ]  # fmt: skip
        self.ends[0].connect()
        self.ends[1].connect() if both_call else self.ends[1].listen()
        self.watched = [Watched(end) for end in self.ends]
        self.ways = [[], []]  # to the first, to the second

    @rule(n=st.integers(0, 1), size=st.integers(1, 100))
    def a_program_writes(self, n, size):
        end = self.ends[n]
        if not end.outbound.ended and end.state in ("ESTABLISHED", "CLOSE-WAIT"):
            at = self.written[n]
            self.written[n] += end.write(DATA[at : at + size])
            if self.written[n] == len(DATA):
                end.close()
            self.wake(n)

    @rule(n=st.integers(0, 1), most=st.integers(1, 100))
    def a_program_reads(self, n, most):
        self.got[n] += self.ends[n].read(most)
        assert self.got[n] == DATA[: len(self.got[n])]
        self.wake(n)

    @rule(n=st.integers(0, 1), place=PLACE, stays=st.booleans(), flip=st.none() | PLACE)
    def a_packet_arrives(self, n, place, stays, flip):
        if not self.ways[n]:
            return
        place %= len(self.ways[n])
        packet = self.ways[n][place] if stays or flip is not None else self.ways[n].pop(place)
        before = self.ends[n].state, self.ends[n].sender.una, self.ends[n].receiver.ack
        if flip is not None:
            number = int.from_bytes(packet, "big") ^ 1 << flip % (8 * len(packet))
            packet = number.to_bytes(len(packet), "big")
        self.ways[1 - n] += self.watched[n].receive(packet, self.now)
        assert len(self.ways[1 - n]) < 500, "a storm"
        after = self.ends[n].state, self.ends[n].sender.una, self.ends[n].receiver.ack
        assert flip is None or before == after

    @rule(n=st.integers(0, 1), place=PLACE)
    def a_packet_is_lost(self, n, place):
        if self.ways[n]:
            del self.ways[n][place % len(self.ways[n])]

    @rule(part=st.sampled_from([0.1, 0.5, 1.0]))
    def time_goes_by(self, part):
        due = [end.deadline for end in self.ends if end.deadline is not None]
        self.now += part * max(0.0, min(due, default=self.now) - self.now)
        for n in (0, 1):
            self.wake(n)

    def wake(self, n):
        """Let an end do what is due by now."""
        while (due := self.ends[n].deadline) is not None and due <= self.now:
            self.ways[1 - n] += self.watched[n].wake(self.now)
            assert len(self.ways[1 - n]) < 500, "a storm"
        check(self.ends[n])
        assert self.ends[n].error == ""

    def teardown(self):
        if not hasattr(self, "ends"):
            return
        for _ in range(2000):
            if all(end.done for end in self.ends):
                break
            for n in (0, 1):
                self.a_program_writes(n, 100)
                self.a_program_reads(n, 100)
                for _ in range(len(self.ways[n])):
                    self.a_packet_arrives(n, 0, False, None)
            if not any(self.ways):
                self.time_goes_by(1.0)
        for n, end in enumerate(self.ends):
            self.got[n] += end.read()
        assert self.got == [DATA, DATA]
        assert [end.error for end in self.ends] == ["", ""]


TestAReassembler = AReassembler.TestCase
TestHalves = Halves.TestCase
TestAPair = APair.TestCase
TestAReassembler.settings = TestHalves.settings = TestAPair.settings = FEW
