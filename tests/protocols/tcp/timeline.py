"""What a connection does, as a table of segments and times, after the idea of packetdrill.

    0.0   connect                                              what its program does
    0.0   > SYN      0:0             <mss 1460 sack scale 0>   what it must send then, and no more
    0.1   < SYN,ACK  0:0    ack 1    win 9000 <mss 1000>       what arrives from its peer
    0.1   > ACK      1:1    ack 1
    0.1   write 2500
    0.1   > ACK      1:2501 ack 1    each 1000                 segments of 1000 bytes, and the rest
    0.9   silent                                               nothing has been sent up to then
    0.9   state ESTABLISHED                                    how it looks: see LOOKS

`first:end` counts as the course does, from each side's SYN, 0; a SYN or FIN adds its one. Of an
expected segment the window and the options are compared if they are written, PSH never. The bytes
are compared, too: each is made from its position. Each table is played twice, the second time with
numbers that wrap behind the SYN.
"""

import re
from collections.abc import Iterator

from pytest import approx

from netlib.protocols.tcp import Connection, Options, Segment, pack, parse
from netlib.protocols.tcp.segment import FIN, NAMES, NUMBERS, PSH, SYN, addresses

HERE, THERE = ("10.0.0.1", 50000), ("10.0.0.2", 80)
FLAGS = {name: flag for flag, name in NAMES.items()}
JUST = 1e-9  # seconds
ISNS = ((0, 0), (NUMBERS - 1, NUMBERS - 2))  # (ours, the peer's)
SEGMENT = re.compile(
    r"(?P<flags>[A-Z,]+) +(?P<first>\d+):(?P<end>\d+)( +ack (?P<ack>\d+))?( +win (?P<win>\d+))?"
    r"( +<(?P<options>[^>]*)>)?( +each (?P<each>\d+))?"
)
LOOKS = {
    "state": lambda end: end.state,
    "error": lambda end: end.error or "none",
    "cwnd": lambda end: end.sender.control.cwnd,
    "ssthresh": lambda end: end.sender.control.ssthresh,
    "pipe": lambda end: end.sender.board.pipe,
    "rto": lambda end: end.sender.timer.rto,
    "received": lambda end: end.inbound.written,
    "recover": lambda end: end.sender.recover or "none",
    "mss": lambda end: end.sender.mss,
    "ignored": lambda end: end.ignored,
}
HANDSHAKE = """
    0.0   connect
    0.0   > SYN      0:0
    0.1   < SYN,ACK  0:0    ack 1     win 60000  <mss 1000 sack>
    0.1   > ACK      1:1    ack 1
"""  # a round trip of 0.1 s, so a timeout of 1 s, the least


def play(table: str, **parameters):
    """Play a table with a new Connection of these parameters; raise AssertionError where it errs.

    control, timer, inbound, outbound: functions that make them. Returns the Connection.
    """
    for isns in ISNS:
        fresh = {name: value() if callable(value) else value for name, value in parameters.items()}
        player = Player(Connection(HERE, isn=isns[0], **{"peer": THERE, **fresh}), *isns)
        player.play(table)
    return player.end


def stretch(first: int, end: int) -> bytes:
    """Return the bytes that a stream has at these positions."""
    return bytes(position % 251 for position in range(first, end))


class Player:
    """One end, the time, and what it has sent that no line has expected yet."""

    def __init__(self, end: Connection, isn: int, peer_isn: int):
        self.end, self.now, self.isns = end, 0.0, (isn, peer_isn)
        self.sent: list[tuple[float, Segment]] = []
        self.story: list[str] = []

    def play(self, table: str):
        for line in filter(None, map(str.strip, table.splitlines())):
            self.story.append(line)
            time, words = line.split("#")[0].split(maxsplit=1)
            self.at(float(time), *words.strip().partition(" ")[::2])
        self.expect_nothing()

    def at(self, time: float, verb: str, rest: str):
        """Go to a time, and do what a line says; datagrams come before alarms there."""
        assert time >= self.now, f"time goes back\n{self}"
        self.pass_time(time, alarms_too=verb != "<")
        if verb == ">":
            for segment in self.segments(rest, ours=True):
                self.expect(segment)
            return
        self.expect_nothing()
        if verb == "<":
            for segment in self.segments(rest, ours=False):
                self.keep(self.end.receive(pack(segment, THERE[0], HERE[0]), time))
        elif verb in LOOKS:
            look = LOOKS[verb](self.end)
            same = look == (rest.strip() if isinstance(look, str) else approx(float(rest)))
            assert same, f"expected {verb} {rest.strip()}, got {look}\n{self}"
        elif verb != "silent":
            self.act(verb, rest)

    def act(self, verb: str, rest: str):
        """Do what a program does; what it has asked for is done at once."""
        end = self.end
        if verb == "write":
            begin = 1 + end.outbound.written
            assert end.write(stretch(begin, begin + int(rest))) == int(rest), self
        elif verb == "read":
            begin = 1 + end.inbound.taken
            assert end.read(int(rest)) == stretch(begin, begin + int(rest)), self
        else:
            self.keep(getattr(end, verb)() or [])
        self.pass_time(self.now, alarms_too=True)

    def pass_time(self, until: float, alarms_too: bool):
        end, last = self.end, until + (JUST if alarms_too else -JUST)
        while end.deadline is not None and end.deadline <= max(last, self.now):
            self.now, before = max(self.now, end.deadline), end.deadline
            self.keep(end.wake(self.now))
            assert end.deadline != before, f"it never waits\n{self}"
        self.now = max(self.now, until)

    def keep(self, packets: list[bytes]):
        for packet in packets:
            assert addresses(packet) == (HERE[0], THERE[0])
            self.sent.append((self.now, parse(packet)))

    def segments(self, words: str, ours: bool) -> Iterator[Segment]:
        """Return the segments that a line describes, their numbers as they travel."""
        match = SEGMENT.fullmatch(words.strip())
        assert match, f"cannot read {words!r}"
        isn, other = self.isns if ours else self.isns[::-1]
        flags = sum(FLAGS[name] for name in match["flags"].split(","))
        first, end = int(match["first"]), int(match["end"]) - bool(flags & (SYN | FIN))
        ack = 0 if match["ack"] is None else (int(match["ack"]) + other) % NUMBERS
        window = None if ours and match["win"] is None else int(match["win"] or 60000)
        options = None if ours else Options()
        if match["options"] is not None:
            options = read_options(match["options"], other)
        ports = (HERE[1], THERE[1]) if ours else (THERE[1], HERE[1])
        for at in range(first, max(end, first + 1), int(match["each"] or 65536)):
            data = stretch(at, min(end, at + int(match["each"] or 65536)))
            yield Segment(*ports, (at + isn) % NUMBERS, ack, flags, window, options, data)

    def expect(self, segment: Segment):
        """Compare the next segment sent with one whose window and options may be None: any."""
        assert self.sent, f"expected {segment[:6]}, nothing came\n{self}"
        time, came = self.sent.pop(0)
        came = came._replace(flags=came.flags & ~PSH)
        for field in ("window", "options"):
            if getattr(segment, field) is None:
                segment = segment._replace(**{field: getattr(came, field)})
        assert (came, round(time, 9)) == (segment, round(self.now, 9)), (
            f"expected {segment!s}, {segment.options}, window {segment.window}\n"
            f"     got {came!s}, {came.options}, window {came.window}, at {time}\n{self}"
        )

    def expect_nothing(self):
        assert not self.sent, f"unexpected: {', '.join(str(one) for _, one in self.sent)}\n{self}"

    def __str__(self) -> str:
        return "\n".join(["numbers from {}, {}".format(*self.isns), *self.story])


def read_options(words: str, isn: int) -> Options:
    """Return options such as "mss 1000 scale 3 sack" or, beyond a SYN, "sack 1001:2001"."""
    blocks = [(int(a) + isn, int(b) + isn) for a, b in re.findall(r"(\d+):(\d+)", words)]
    mss, scale = (re.search(rf"{name} (\d+)", words) for name in ("mss", "scale"))
    return Options(
        int(mss[1]) if mss else None,
        int(scale[1]) if scale else None,
        "sack" in words and not blocks,
        tuple((first % NUMBERS, end % NUMBERS) for first, end in blocks),
    )
