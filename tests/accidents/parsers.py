"""Whatever reads what others wrote: each text or datagram is read, or refused with a reason."""

import math
from collections.abc import Callable
from random import Random

from netlib.kernel import capture
from netlib.links.delays import Empirical
from netlib.links.link import Link
from netlib.protocols import wire
from netlib.sockets.framing import Delimited, FramingError, LengthPrefixed
from netlib.trace import Trace, printable

MAX = 6
FRAMINGS: list[Callable] = [lambda: LengthPrefixed(MAX)]
FRAMINGS += [lambda mark=mark: Delimited(mark, MAX) for mark in (b"\n", b"\r\n", b"aa", b"aba")]
SCRAPS = [b"\0\0\0", b"\2", b"\7", b"\xff", b"a", b"b", b"\r", b"\n", b"aba"]


def read(framing, parts: list[bytes]) -> tuple[list[bytes], bool]:
    """Return the messages of a stream in parts, and whether it was sound to its end."""
    messages: list[bytes] = []
    try:
        for part in parts:
            messages += framing.feed(part)
        framing.end()
    except FramingError as error:
        return messages + error.messages, False
    return messages, True


def framing(seed: int):
    """A stream of scraps gives the same messages and the same end, whole or cut anywhere."""
    coin = Random(seed)
    kind = coin.choice(FRAMINGS)
    stream = b"".join(coin.choices(SCRAPS, k=coin.randrange(20)))
    cuts = sorted(coin.randint(0, len(stream)) for _ in range(coin.randrange(6)))
    parts = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert read(kind(), parts) == read(kind(), [stream]), parts


WORDS = """
delay 24ms 10ms 8% distribution normal uniform pareto loss random gemodel 1% 25% duplicate 0.1%
reorder gap 5 rate 1mbit 512kbit 14 limit 20 seed 7 tc qdisc netem corrupt slot -1 1e400 1000000s
0.5us 0% 100% 101% ٣ms ²ms .5ms 5.ms nan% infs 9999gbit 0bit
"""
LETTERS = "0123456789.%-+e msukgbit\t\0ı²٣\u2028\ud800"


def netem(seed: int):
    """Any words are a link that prints itself and carries, or are refused in a sentence."""
    coin = Random(seed)
    words = coin.choices(WORDS.split(), k=coin.randrange(7))
    if words and coin.random() < 0.5:
        at = coin.randrange(len(words))
        words[at] += "".join(coin.choices(LETTERS, k=3)) + coin.choice(["", "", "0" * 400])
    try:
        link = Link.parse(" ".join(words))
    except ValueError as refusal:
        assert str(refusal)
        return
    assert Link.parse(str(link)) == link
    assert all(0 <= at < math.inf for at in link.carry(100, 0.0)), link


LABELS = "time= time< time zeit= temps= время= 時間= tiempo< = < icmp_seq=1 TTL= DUP!"
NUMBERS = f"1 12.3 12,3 <1 999999999 .5 5. 1e9 nan -1 ² ٣ 0 {'9' * 400}"
UNITS = ["ms", "мс", " ms", "\u00a0ms", "\u202fмс", "s", "", " ttl=57", "\n", "\r\n", " DUP!"]


def ping(seed: int):
    """What looks like ping's lines gives delays that are times, or is refused in a sentence."""
    coin = Random(seed)
    kinds = LABELS.split(), [*NUMBERS.split(), ""], UNITS
    parts = [coin.choice(kind) for _ in range(coin.randrange(5)) for kind in kinds]
    if parts and coin.random() < 0.3:
        coin.shuffle(parts)
    try:
        model = Empirical.from_ping("".join(parts))
    except ValueError as refusal:
        assert str(refusal)
        return
    assert all(0 <= delay < math.inf for delay in model.samples), model


def headers(seed: int):
    """Any bytes are the datagram that would be made of what was read of them, or are refused."""
    coin = Random(seed)
    datagram = coin.choice([b"", b"D", b"A", b"P"]) + coin.randbytes(coin.randrange(9))
    if (data := wire.read_data(datagram)) is not None:
        assert wire.data(*data) == datagram
    if (ack := wire.read_ack(datagram)) is not None:
        assert wire.ack(ack) == datagram
    if (parity := wire.read_parity(datagram)) is not None:
        assert wire.parity(*parity) == datagram
    if (message := wire.unpadded(datagram)) is not None:
        assert wire.padded(message, max(len(datagram), wire.LENGTH))[: len(datagram)] == datagram
    assert wire.describe(datagram).isprintable()


def segments(seed: int):
    """Any bytes are a TCP segment in an IP packet, or are refused with a ValueError."""
    coin = Random(seed)
    start = coin.choice([b"", b"\x45", b"\x4f", b"\x60", b"\x65", coin.randbytes(1)])
    packet = bytearray(start + coin.randbytes(coin.randrange(90)))
    if coin.random() < 0.7:
        packet[6:7] = packet[9:10] = b"\6"
    try:
        segment = capture.parse(bytes(packet))
    except ValueError as refusal:
        assert str(refusal)
        return
    assert bytes(packet).endswith(segment.payload) and segment.label.isprintable()


MARKS = ["<script>", "&lt;", "'\"", "\x1b[2J", "\u202e", "\0", "\r\n", "é", "\ud83d", "$x^", "a"]


def shown(seed: int):
    """What others wrote is shown as text on one line, in a table of which it is one cell."""
    coin = Random(seed)
    text = "".join(coin.choices(MARKS, k=coin.randrange(30)))
    payload = text.encode("utf-8", "surrogatepass") + coin.randbytes(coin.randrange(9))
    assert printable(payload).isprintable() and len(printable(payload)) <= 41
    trace = Trace()
    trace.record(text, "receive", payload, (text, 5), text)
    tags = 5 + 2 * len(trace.rows()[0])  # table, thead, tr, tbody, tr, and th and td for each cell
    assert trace._repr_html_().count("<") == 2 * tags
