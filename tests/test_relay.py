"""The relay on real sockets: the link's fate for each datagram, on time, whatever else comes in."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby

import psutil
import pytest

from netlib.links import relay as relay_module
from netlib.links import relay_loop
from netlib.links.delays import Normal
from netlib.links.link import Link
from netlib.links.loss import GilbertElliott
from netlib.links.quality import (
    BUFFER,
    EVICTED,
    FULL,
    REFUSED,
    STRANGER,
    TOO_LONG,
    Counts,
    Lateness,
    Quality,
    Tally,
)
from netlib.links.relay import Relay, RelayDied
from netlib.links.relay_port import Port
from netlib.links.simulator import simulate
from netlib.links.traffic import Sink, Source, steady
from netlib.sockets import Collector, UDPReceiver, UDPSender
from netlib.trace import Trace

pytestmark = pytest.mark.filterwarnings("error")  # such as a process that nobody waited for
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
on_posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
NOWHERE = ("127.0.0.1", 9)
SOON = 5.0  # seconds until a test gives up


@pytest.fixture(autouse=True)
def nothing_left_behind():
    def held():
        return psutil.Process().num_fds(), threading.active_count(), psutil.Process().children()

    before = held() if os.name == "posix" else None
    yield
    assert before is None or held() == before


def wait_for(happened: Callable[[], object], patience: float = SOON):
    """Poll until something is true, and return it; fail after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not (result := happened()):
        assert time.monotonic() < deadline, f"still not after {patience} s"
    return result


def settled(relay: Relay, forward: int, backward: int = 0) -> Quality:
    """Wait until so many datagrams have come into each direction and none is on its way."""

    def done() -> Quality | None:
        seen = relay.quality
        come = seen.forward.arrived >= forward and seen.backward.arrived >= backward
        return seen if come and not seen.forward.in_flight + seen.backward.in_flight else None

    return wait_for(done)


def numbered(count: int, size: int = 40) -> list[bytes]:
    return [number.to_bytes(4, "big") + bytes(size - 4 + number % 50) for number in range(count)]


def number(payload: bytes) -> int:
    return int.from_bytes(payload[:4], "big")


def send_all(sender: UDPSender, payloads: list[bytes], relay: Relay):
    """Send in portions that the relay's receive buffer has room for."""
    before = relay.quality.forward.arrived
    for sent, payload in enumerate(payloads, 1):
        sender.send(payload, relay.address)
        if sent % 50 == 0:
            wait_for(lambda sent=sent: relay.quality.forward.arrived >= before + sent)


@contextmanager
def echo() -> Iterator[tuple]:
    """Yield the address of a server that sends everything back to whoever sent it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, UDPSender() as stopper:
        sock.bind(("127.0.0.1", 0))

        def serve():
            while (arrived := sock.recvfrom(65535))[1] != stopper.address:
                sock.sendto(*arrived)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield sock.getsockname()
        finally:
            stopper.send(b"", sock.getsockname())
            thread.join()


@contextmanager
def path(forward: Link, *, thread: bool = True, **options) -> Iterator[tuple]:
    """Yield a sender, a relay in front of a receiver, and that receiver.

    The relay runs in a thread, which is there at once; the loop is the same in a process.
    """
    with (
        UDPReceiver() as receiver,
        UDPSender() as sender,
        Relay(receiver.address, forward, Link(), thread=thread, **options) as relay,
    ):
        yield sender, relay, receiver


def lost(trace: Trace) -> list[tuple[int, str]]:
    return [(number(event.payload), event.note) for event in trace.only("lost")]


def received(trace: Trace, role: str) -> list[int]:
    return [number(event.payload) for event in trace.only("receive", role=role)]


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
        settled(relay, 150, wait_for(lambda: relay.quality.forward.sent))
        quality = settled(relay, 150, relay.quality.forward.sent)
    assert quality.own_drops == 0
    worst = quality.lateness.worst
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


def test_a_relay_never_delivers_early_and_is_as_late_as_it_says():
    delay, delays = 0.02, []
    with path(Link(delay=delay), thread=False) as (sender, relay, receiver):
        for payload in numbered(25):
            before = time.perf_counter()
            sender.send(payload, relay.address)
            receiver.receive()
            delays.append(time.perf_counter() - before)
        quality = settled(relay, 25)
    assert min(delays) >= delay
    if busy := quality.too_busy(2 * delay):
        pytest.skip(busy)
    assert sorted(delays)[12] < delay + 0.01


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
        quality = settled(relay, 200)
    assert quality.forward == Counts(arrived=200, sent=200)
    assert len(collector.arrived) == 200


def test_what_is_not_a_link_cannot_be_dialled():
    with UDPReceiver() as receiver, Relay(receiver.address, Link(), Link()) as relay:
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


# Clients


def test_each_client_gets_its_own_answers():
    with (
        echo() as server,
        Relay(server, Link(delay=0.002), Link(), record=True, thread=True) as relay,
    ):
        clients = [UDPReceiver(role=f"client {n}") for n in range(3)]
        for turn in range(5):
            for n, client in enumerate(clients):
                client._socket.sendto(b"%d %d" % (n, turn), relay.address)
        for n, client in enumerate(clients):
            payloads = [client.receive().payload for _ in range(5)]
            assert payloads == [b"%d %d" % (n, turn) for turn in range(5)]
            client.close()
        assert relay.quality.clients == 3
    assert {e.role for e in relay.trace} == {"sender", "sender 2", "sender 3", "receiver"}


def asleep(relay: Relay):
    """Stop the relay's process while it waits for something to do."""
    settled(relay, 0)
    os.kill(relay.pid, signal.SIGSTOP)
    wait_for(lambda: psutil.Process(relay.pid).status() == psutil.STATUS_STOPPED)


@contextmanager
def two_clients(backward: Link) -> Iterator[tuple]:
    """Yield a relay that records, a server, two clients, and where the server answers to each."""
    with (
        UDPReceiver() as server,
        UDPReceiver() as one,
        UDPReceiver() as two,
        Relay(server.address, Link(), backward, record=True) as relay,
    ):
        inside = []
        for client in (one, two):
            client._socket.sendto(b"hello", relay.address)
            inside.append(server.receive().source)
        yield relay, server, (one, two), inside


@on_linux
def test_answers_are_numbered_as_they_arrived_whichever_socket_they_are_in():
    with two_clients(Link(loss={1})) as (relay, server, clients, (to_one, to_two)):
        asleep(relay)  # so that it finds all four at once
        for payload, address in ((b"a", to_two), (b"b", to_one), (b"c", to_two), (b"d", to_one)):
            server._socket.sendto(payload, address)
        os.kill(relay.pid, signal.SIGCONT)
        assert [client.receive().payload for client in clients] == [b"d", b"a"]
        assert clients[1].receive().payload == b"c"
    entered = relay.trace.only("send", role="receiver")
    assert [event.payload for event in entered] == [b"a", b"b", b"c", b"d"]


@on_linux
def test_a_full_socket_beside_a_fresh_one_does_not_turn_back_the_links_time():
    with two_clients(Link(rate=1e9)) as (relay, server, _, (to_one, to_two)):
        asleep(relay)
        for address in [to_one] * 150 + [to_two]:  # more than are taken in one turn
            server._socket.sendto(b"x", address)
        os.kill(relay.pid, signal.SIGCONT)
        assert settled(relay, 2, 151).backward == Counts(151, sent=151)


def test_the_client_silent_for_longest_makes_room_and_is_counted():
    with UDPReceiver() as receiver:
        slow = Link(delay=0.2)
        with Relay(receiver.address, slow, Link(), max_clients=2, thread=True) as relay:
            senders = [UDPSender() for _ in range(3)]
            for sent, n in enumerate((0, 1, 0, 2, 0), 1):  # so 1 has to go
                senders[n].send(b"%d" % n, relay.address)
                wait_for(lambda sent=sent: relay.quality.forward.arrived == sent)
            quality = settled(relay, 5)
        payloads = sorted(receiver.receive().payload for _ in range(4))
        for sender in senders:
            sender.close()
    assert (quality.clients, quality.evicted) == (2, 1)
    assert quality.forward.drops == {EVICTED: 1}
    assert payloads == [b"0", b"0", b"0", b"2"]


def test_everything_is_bound_to_loopback():
    with path(Link()) as (sender, relay, receiver):
        sender.send(b"x", relay.address)
        hosts = {relay.address[0], receiver.receive().source[0]}
    assert hosts == {"127.0.0.1"}


def test_ipv6_works_where_this_machine_has_it():
    try:
        receiver = UDPReceiver("::1")
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    with receiver, UDPSender("::1") as sender, UDPSender() as sender4:
        with Relay(receiver.address, Link(), Link(), thread=True) as relay:
            sender.send(b"six", relay.address)
            assert receiver.receive().payload == b"six"
        with Relay(receiver.address, Link(), Link(), host="127.0.0.1") as relay:
            sender4.send(b"four", relay.address)
            assert receiver.receive().payload == b"four"


# What else comes in


def test_a_stranger_does_not_get_through_to_a_client_and_is_counted():
    with path(Link()) as (stranger, relay, server), UDPReceiver() as client:
        client._socket.sendto(b"hello", relay.address)
        inside = server.receive().source
        stranger.send(b"evil", inside)
        server._socket.sendto(b"answer", inside)
        assert client.receive().payload == b"answer"
        assert relay.quality.backward == Counts(1, sent=1, drops={STRANGER: 1})


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS stops at 9216 bytes by default")
def test_the_largest_and_the_smallest_datagram_come_through_whole():
    with echo() as server, UDPReceiver() as client, Relay(server, Link(), Link()) as relay:
        for payload in (bytes(65507), b""):
            client._socket.sendto(payload, relay.address)
            assert client.receive().payload == payload


@on_linux
def test_a_datagram_too_long_for_the_other_side_is_counted_and_the_relay_goes_on():
    try:
        sender = UDPSender("::1")
    except OSError as error:
        pytest.skip(f"no IPv6 here, whose datagrams may be longer: {error}")
    with sender, path(Link(), host="::1") as (_, relay, receiver):
        for payload in (bytes(65520), b"short"):
            sender.send(payload, relay.address)
        assert receiver.receive().payload == b"short"
        assert relay.quality.forward == Counts(2, sent=1, drops={TOO_LONG: 1})


@on_linux
def test_a_closed_destination_is_counted_and_the_relay_goes_on():
    with UDPReceiver() as server:
        destination = server.address
    with UDPSender() as sender, Relay(destination, Link(), Link(), thread=True) as relay:
        for sent in range(1, 6):
            sender.send(b"x", relay.address)
            wait_for(lambda sent=sent: relay.quality.forward.drops.get(REFUSED, 0) == sent)
        with UDPReceiver(port=destination[1]) as reopened:
            sender.send(b"again", relay.address)
            assert reopened.receive().payload == b"again"
        assert relay.quality.forward.arrived == relay.quality.forward.sent == 6


@on_linux
def test_what_an_earlier_datagram_brought_back_does_not_cost_the_next_one():
    drops: dict[str, int] = {}
    port = Port(socket.AF_INET, "127.0.0.1", drops)
    with UDPReceiver() as closed, UDPReceiver() as receiver:
        closed.close()
        assert port.send(b"to nobody", closed.address)
        assert port.send(b"to somebody", receiver.address)
        assert receiver.receive().payload == b"to somebody"
    port.close()
    assert drops == {REFUSED: 1}


@on_linux
def test_a_client_that_vanishes_is_counted_and_the_others_go_on():
    slow = Link(delay=0.1)
    with (
        echo() as server,
        UDPReceiver() as stays,
        Relay(server, Link(), slow, thread=True) as relay,
    ):
        with UDPSender() as leaves:
            leaves.send(b"bye", relay.address)
        stays._socket.sendto(b"hello", relay.address)
        assert stays.receive().payload == b"hello"
        wait_for(lambda: relay.quality.backward.drops == {REFUSED: 1})
        stays._socket.sendto(b"still here", relay.address)
        assert stays.receive().payload == b"still here"


@on_linux
def test_what_the_kernel_drops_in_front_of_a_relay_that_sleeps_is_counted():
    with path(Link(), thread=False) as (sender, relay, receiver), Collector(receiver):
        os.kill(relay.pid, signal.SIGSTOP)
        for _ in range(12_000):
            sender.send(bytes(1000), relay.address)
        os.kill(relay.pid, signal.SIGCONT)
        quality = wait_for(lambda: (q := relay.quality).forward.drops and q)
        quality = settled(relay, 12_000 - quality.forward.drops[BUFFER])
    assert quality.forward.arrived + quality.forward.drops[BUFFER] == 12_000
    assert "lost" in quality.too_busy(1.0)


def test_a_relay_does_not_hold_more_than_it_has_room_for(monkeypatch):
    monkeypatch.setattr(relay_loop, "ROOM", 2000)
    with path(Link(delay=0.2)) as (sender, relay, _):
        for _ in range(5):
            sender.send(bytes(400), relay.address)
        quality = settled(relay, 5)
    assert quality.forward == Counts(5, sent=2, drops={FULL: 3})


def test_all_that_came_in_is_accounted_for():
    with path(EVERYTHING) as (sender, relay, receiver), Collector(receiver) as collector:
        send_all(sender, numbered(400), relay)
        quality = settled(relay, 400)
    forward = quality.forward
    assert set(forward.drops) == {"coin", "queue overflow"} and forward.copies > 0
    assert forward.arrived + forward.copies == forward.sent + sum(forward.drops.values())
    assert len(collector.arrived) == forward.sent


# Ends, expected and not


def running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@on_posix
def test_a_killed_relay_is_an_error_at_the_next_use_that_says_so():
    with UDPReceiver() as receiver:
        relay = Relay(receiver.address, Link(), Link())
        relay.start()
        os.kill(relay.pid, signal.SIGKILL)
        for use in (lambda: relay.quality, relay.dial, lambda: relay.quality):
            began = time.monotonic()
            with pytest.raises(RelayDied, match=r"the relay has died .*start another one"):
                use()
            assert time.monotonic() - began < SOON
        relay.close()  # it has been told already
        with relay:
            assert relay.quality.forward == Counts()


@on_posix
def test_a_relay_that_died_unnoticed_is_an_error_at_the_end_of_the_block():
    with UDPReceiver() as receiver:
        with pytest.raises(RelayDied), Relay(receiver.address, Link(), Link()) as relay:
            os.kill(relay.pid, signal.SIGKILL)
        with pytest.raises(KeyError), Relay(receiver.address, Link(), Link()) as relay:
            os.kill(relay.pid, signal.SIGKILL)
            raise KeyError  # the first thing that went wrong is the one to report


@on_posix
def test_a_relay_that_hangs_is_ended_all_the_same(monkeypatch):
    monkeypatch.setattr(relay_module, "STOP", 0.2)
    with UDPReceiver() as receiver:
        relay = Relay(receiver.address, Link(), Link()).start()
        pid = relay.pid
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(TimeoutError, match=r"did not answer within 0\.2 s"):
            relay.close()
        assert not running(pid)


@on_posix
def test_an_interrupt_of_the_notebook_does_not_end_the_relay():
    with UDPReceiver() as receiver, Relay(receiver.address, Link(), Link()) as relay:
        os.kill(relay.pid, signal.SIGINT)
        assert relay.quality.forward == Counts()


OWNER = """
import os, sys
from netlib.links.link import Link
from netlib.links.relay import Relay
relay = Relay(("127.0.0.1", 9), Link(), Link()).start()
pid = relay.pid
if sys.argv[1] == "forget":
    del relay
if sys.argv[1] == "fork" and not os.fork():
    input()  # a child that holds what its parent had open
else:
    print(pid, flush=True)
    input()
"""


@contextmanager
def owner(how: str) -> Iterator[tuple[subprocess.Popen, int]]:
    """Yield a process that has started a relay, and the relay's process."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", OWNER, how], **pipes) as process:
        yield process, int(process.stdout.readline())
        process.kill()


@on_posix
@pytest.mark.parametrize("how", ["alone", "fork"])
def test_a_relay_ends_when_its_owner_is_killed(how):
    with owner(how) as (process, pid):
        assert running(pid)
        process.kill()
        wait_for(lambda: not running(pid), patience=3.0)


def test_a_relay_that_nobody_holds_any_more_ends():
    with owner("forget") as (process, pid):
        wait_for(lambda: not running(pid), patience=3.0)
        assert running(process.pid)


def test_an_exception_in_the_block_stops_the_relay():
    with pytest.raises(KeyError), Relay(NOWHERE, Link(), Link()) as relay:
        pid = relay.pid
        raise KeyError
    assert not running(pid)


def test_stopping_takes_less_than_a_second_and_twice_is_harmless():
    with UDPReceiver() as receiver, UDPSender() as sender:
        relay = Relay(receiver.address, Link(delay=60), Link()).start()
        sender.send(b"never arrives", relay.address)
        wait_for(lambda: relay.quality.forward.in_flight)
        began = time.monotonic()
        relay.close()
        relay.close()
        assert time.monotonic() - began < 1
    assert relay.quality.forward == Counts(1, in_flight=1)  # still told afterwards


def test_the_relays_process_imports_nothing_heavy():
    heavy = "{'numpy', 'matplotlib', 'IPython', 'asyncio', 'multiprocessing', 'netlib.links.relay'}"
    code = f"import sys, netlib.links.relay_hosts; print({heavy} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout.strip() == "set()", ended.stderr


# Models of one's own

OWN_MODEL = """
import sys
from netlib.links.link import Link
from netlib.links.relay import Relay
from netlib.sockets import UDPReceiver, UDPSender

class EveryOther:
    def fates(self, coin, start=0):
        return (n % 2 == 1 for n in range(start, 1 << 40))

here = sys.argv[1] == "here"
with UDPReceiver() as receiver, UDPSender() as sender:
    with Relay(receiver.address, Link(loss=EveryOther()), Link(), thread=here) as relay:
        for n in range(6):
            sender.send(b"%d" % n, relay.address)
        print([receiver.receive().payload for _ in range(3)])
"""


def own_model(where: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", OWN_MODEL, where]
    return subprocess.run(command, capture_output=True, text=True, timeout=20)


def test_a_model_that_a_notebook_defines_runs_in_a_thread():
    assert own_model("here").stdout.strip() == "[b'0', b'2', b'4']"


def test_a_model_that_a_notebook_defines_cannot_go_to_the_process_and_the_error_says_what_to_do():
    assert "put the model into a module, or let the relay run here" in own_model("there").stderr


class Sulking:
    """A model of loss that gives up after a while."""

    def fates(self, coin, start=0):
        return iter([False] * 3)


@pytest.mark.parametrize("thread", [False, True])
def test_a_model_that_fails_ends_the_relay_with_what_it_said(thread):
    with UDPReceiver() as receiver, UDPSender() as sender:
        relay = Relay(receiver.address, Link(loss=Sulking()), Link(), thread=thread).start()
        for _ in range(4):
            sender.send(b"x", relay.address)
        with pytest.raises(RelayDied, match=r"has died \((ValueError|StopIteration)"):
            wait_for(lambda: relay.quality.forward.arrived > 4)


# Mistakes


def relay(destination=NOWHERE, forward=None, **options) -> Relay:
    return Relay(destination, forward or Link(), Link(), **options)


@pytest.mark.parametrize(
    ("mistake", "error", "message"),
    [
        (lambda: relay(forward=0.1), TypeError, "forward must be a Link, got 0.1"),
        (lambda: relay("somewhere"), ValueError, "destination must be (host, port), got 'some"),
        (lambda: relay(("127.0.0.1", 70000)), ValueError, "must be (host, port), got ('127.0.0.1'"),
        (lambda: relay(max_clients=0), ValueError, "max_clients must be 1 or more, got 0"),
        (lambda: relay(host="192.0.2.1"), OSError, "cannot bind to 192.0.2.1:0"),
        (lambda: relay().quality, RuntimeError, "inside its `with`"),
        (lambda: relay().address, RuntimeError, "inside its `with`"),
        (lambda: relay().dial(), RuntimeError, "inside its `with`"),
        (lambda: relay().trace, RuntimeError, "expected Relay(..., record=True)"),
    ],
)
def test_a_mistake_is_an_error_at_once(mistake, error, message):
    with pytest.raises(error, match=re.escape(message)):
        mistake()


def test_a_relay_runs_once_at_a_time():
    with Relay(NOWHERE, Link(), Link()) as first:
        with pytest.raises(RuntimeError, match="running already, at 127"):
            first.start()
        assert first.quality.forward == Counts()


# What it says of itself


def test_the_percentiles_are_those_of_the_sorted_values_rounded_up():
    tally = Tally()
    assert tally.lateness() is None
    for late in [10e-6] * 50 + [100e-6] * 40 + [0.0123] * 10:
        tally.add(late)
    assert tally.lateness() == pytest.approx(Lateness(11e-6, 101e-6, 0.0124, 0.0124))


def test_quality_reads_like_a_report_and_says_when_not_to_believe_a_run():
    late = Lateness(20e-6, 80e-6, 0.003, 0.004)
    counts = Counts(10, 1, 8, 1, {"coin": 2})
    quality = Quality(counts, Counts(), late, 1, 0, cpu=0.5, elapsed=2.0)
    assert str(quality).splitlines() == [
        "forward   10 + 1 copies in, 8 out (1 on their way); lost: 2 coin",
        "backward  0 in, 0 out; lost: none",
        "lateness  p50 0.02, p90 0.08, p99 3, worst 4 ms",
        "clients   1, 0 evicted",
        "processor 25.0% of 2.0 s",
    ]
    assert quality.too_busy(rtt=0.1) == ""
    assert "1 % left 3 ms late or later, of 40 ms" in quality.too_busy(rtt=0.04)
    dropped = Quality(Counts(5, drops={BUFFER: 5}), Counts(), None, 1, 0, cpu=0.5, elapsed=2.0)
    assert "the relay lost 5 datagrams of its own" in dropped.too_busy(rtt=10)


def test_the_trace_is_a_packet_table_in_the_order_of_time():
    with UDPReceiver() as receiver, UDPSender() as sender:
        link = Link(delay=0.05, loss={1}, duplicate={0})
        with Relay(receiver.address, link, Link(), record=True) as relay:
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
