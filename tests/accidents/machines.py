"""Both ends of each protocol, in the states that a conversation reaches, among forgeries."""

import math
from random import Random

from arq_pairs import PAIRS, numbered, pair

from netlib.endpoint import Endpoint
from netlib.protocols import FecReceiver, FecSender, RttEstimator, wire

STEPS = 40  # of a conversation; about half of them are hostile


class Conversation:
    """Two ends, and the datagrams that are under way to each."""

    def __init__(self, coin: Random):
        self.coin, self.now = coin, 0.0
        name, messages = coin.choice([*PAIRS, "fec"]), numbered(coin.randrange(12))
        timeout = coin.choice([0.1, RttEstimator(1.0, least=0.1, most=8.0)])
        ends = FecSender(messages, 3), FecReceiver()
        self.ends = ends if name == "fec" else pair(name, messages, timeout)
        self.ways: tuple[list[bytes], list[bytes]] = [], []  # to the sender, to the receiver
        self.delivered = len(self.ends[1].delivered)

    def arrive(self, to: int, datagram: bytes):
        """Hand a datagram to one end; what it answers is under way to the other."""
        self.take(to, self.ends[to].receive(datagram, self.now))

    def wake(self):
        """Let the time of the sender's deadline come; waking moves it."""
        sender = self.ends[0]
        if (due := sender.deadline) is not None:
            self.now = max(self.now, due)
            self.take(0, sender.wake(self.now))
            assert sender.deadline is None or sender.deadline > self.now, "an early alarm"

    def take(self, end: int, answers: list[bytes]):
        assert all(type(each) is bytes for each in answers)
        self.ways[1 - end].extend(answers)
        self.check(*self.ends)

    def check(self, sender: Endpoint, receiver: Endpoint):
        """Hold them to what is true whatever has come: a forgery may change what is delivered."""
        assert sender.deadline is None or 0 <= sender.deadline < math.inf
        assert sender.done == (sender.deadline is None)
        assert receiver.deadline is None
        assert 0 <= getattr(sender, "in_flight", 0) <= 4
        assert len(receiver.delivered) >= self.delivered
        self.delivered = len(receiver.delivered)

    def hostile(self) -> bytes:
        """Return noise, or a forgery, or a true datagram that was changed."""
        coin = self.coin
        true = coin.choice([*self.ways[0], *self.ways[1], b"D\0\0m0"])
        at = coin.randrange(len(true))
        number = coin.choice([*range(8), 0x7FFF, 0x8000, 0xFFFF, coin.randrange(0x10000)])
        return coin.choice(
            [
                coin.randbytes(coin.randrange(8)),
                true[:at] + coin.randbytes(1) + true[at + 1 :],
                true[:at],
                wire.ack(number),
                wire.data(number, coin.randbytes(coin.randrange(5))),
                wire.parity(number, coin.randrange(256), coin.randbytes(coin.randrange(8))),
            ]
        )

    def step(self):
        """Let a datagram arrive, again or never, or let the clock run, or let a stranger come."""
        coin, to = self.coin, self.coin.randrange(2)
        way = self.ways[to]
        what = coin.choice(["arrive", "lose", "wake", "hostile", "hostile", "hostile"])
        if what == "wake":
            self.wake()
        elif what == "hostile":
            self.arrive(to, self.hostile())
        elif way:
            datagram = way.pop(coin.randrange(len(way)))
            if what == "arrive":
                self.arrive(to, datagram)
        if len(way) > 50:  # such as the answers to answers
            del way[:25]


def conversation(seed: int):
    """No datagram raises, wakes early, overfills a window or takes back what was delivered."""
    talk = Conversation(Random(seed))
    for _ in range(STEPS):
        talk.step()
