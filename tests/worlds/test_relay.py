"""The relay on real sockets: the link's fate for each datagram, on time, dialled or not."""

import re
import time
from itertools import groupby

import pytest
from relays import (
    NOWHERE,
    echo,
    lost,
    nothing_left_behind,  # noqa: F401
    number,
    numbered,
    path,
    received,
    send_all,
    settled,
    wait_for,
)

from netlib.links.delays import Normal
from netlib.links.link import Link
from netlib.links.loss import GilbertElliott
from netlib.sockets import Collector, UDPReceiver, UDPSender
from netlib.trace import Trace
from netlib.worlds import Relay, Sink, Source, simulate, steady
from netlib.worlds.relay.report import Counts

pytestmark = pytest.mark.filterwarnings("error")  # such as a process that nobody waited for

# The same link, two worlds

EVERYTHING = Link(
    delay=0.005, jitter=0.002, loss=0.1, duplicate=0.1, reorder=0.05, rate=4e6, queue=20, seed=5
)
LINKS = [
    Link(),
    Link(delay=0.01, loss=0.2, seed=1),
    Link(delay=0.005, jitter=0.004, duplicate=0.2, seed=2),
    Link(delay=Normal(0.005, 0.003, 0.5), loss=GilbertElliott(0.1, 0.4), seed=3),
    Link(rate=8e5, queue=5, overhead=28, seed=4),
    EVERYTHING,
]


def promised(trace: Trace, sent_by: str, link: Link) -> list[tuple[float, int]]:
    """Return what Link.carry says of what `sent_by` sent: (departure, number), as they leave."""
    sent = trace.only("send", role=sent_by)
    carried = [(link.carry(len(e.payload), e.time), number(e.payload)) for e in sent]
    return sorted(((due, n) for departures, n in carried for due in departures), key=lambda d: d[0])


def assert_kept_its_word(trace: Trace, ends: tuple[str, str], link: Link, worst: float):
    """All that the link lets through left in this order, never early, at most `worst` late."""
    left = trace.only("receive", role=ends[1])
    departures = promised(trace, ends[0], link)
    assert [number(event.payload) for event in left] == [n for _, n in departures]
    for event, (due, n) in zip(left, departures, strict=True):
        assert due <= event.time <= due + worst, f"{n} left {event.time - due} s after its time"


@pytest.mark.parametrize("link", LINKS, ids=str)
def test_every_datagram_meets_the_fate_that_carry_gives_it_both_ways(link):
    back = link.reverse()
    with echo() as server, UDPSender() as client, Relay(server, link, back, record=True) as relay:
        send_all(client, numbered(150), relay)
        settled(relay, 150, wait_for(lambda: relay.report.forward.sent))
        report = settled(relay, 150, relay.report.forward.sent)
    assert report.own_drops == 0
    worst = report.lateness.worst
    assert_kept_its_word(relay.trace, ("sender", "receiver"), link.copy(), worst)
    assert_kept_its_word(relay.trace, ("receiver", "sender"), link.reverse(), worst)


@pytest.mark.parametrize(
    "impaired",
    [
        Link(delay=0.2, loss=0.2, duplicate=0.1, seed=1),
        Link(delay=0.2, loss=GilbertElliott(0.05, 0.3), seed=2),
        Link(delay=0.2, loss={0, 7, 8, 59}, duplicate={3, 30}, reorder={5, 20, 58}),
        Link(delay=0.2, reorder=0.2, loss=0.1, seed=3),
    ],
    ids=str,
)
def test_the_simulator_and_the_relay_lose_repeat_and_reorder_the_same_indices(impaired):
    count = 60
    source = Source(steady(1e5, 40, count))
    model = simulate(source, Sink(), impaired.copy(), Link())
    with path(impaired, record=True) as (sender, relay, _):
        send_all(sender, numbered(count), relay)
        settled(relay, count)
    real = relay.trace
    sent = real.only("send")
    if sent[-1].time - sent[0].time > 0.2:
        pytest.skip("this machine was too busy: sending took longer than the delay")
    assert lost(real) == lost(model)
    assert received(real, "receiver") == received(model, "receiver")
    copies = [[number(e.payload) for e in t if e.note == "copy"] for t in (real, model)]
    assert copies[0] == copies[1]


def test_the_relay_flips_the_bits_that_the_simulator_flips():
    link, count = Link(corrupt=0.3, duplicate=0.1, delay=0.001, seed=4), 60
    payloads = [n.to_bytes(4, "big") * 10 for n in range(count)]
    with path(link, record=True) as (sender, relay, receiver):
        send_all(sender, payloads, relay)
        report = settled(relay, count)
        arrived = [receiver.receive().payload for _ in range(report.forward.sent)]
    model, expected = link.copy(), []
    for n, payload in enumerate(payloads):
        times = model.carry(len(payload), float(n))
        expected += [model.arriving(payload)] * len(times)
    flipped = sum(each not in payloads for each in expected)
    assert arrived == expected
    assert 5 < report.forward.corrupt <= flipped
    assert [e.payload for e in relay.trace.only("receive")] == expected
    assert str(report.forward).count(f", {report.forward.corrupt} corrupt")


def test_a_relay_never_delivers_early_and_is_as_late_as_it_says():
    delay, delays = 0.02, []
    with path(Link(delay=delay), thread=False) as (sender, relay, receiver):
        for payload in numbered(15):
            before = time.perf_counter()
            sender.send(payload, relay.address)
            receiver.receive()
            delays.append(time.perf_counter() - before)
        report = settled(relay, 15)
    assert min(delays) >= delay
    if busy := report.too_busy(2 * delay):
        pytest.skip(busy)
    assert sorted(delays)[7] < delay + 0.01


def test_a_second_block_begins_again_with_the_same_fates():
    link, runs = Link(loss=0.3, seed=9), []
    with UDPReceiver() as receiver, UDPSender() as sender:
        relay = Relay(receiver.address, link, Link(), record=True, thread=True)
        for _ in range(2):
            with relay:
                send_all(sender, numbered(40), relay)
                settled(relay, 40)
            runs.append(lost(relay.trace))
    assert runs[0] == runs[1] != []
    assert link.carried == 0


def test_all_that_came_in_is_accounted_for():
    with path(EVERYTHING) as (sender, relay, receiver), Collector(receiver) as collector:
        send_all(sender, numbered(400), relay)
        report = settled(relay, 400)
    forward = report.forward
    assert set(forward.drops) == {"coin", "queue overflow"} and forward.copies > 0
    assert forward.arrived + forward.copies == forward.sent + sum(forward.drops.values())
    assert len(collector.arrived) == forward.sent


# Dialling


@pytest.mark.parametrize("thread", [False, True])
def test_a_new_link_is_in_force_for_the_next_datagram_and_the_numbers_go_on(thread):
    first, second = Link(loss={3, 7}), Link(loss={5, 12, 15}, duplicate={13})
    with UDPReceiver() as receiver, UDPSender() as sender:
        relay = Relay(receiver.address, first, Link(), record=True, thread=thread)
        with relay:
            send_all(sender, numbered(20)[:10], relay)
            settled(relay, 10)
            relay.dial(forward=second)
            send_all(sender, numbered(20)[10:], relay)
            settled(relay, 20)
    assert lost(relay.trace) == [(3, "coin"), (7, "coin"), (12, "coin"), (15, "coin")]
    assert received(relay.trace, "receiver").count(13) == 2
    assert relay.forward == second


def test_dialling_while_traffic_flows_loses_nothing():
    with path(Link(), thread=False) as (sender, relay, receiver), Collector(receiver) as collector:
        for delay in (0.001, 0.01, 0.0, 0.005):
            send_all(sender, numbered(50), relay)
            relay.dial(Link(delay=delay), Link(delay=delay))
        report = settled(relay, 200)
    assert report.forward == Counts(arrived=200, sent=200)
    assert len(collector.arrived) == 200


def test_what_is_not_a_link_cannot_be_dialled():
    with Relay(NOWHERE, Link(), Link(), thread=True) as relay:
        for mistake in (0.5, 0):
            with pytest.raises(TypeError, match=rf"backward must be a Link, got {mistake}"):
                relay.dial(backward=mistake)
        relay.dial()  # changes nothing


@pytest.mark.parametrize("thread", [False, True])
def test_two_directions_that_share_a_link_share_its_numbers(thread):
    shared, options = Link(loss={1, 4}), {"record": True, "thread": thread}
    with (
        echo() as server,
        UDPReceiver() as client,
        Relay(server, shared, shared, **options) as relay,
    ):
        for n in range(3):  # numbers 0 and 1 there and back, 2 and 3, then 4 there
            client._socket.sendto(numbered(3)[n], relay.address)
            settled(relay, n + 1, min(n + 1, 2))
        assert number(client.receive().payload) == 1
    assert lost(relay.trace) == [(0, "coin"), (2, "coin")]


# What it says, and what it is not told


def test_the_trace_is_a_packet_table_in_the_order_of_time():
    with UDPReceiver() as receiver, UDPSender() as sender:
        link = Link(delay=0.05, loss={1}, duplicate={0})
        with Relay(receiver.address, link, Link(), record=True, thread=True) as relay:
            for payload in (b"one", b"two"):
                sender.send(payload, relay.address)
            settled(relay, 2)
    rows = [[*row[1:3], *row[5:]] for row in relay.trace.rows(show_times=False)][1:]
    assert [" ".join(row) for row in rows] == [
        "sender send one",
        "sender send two",
        "link lost two  (coin)",
        "receiver receive one",
        "receiver receive one  (copy)",
    ]
    assert [time for time, _ in groupby(e.time for e in relay.trace)] == sorted(
        {e.time for e in relay.trace}
    )


def relay(destination=NOWHERE, forward=None, **options) -> Relay:
    return Relay(destination, forward or Link(), Link(), **options)


@pytest.mark.parametrize(
    ("mistake", "error", "message"),
    [
        (lambda: relay(forward=0.1), TypeError, "forward must be a Link, got 0.1"),
        (lambda: relay("somewhere"), ValueError, "destination must be (host, port), got 'some"),
        (lambda: relay(("127.0.0.1", 70000)), ValueError, "must be (host, port), got ('127.0.0.1'"),
        (lambda: relay(max_clients=0), ValueError, "max_clients must be 1 or more, got 0"),
        (lambda: relay(idle=0), ValueError, "idle must be seconds above 0, or None: never; got 0"),
        (lambda: relay(host="192.0.2.1"), OSError, "cannot bind to 192.0.2.1:0"),
        (lambda: relay().report, RuntimeError, "inside its `with`"),
        (lambda: relay().address, RuntimeError, "inside its `with`"),
        (lambda: relay().dial(), RuntimeError, "inside its `with`"),
        (lambda: relay().trace, RuntimeError, "expected Relay(..., record=True)"),
    ],
)
def test_a_mistake_is_an_error_at_once(mistake, error, message):
    with pytest.raises(error, match=re.escape(message)):
        mistake()


def test_a_relay_runs_once_at_a_time():
    with Relay(NOWHERE, Link(), Link(), thread=True) as first:
        with pytest.raises(RuntimeError, match="running already, at 127"):
            first.start()
        assert first.report.forward == Counts()
