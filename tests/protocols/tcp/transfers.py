"""Two connections that send each other streams over bad paths, watched at every step."""

from dataclasses import dataclass, field
from random import Random

from netlib.links import Link
from netlib.protocols.tcp import Connection, Cubic, Fixed, Reno, Vegas
from netlib.protocols.tcp.segment import NUMBERS
from netlib.worlds import simulate

CLIENT, SERVER = ("10.0.0.1", 50000), ("10.0.0.2", 80)


def check(end: Connection):
    """Raise AssertionError if what a connection keeps about itself is not true."""
    sender, receiver = end.sender, end.receiver
    flights, held = sender.board.flights, receiver.reassembler.held
    assert sender.board.pipe == sum(one.copies * (one.end - one.start) for one in flights)
    assert sender.board.waiting == sum(one.waits() for one in flights)
    assert sender.una <= sender.next
    assert end.deadline is not None or not flights or end.state == "CLOSED", "nothing will wake it"
    edges = [sender.una, *(one.end for one in flights)]
    assert edges == [*(one.start for one in flights), sender.next], "a gap in what is in flight"
    assert 0 <= receiver.edge - receiver.ack <= receiver.stream.capacity
    kept = sum(len(piece) for _, piece in held) + receiver.stream.buffered
    assert kept <= receiver.stream.capacity
    assert sorted(held) == held


class Watched:
    """An endpoint that is checked at every step, and on whose way some packets are damaged.

    damage: how likely a packet has a bit flipped. hostile: a function that returns packets of
    strangers, taken before each of the peer's. limits: see, too, that no more is sent than allowed
    (a peer that acknowledges what it has not got makes that hard to say). `program`: what acts
    after each step, as from another thread; without an app, a connection may take short cuts.
    """

    def __init__(
        self, end: Connection, damage: float = 0.0, seed: int = 0, hostile=None, limits: bool = True
    ):
        self.end, self.damage, self.hostile, self._random = end, damage, hostile, Random(seed)
        self.limits, self.program = limits, None
        self.edge = 0  # the furthest that the peer has let it send

    @property
    def deadline(self) -> float | None:
        return self.end.deadline

    def receive(self, packet: bytes, now: float) -> list[bytes]:
        answers = []
        for forged in self.hostile(self.end, packet) if self.hostile else ():
            answers += self.step(self.end.receive, forged, now)
        if self._random.random() < self.damage:
            bit = 1 << self._random.randrange(8 * len(packet))
            packet = (int.from_bytes(packet, "big") ^ bit).to_bytes(len(packet), "big")
        return answers + self.step(self.end.receive, packet, now)

    def wake(self, now: float) -> list[bytes]:
        before = self.deadline
        packets = self.step(self.end.wake, now)
        assert self.deadline is None or self.deadline > now or self.deadline != before
        return packets

    def step(self, method, *arguments) -> list[bytes]:
        """Do a step; see that no more was sent than both windows allow."""
        sender = self.end.sender
        before, nothing_new = sender.transmissions, sender.next
        packets = method(*arguments)
        if self.program is not None:
            self.program(self.end, now := arguments[-1])
            if self.deadline is not None and self.deadline <= now:
                packets += self.end.wake(now)
        check(self.end)
        self.edge = max(self.edge, sender.una + sender.window)
        if not self.limits:
            return packets
        if sender.next > nothing_new:  # beyond the window go a FIN, and a probe of one byte
            assert sender.next <= self.edge + 2, (sender.next, self.edge)
        if sender.transmissions > before + 1:  # one more goes at once for a loss
            allowed = sender.control.cwnd * sender.mss + sender._arrived
            assert sender.board.pipe <= allowed + sender.mss + 1
        return packets


@dataclass
class Program:
    """Write a stream, close, and read the other one, `appetite` bytes a time.

    patience: close only when so many bytes have come.
    """

    data: bytes
    appetite: int | None = None
    patience: int = 0
    got: bytearray = field(default_factory=bytearray)
    written: int = 0

    def __call__(self, end: Connection, now: float):
        self.got += end.read(self.appetite)
        if end.state in ("ESTABLISHED", "CLOSE-WAIT") and not end.outbound.ended:
            self.written += end.write(self.data[self.written : self.written + 5000])
            if self.written == len(self.data) and len(self.got) >= self.patience:
                end.close()


@dataclass
class Transfer:
    """Two connections made from a seed, or from parameters, and what both got."""

    client: Connection
    server: Connection
    programs: tuple[Program, Program]

    def judge(self, seed: object = None):
        """Raise AssertionError unless both streams came whole, and both ends are over."""
        for program, other, end in zip(
            self.programs, self.programs[::-1], (self.client, self.server), strict=True
        ):
            program.got += end.read()
            assert bytes(program.got) == other.data, (seed, len(program.got), len(other.data), end)
            assert (end.state, end.error) == ("CLOSED", ""), (seed, end.state, end.error)


def transfer(
    there: Link,
    back: Link,
    sizes: tuple[int, int] = (20_000, 3_000),
    appetites: tuple[int | None, int | None] = (None, None),
    damage: float = 0.0,
    hostile=None,
    outside: bool = False,
    until: float = 20_000.0,
    client: dict | None = None,
    server: dict | None = None,
    seed: int = 0,
    **both,
) -> Transfer:
    """Run a client and a server that send each other `sizes` bytes; return them at the end.

    outside: the programs are no apps, and close only when everything has come.
    """
    coin = Random(seed)
    one, other = (
        Program(coin.randbytes(n), hunger) for n, hunger in zip(sizes, appetites, strict=True)
    )
    both = {"msl": 500.0, "mss": 1000} | both
    caller = Connection(CLIENT, SERVER, **both | (client or {}))
    listener = Connection(SERVER, **both | (server or {}))
    caller.connect(), listener.listen()
    ends = Watched(caller, damage, seed, hostile), Watched(listener, damage, seed + 1, hostile)
    if outside:
        one.patience, other.patience = sizes[::-1]
        ends[0].program, ends[1].program = one, other
    else:
        caller._app, listener._app = one, other
    simulate(*ends, there, back, until=until, trace=False)
    return Transfer(caller, listener, (one, other))


def nasty(seed: int) -> Transfer:
    """Return a transfer about which a seed decides everything."""
    coin = Random(seed)
    mss = coin.choice([1, 2, 10, 100, 536, 1000, 1460])
    most = 40 * mss + 200
    paths = [
        Link(
            delay=coin.choice([0.0, 0.001, 0.05]),
            jitter=0.0,
            loss=coin.choice([0.0, 0.05, 0.15]),
            duplicate=coin.choice([0.0, 0.1]),
            reorder=coin.choice([0.0, 0.1]),
            rate=coin.choice([None, 1e6]),
            queue=coin.choice([None, 5]),
            seed=coin.randrange(1 << 30),
        )
        for _ in range(2)
    ]
    ends = [
        {
            "isn": coin.choice([0, NUMBERS - coin.randint(1, most), coin.randrange(NUMBERS)]),
            "sack": coin.random() < 0.7,
            "delayed_ack": coin.choice([0.0, 0.0, 0.2]),
            "capacity": coin.choice([1, 2, mss, 3 * mss, 10_000, 65535, 200_000]),
            "control": coin.choice([Reno, Cubic, Vegas, lambda: Fixed(20)])(),
            "attempts": 30,
        }
        for _ in range(2)
    ]
    smallest = min(end["capacity"] for end in ends)
    sizes = [coin.randint(0, min(most, 100 * smallest)) for _ in range(2)]
    outside = coin.random() < 0.5  # where nothing calls a slow reader when nothing more comes
    appetites = [coin.choice([None, None, None if outside else 1 + mss // 2]) for _ in range(2)]
    return transfer(
        *paths, tuple(sizes), tuple(appetites), coin.choice([0.0, 0.05]),
        client=ends[0], server=ends[1], mss=mss, seed=seed, outside=outside,
    )  # fmt: skip
