"""Nothing that arrives raises, or changes what is delivered. All of it: python tests/soak.py."""

from random import Random

import pytest
from strangers import Strangers
from timeline import HERE, THERE, stretch
from transfers import Watched, transfer

from netlib.links import Link
from netlib.protocols.tcp import Connection, Options, Segment, pack
from netlib.protocols.tcp.segment import ACK, FIN, NUMBERS, RST, SYN

ISN, PEER_ISN = NUMBERS - 3000, NUMBERS - 10


def beset(seed: int, strangers: int = 1000):
    """Run a transfer among strangers, and judge it."""
    paths = [Link(delay=0.01, loss=0.05, seed=2 * seed + n) for n in (0, 1)]
    crowd = Strangers(seed, strangers)
    transfer(*paths, hostile=crowd, client={"isn": ISN}, seed=seed, outside=seed % 2 == 0).judge(
        seed
    )
    assert crowd.left == 0


@pytest.mark.parametrize("seed", range(20))
def test_twenty_thousand_packets_of_strangers_change_nothing(seed):
    beset(seed)


def anything(coin: Random, end: Connection) -> bytes:
    """Return a segment with numbers about those expected, and no regard for sense."""
    sender, receiver = end.sender, end.receiver
    about = [-70000, -1000, -1, 0, 0, 0, 0, 1, 10, 1000, 70000]
    seq = PEER_ISN + receiver.ack + coin.choice(about)
    ack = ISN + coin.choice([sender.una, sender.next, sender.next]) + coin.choice(about)
    starts = [(ISN + sender.una + coin.choice(about)) % NUMBERS for _ in range(coin.randrange(3))]
    options = Options(
        coin.choice([None, 0, 1, 500]), coin.choice([None, 0, 14]), coin.random() < 0.5,
        tuple((start, (start + coin.choice([0, 1, 1000])) % NUMBERS) for start in starts),
    )  # fmt: skip
    flags = coin.choice(
        [ACK, ACK, ACK, ACK, ACK, ACK | FIN, SYN, SYN | ACK, RST, coin.randrange(64)]
    )
    if flags & (RST | FIN) and coin.random() < 0.8:
        seq += 5  # else they soon end it
    data = coin.randbytes(coin.choice([0, 0, 1, 100, 1000]))
    window = coin.choice([0, 0, 1, 100, 5000, 65535])
    fields = THERE[1], HERE[1], seq % NUMBERS, ack % NUMBERS, flags, window, options, data
    return pack(Segment(*fields), THERE[0], HERE[0])


def endure(seed: int, packets: int = 60):
    """Let a connection take packets without sense, at any time, in any state; see that it holds."""
    coin, now = Random(seed), 0.0
    end = Connection(
        HERE, THERE, isn=ISN, mss=coin.choice([1, 100, 1000]), sack=coin.random() < 0.7,
        capacity=coin.choice([1, 2, 100, 5000, 200_000]), delayed_ack=coin.choice([0, 0.2]),
    )  # fmt: skip
    watched = Watched(end, limits=False)
    coin.choice([end.connect, end.listen])()
    first = [SYN, SYN | ACK, 0][coin.randrange(3)]
    for n in range(packets):
        if coin.random() < 0.2 and end.deadline is not None:
            now = max(now, end.deadline)
            watched.wake(now)
        if coin.random() < 0.2 and not end.outbound.ended:
            end.write(stretch(1, 2000))
        if coin.random() < 0.1:
            end.read(coin.choice([1, 50, None]))
        if coin.random() < 0.02:
            end.close()
        now += coin.choice([0.0, 0.01])
        opening = Segment(THERE[1], HERE[1], PEER_ISN, (ISN + 1) % NUMBERS, first, 9000)
        fits = n == 1 and first
        watched.receive(pack(opening, THERE[0], HERE[0]) if fits else anything(coin, end), now)


@pytest.mark.parametrize("seeds", range(0, 100, 20))
def test_a_peer_without_sense_breaks_nothing(seeds):
    for seed in range(seeds, seeds + 20):
        endure(seed)
