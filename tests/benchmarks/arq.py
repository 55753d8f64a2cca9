"""Three ARQ protocols in virtual time, with netlib and written in SimPy, same run, same results.

10 000 segments of 100 bytes over 20 ms and 1 % loss each way, window 8. SimPy is used as its
documentation shows ("Event latency"): a Store as the inbox of each end, a process per datagram on
the wire, `get | timeout` for an acknowledgement that may not come. Both ask the same Links for the
fate of a datagram and write the same headers; they must agree on what was delivered and on how
many datagrams went either way.

Run: python tests/benchmarks/arq.py [segments] [rounds]
"""

import gc
import sys
from collections import deque
from statistics import median
from time import process_time

import simpy

from netlib.links import Link
from netlib.protocols import (
    GoBackNReceiver,
    GoBackNSender,
    SelectiveRepeatReceiver,
    SelectiveRepeatSender,
    StopAndWaitReceiver,
    StopAndWaitSender,
    wire,
)
from netlib.worlds import simulate

DELAY, LOSS, RTO, WINDOW, SIZE = 0.020, 0.01, 0.0501, 8, 100
SEEDS = 1, 2  # of the way there, of the way back
TARGETS = {"stop-and-wait": 4.8, "go-back-N": 5.8, "selective repeat": None}
PAIRS = {
    "stop-and-wait": (
        lambda messages: StopAndWaitSender(messages, RTO, bits=16),
        lambda: StopAndWaitReceiver(16),
    ),
    "go-back-N": (lambda messages: GoBackNSender(messages, WINDOW, RTO), GoBackNReceiver),
    "selective repeat": (
        lambda messages: SelectiveRepeatSender(messages, WINDOW, RTO),
        lambda: SelectiveRepeatReceiver(WINDOW),
    ),
}


def numbered(segments: int) -> list[bytes]:
    return [n.to_bytes(4, "big").ljust(SIZE, b".") for n in range(segments)]


def in_netlib(protocol: str, messages: list[bytes]) -> tuple:
    make_sender, make_receiver = PAIRS[protocol]
    sender, receiver = make_sender(messages), make_receiver()
    forward, backward = (Link(delay=DELAY, loss=LOSS, seed=seed) for seed in SEEDS)
    simulate(sender, receiver, forward, backward, until=1e9, trace=False)
    assert sender.done
    return sender.transmissions, forward.carried, backward.carried, receiver.delivered


class Cable:
    """One direction: what is put into it comes out of its `inbox` later, or never."""

    def __init__(self, env: simpy.Environment, seed: int):
        self.env, self.inbox = env, simpy.Store(env)
        self.link = Link(delay=DELAY, loss=LOSS, seed=seed)

    def put(self, datagram: bytes):
        for at in self.link.carry(len(datagram), self.env.now):
            self.env.process(self._travel(datagram, at - self.env.now))

    def _travel(self, datagram: bytes, delay: float):
        yield self.env.timeout(delay)
        self.inbox.put(datagram)


def in_simpy(protocol: str, messages: list[bytes]) -> tuple:
    env, delivered = simpy.Environment(), []
    forward, backward = (Cable(env, seed) for seed in SEEDS)
    send, receive = SIMPY[protocol]
    env.process(receive(forward, backward, delivered))
    sender = env.process(send(env, forward, backward, messages))
    env.run(until=sender)
    env.run(until=env.now + 1)  # so that what is on its way arrives, as in the other
    return sender.value, forward.link.carried, backward.link.carried, delivered


def simpy_stop_and_wait(env, forward, backward, messages):
    transmissions = 0
    for n, message in enumerate(messages):
        acknowledged = False
        while not acknowledged:
            forward.put(wire.data(n, message))
            transmissions += 1
            timeout, get = env.timeout(RTO), backward.inbox.get()
            while not acknowledged:
                yield get | timeout
                if not get.triggered:
                    get.cancel()
                    break
                acknowledged = wire.read_ack(get.value) == n
                get = backward.inbox.get() if not acknowledged else None
    return transmissions


def simpy_go_back_n(env, forward, backward, messages):
    base = following = transmissions = 0
    sent_at, get = [0.0] * len(messages), backward.inbox.get()
    while base < len(messages):
        while following < min(base + WINDOW, len(messages)):
            forward.put(wire.data(following, messages[following]))
            sent_at[following] = env.now
            following, transmissions = following + 1, transmissions + 1
        yield get | env.timeout(max(0.0, sent_at[base] + RTO - env.now))
        if get.triggered:
            base = max(base, wire.read_ack(get.value) + 1)
            following = max(following, base)
            get = backward.inbox.get()
        elif sent_at[base] + RTO <= env.now:
            following = base
    return transmissions


def simpy_selective_repeat(env, forward, backward, messages):
    base = following = transmissions = 0
    acked, timers, get = set(), deque(), backward.inbox.get()
    while base < len(messages):
        late = []
        while timers and (timers[0][1] in acked or timers[0][0] <= env.now):
            if (number := timers.popleft()[1]) not in acked:
                late.append(number)
        fresh = range(following, min(base + WINDOW, len(messages)))
        for number in (*late, *fresh):
            forward.put(wire.data(number, messages[number]))
            timers.append((env.now + RTO, number))
            transmissions += 1
        following = max(following, fresh.stop)
        yield get | env.timeout(timers[0][0] - env.now)
        if get.triggered:
            acked.add(wire.read_ack(get.value))
            while base in acked:
                base += 1
            get = backward.inbox.get()
    return transmissions


def simpy_in_order(forward, backward, delivered):
    while True:
        n, message = wire.read_data((yield forward.inbox.get()))
        if n == len(delivered):
            delivered.append(message)
        backward.put(wire.ack((len(delivered) - 1) & 0xFFFF))


def simpy_any_order(forward, backward, delivered):
    kept = {}
    while True:
        n, message = wire.read_data((yield forward.inbox.get()))
        if n >= len(delivered):
            kept[n] = message
        while len(delivered) in kept:
            delivered.append(kept.pop(len(delivered)))
        backward.put(wire.ack(n))


SIMPY = {
    "stop-and-wait": (simpy_stop_and_wait, simpy_in_order),
    "go-back-N": (simpy_go_back_n, simpy_in_order),
    "selective repeat": (simpy_selective_repeat, simpy_any_order),
}


def timed(run, protocol: str, messages: list[bytes]) -> tuple[float, tuple]:
    gc.collect()
    began = process_time()
    result = run(protocol, messages)
    return process_time() - began, result


def main(segments: int = 10_000, rounds: int = 7):
    for protocol, target in TARGETS.items():
        ratios, own, messages = [], [], numbered(segments)
        for _ in range(rounds):  # interleaved, so that a busy machine slows both
            seconds, result = timed(in_netlib, protocol, messages)
            other, expected = timed(in_simpy, protocol, messages)
            assert result[-1] == expected[-1] == messages, "not delivered in order"
            assert result[:-1] == expected[:-1], f"netlib sent {result[:-1]}, SimPy {expected[:-1]}"
            ratios.append(other / seconds)
            own.append(seconds)
        shown = f"{protocol:17}{result[0]:6} sent{median(own) * 1000:8.1f} ms"
        aim = f", to reach {target:g} x" if target else ""
        print(f"{shown}{median(ratios):7.2f} x as fast as SimPy{aim}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
