"""Peers that flood, reset, vanish, or never read; whoever behaves is served all the same."""

import resource
import socket
import struct
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random
from time import monotonic, perf_counter, time_ns
from unittest import mock

from accidents.owners import as_before
from netlib.lab.serving import arrivals, running
from netlib.links.link import Link
from netlib.sockets import UDPReceiver, UDPSender
from netlib.worlds import Relay, TCPRelay
from netlib.worlds.relay import sockets as relay_sockets

sys.path += [str(Path(__file__).parents[1] / room) for room in ("notebooks", "worlds")]
import chat as chats
from relays import SOON, echo, wait_for
from test_hostile_peers import HOSTILE, QUICK, attack, enter

SIZES = [0, 1, 40, 1200, 9000, 65507]


@as_before
def udp(seed: int):
    """Clients vanish, or are more than there is room for; strangers, forgeries: nothing is lost."""
    coin = Random(seed)
    room = {"max_clients": coin.choice([1, 3, 128])}
    with ExitStack() as stack:
        server, stranger = (stack.enter_context(UDPReceiver(timeout=SOON)) for _ in range(2))
        relay = stack.enter_context(Relay(server.address, Link(), Link(), thread=True, **room))
        for _ in range(coin.randrange(1, 8)):
            with UDPSender() as client:
                for _ in range(coin.randrange(1, 8)):
                    far = exchange(coin, client, server, relay.address)
                    stranger._socket.sendto(b"from a stranger", far)
            server._socket.sendto(b"to one who has gone", far)
            if coin.random() < 0.3:
                with suppress(
                    ConnectionRefusedError
                ):  # which an answer to one who has gone brought
                    relay._runner._loop._front._socket.sendto(b"forged", relay.address)
        with UDPReceiver(timeout=SOON) as client:
            server._socket.sendto(b"answer", exchange(coin, client, server, relay.address))
            assert client.receive().payload == b"answer"
        assert relay.report.own_drops == 0, relay.report


def exchange(coin: Random, client, server: UDPReceiver, address: tuple) -> tuple:
    """Send a datagram through the relay; see it arrive; return where it came from."""
    payload = coin.randbytes(coin.choice(SIZES))
    client._socket.sendto(payload, address)
    arrived = server.receive()
    assert arrived.payload == payload
    return arrived.source


@as_before
def clock(seed: int):
    """The time of day jumps between a datagram's arrival and its reading: it leaves in time."""
    coin, before, after = Random(seed), 0, 0  # by how much the clock was wrong [ns]
    seconds = relay_sockets._seconds
    patches = {
        "time_ns": lambda: time_ns() + after,
        "_seconds": lambda s, z: seconds(s, z - before),
    }
    with (
        mock.patch.multiple(relay_sockets, **patches),
        UDPReceiver() as server,
        UDPSender() as client,
        Relay(server.address, Link(delay=0.005), Link(), thread=True) as relay,
    ):
        for _ in range(20):
            before, after = after, coin.choice([0, 1, -1, 3600, -3600, 10**8]) * 10**9
            began = perf_counter()
            client.send(b"x", relay.address)
            server.receive()
            took = perf_counter() - began
            assert took >= 0.005, (
                f"it left after {took} s, as the clock went from {before} to {after} ns"
            )
        assert relay.report.lateness.worst < SOON


def reset(sock: socket.socket):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def behave(coin: Random, sock: socket.socket):
    """Do something to a connection that a peer may do, in any order, and perhaps not to an end."""
    with suppress(OSError):
        for _ in range(coin.randrange(4)):
            what = coin.choice(["send", "much", "read", "half", "reset", "close", "urgent"])
            if what in ("send", "much"):
                sock.send(coin.randbytes(100 if what == "send" else 300_000))
            elif what == "urgent":
                sock.send(b"!", socket.MSG_OOB)
            elif what == "half":
                sock.shutdown(socket.SHUT_WR)
            elif what == "read":
                sock.recv(coin.choice([1, 65536]))
            else:
                return reset(sock) if what == "reset" else sock.close()


@as_before
def tcp(seed: int):
    """Clients and servers that reset, half-close, flood or never read; a dead or mute server."""
    coin = Random(seed)
    with ExitStack() as ends, socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(SOON)
        shape = {"delay": coin.choice([0, 0.01]), "rate": coin.choice([None, 1e7])}
        relay = ends.enter_context(TCPRelay(listener.getsockname(), **shape))
        for _ in range(16):
            client = ends.enter_context(socket.create_connection(relay.address, SOON))
            client.settimeout(0.005)
            if coin.random() < 0.8:  # else the server is mute for now
                with suppress(ConnectionError):
                    server = ends.enter_context(listener.accept()[0])
                    server.settimeout(0.005)
                    for _ in range(coin.randrange(3)):
                        behave(coin, coin.choice([client, server]))
            behave(coin, client)
        relay.reset()
        wait_for(lambda: relay.report.open == 0)
        drain(listener)
        with (
            socket.create_connection(relay.address, SOON) as client,
            listener.accept()[0] as server,
        ):
            client.sendall(b"well-behaved")
            server.settimeout(SOON)
            assert server.recv(12) == b"well-behaved"
        listener.close()
        with suppress(ConnectionError), socket.create_connection(relay.address, SOON) as client:
            assert client.recv(1) == b"", "the server is dead"


def drain(listener: socket.socket):
    """Take and close the connections that wait at a listener."""
    listener.settimeout(0)
    with suppress(BlockingIOError):
        while True:
            with suppress(ConnectionError):
                listener.accept()[0].close()
    listener.settimeout(SOON)


def greet(listener: socket.socket, stop: socket.socket):
    """Be a server that says a word to each, and keeps all."""
    with ExitStack() as stack:
        for connection in arrivals(listener, stop):
            stack.enter_context(connection).send(b"welcome")


@as_before
def crowd(seed: int):
    """Two thousand connections at once through a TCP relay, beside 300 clients of a UDP relay."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(10_000, hard), hard))
    try:
        with ExitStack() as stack, running(greet) as address, TCPRelay(address) as relay:
            clients = [
                stack.enter_context(socket.create_connection(relay.address, SOON))
                for _ in range(2000)
            ]
            for client in clients:
                client.settimeout(30)
                assert client.recv(7) == b"welcome"
            assert relay.report.open == 2000
            three_hundred()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def three_hundred():
    with ExitStack() as stack, echo() as server:
        relay = stack.enter_context(Relay(server, Link(), Link(), max_clients=300, thread=True))
        clients = [stack.enter_context(UDPReceiver(timeout=SOON)) for _ in range(300)]
        for number, client in enumerate(clients):
            client._socket.sendto(b"%d" % number, relay.address)
            assert client.receive().payload == b"%d" % number
        assert (relay.report.clients, relay.report.own_drops) == (300, 0)


@as_before
def chat(seed: int):
    """A server of notebook 06 among hostile clients: one who behaves is served, and it stops."""
    coin = Random(seed)
    server = coin.choice(chats.SERVERS)
    ways = coin.choices(HOSTILE, k=2 if server == "sequential" else coin.randrange(1, 12))
    with ExitStack() as stack:
        with chats.running(server, **QUICK) as (address, _):
            for way in ways:
                attack(stack, address, way)
            enter(stack, address)
            began = monotonic()
        assert monotonic() - began < 4, f"{server} did not stop"
