"""Whoever sends through a relay, and whatever else comes in, is told apart and counted."""

import os
import selectors
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from relays import (
    echo,
    nothing_left_behind,  # noqa: F401
    number,
    numbered,
    on_linux,
    path,
    settled,
    wait_for,
)

from netlib.links.link import Link
from netlib.sockets import Collector, UDPReceiver, UDPSender
from netlib.worlds import Relay
from netlib.worlds.relay import loop as relay_loop
from netlib.worlds.relay.report import BUFFER, EVICTED, FULL, REFUSED, STRANGER, TOO_LONG, Counts
from netlib.worlds.relay.sockets import RelaySocket

pytestmark = pytest.mark.filterwarnings("error")  # such as a process that nobody waited for

# Clients


@pytest.mark.parametrize("selector", [selectors.DefaultSelector, selectors.SelectSelector])
def test_each_client_gets_its_own_answers(monkeypatch, selector):
    monkeypatch.setattr(selectors, "DefaultSelector", selector)  # the second is Windows'
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
        assert relay.report.clients == 3
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


@on_linux
def test_what_a_sleeping_relay_has_yet_to_read_still_leaves_before_what_is_due_later():
    count, ahead = 128, 100  # more than are taken in one turn
    link = Link(delay=0.05, reorder={ahead})
    with path(link, thread=False) as (sender, relay, receiver):
        asleep(relay)
        began = time.monotonic()
        for payload in numbered(count):
            sender.send(payload, relay.address)
        if time.monotonic() - began > 0.05:
            pytest.skip("this machine was too busy: sending took longer than the delay")
        wait_for(lambda: time.monotonic() > began + 0.11)  # all of them are due
        os.kill(relay.pid, signal.SIGCONT)
        left = [number(receiver.receive().payload) for _ in range(count)]
    assert left == [ahead, *range(ahead), *range(ahead + 1, count)]


@on_linux
def test_what_the_kernel_dropped_at_the_socket_of_an_evicted_client_is_counted():
    with (
        UDPReceiver() as server,
        UDPSender() as first,
        UDPSender() as second,
        Relay(server.address, Link(), Link(), max_clients=1) as relay,
    ):
        first.send(b"hello", relay.address)
        inside = server.receive().source
        asleep(relay)
        for _ in range(8_000):
            server._socket.sendto(bytes(1000), inside)
        second.send(b"hello", relay.address)
        os.kill(relay.pid, signal.SIGCONT)
        server.receive()
        report = relay.report
    assert (report.clients, report.evicted) == (1, 1)
    assert report.backward.drops[BUFFER] > 1000


def test_the_client_silent_for_longest_makes_room_and_is_counted():
    with UDPReceiver() as receiver:
        slow = Link(delay=0.2)
        with Relay(receiver.address, slow, Link(), max_clients=2, thread=True) as relay:
            senders = [UDPSender() for _ in range(3)]
            for sent, n in enumerate((0, 1, 0, 2, 0), 1):  # so 1 has to go
                senders[n].send(b"%d" % n, relay.address)
                wait_for(lambda sent=sent: relay.report.forward.arrived == sent)
            report = settled(relay, 5)
        payloads = sorted(receiver.receive().payload for _ in range(4))
        for sender in senders:
            sender.close()
    assert (report.clients, report.evicted) == (2, 1)
    assert report.forward.drops == {EVICTED: 1}
    assert payloads == [b"0", b"0", b"0", b"2"]


def test_a_client_that_has_been_silent_for_long_is_forgotten_and_counted():
    with (
        echo() as server,
        UDPSender() as one,
        UDPSender() as other,
        Relay(server, Link(), Link(), idle=0.3, thread=True) as relay,
    ):
        one.send(b"1", relay.address)
        settled(relay, 1, 1)
        began = time.monotonic()

        def alone() -> bool:
            other.send(b"2", relay.address)
            return relay.report.expired == 1

        wait_for(alone)
        assert time.monotonic() - began > 0.25
        assert (relay.report.clients, relay.report.evicted) == (1, 0)


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
        with Relay(receiver.address, Link(), Link(), host="127.0.0.1", thread=True) as relay:
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
        assert relay.report.backward == Counts(1, sent=1, drops={STRANGER: 1})


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS stops at 9216 bytes by default")
def test_the_largest_and_the_smallest_datagram_come_through_whole():
    with (
        echo() as server,
        UDPReceiver() as client,
        Relay(server, Link(), Link(), thread=True) as relay,
    ):
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
        assert relay.report.forward == Counts(2, sent=1, drops={TOO_LONG: 1})


@on_linux
def test_a_closed_destination_is_counted_and_the_relay_goes_on():
    with UDPReceiver() as server:
        destination = server.address
    with UDPSender() as sender, Relay(destination, Link(), Link(), thread=True) as relay:
        for sent in range(1, 6):
            sender.send(b"x", relay.address)
            wait_for(lambda sent=sent: relay.report.forward.drops.get(REFUSED, 0) == sent)
        with UDPReceiver(port=destination[1]) as reopened:
            sender.send(b"again", relay.address)
            assert reopened.receive().payload == b"again"
        assert relay.report.forward.arrived == relay.report.forward.sent == 6


@on_linux
def test_what_an_earlier_datagram_brought_back_does_not_cost_the_next_one():
    drops: Counter[str] = Counter()
    sock = RelaySocket(socket.AF_INET, "127.0.0.1", 0, drops)
    with UDPReceiver() as closed, UDPReceiver() as receiver:
        closed.close()
        assert sock.send(b"to nobody", closed.address)
        assert sock.send(b"to somebody", receiver.address)
        assert receiver.receive().payload == b"to somebody"
    sock.close()
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
        wait_for(lambda: relay.report.backward.drops == {REFUSED: 1})
        stays._socket.sendto(b"still here", relay.address)
        assert stays.receive().payload == b"still here"


@on_linux
def test_what_the_kernel_drops_in_front_of_a_relay_that_sleeps_is_counted():
    with path(Link(), thread=False) as (sender, relay, receiver), Collector(receiver):
        os.kill(relay.pid, signal.SIGSTOP)
        for _ in range(8_000):
            sender.send(bytes(1000), relay.address)
        os.kill(relay.pid, signal.SIGCONT)
        report = wait_for(lambda: (q := relay.report).forward.drops and q)
        report = settled(relay, 8_000 - report.forward.drops[BUFFER])
    assert report.forward.arrived + report.forward.drops[BUFFER] == 8_000
    assert "lost" in report.too_busy(1.0)


def test_a_relay_does_not_hold_more_than_it_has_room_for(monkeypatch):
    monkeypatch.setattr(relay_loop, "ROOM", 2000)
    with path(Link(delay=0.2)) as (sender, relay, _):
        for _ in range(5):
            sender.send(bytes(400), relay.address)
        report = settled(relay, 5)
    assert report.forward == Counts(5, sent=2, drops={FULL: 3})
