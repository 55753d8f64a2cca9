"""What a relay does at a limit: of open files, of memory, of what can be believed."""

import errno
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
from relays import (
    NOWHERE,
    echo,
    nothing_left_behind,  # noqa: F401
    numbered,
    on_linux,
    on_posix,
    path,
    received,
    send_all,
    settled,
    wait_for,
)

from netlib.links.link import Link
from netlib.sockets import UDPReceiver, UDPSender
from netlib.worlds import Relay
from netlib.worlds.relay import loop as relay_loop
from netlib.worlds.relay import sockets as relay_sockets
from netlib.worlds.relay.report import BLOCKED, EVICTED, ITSELF, REFUSED, Counts
from netlib.worlds.relay.sockets import RelaySocket, cause_of, icmp_cause

pytestmark = pytest.mark.filterwarnings("error")  # such as a process that nobody waited for

# Open files. Each script runs in a process of its own, because a limit is the process's.

MANY_FILES = """
import os, sys
from netlib.kernel.open_files import allow_files
from netlib.links import Link
from netlib.sockets import UDPReceiver
from netlib.worlds import Relay
if allow_files(1300) < 1300:
    sys.exit("skip")
files = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
with UDPReceiver() as server, UDPReceiver() as client:
    with Relay(server.address, Link(delay=0.0105), Link(), thread=True, record=True) as relay:
        for _ in range(5):
            client._socket.sendto(b"question", relay.address)
            server._socket.sendto(b"answer", server.receive().source)
            assert client.receive().payload == b"answer"
    print(relay.report.forward.sent, relay.report.backward.sent)
    stays = relay.trace.only("receive", role="receiver"), relay.trace.only("send", role="sender")
    assert all(0.0105 <= left.time - came.time < 0.1 for left, came in zip(*stays)), stays
"""

MANY_CLIENTS = """
import resource, sys
from netlib.kernel.open_files import allow_files
from netlib.links import Link
from netlib.sockets import UDPReceiver, UDPSender
from netlib.worlds import Relay
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))  # the relay's process raises it for itself
with UDPReceiver() as server, Relay(server.address, Link(), Link(), max_clients=2000) as relay:
    if allow_files(1300) < 1300:
        sys.exit("skip")
    clients = [UDPReceiver() for _ in range(1100)]
    for client in clients:
        client._socket.sendto(b"question", relay.address)
        server._socket.sendto(b"answer", server.receive().source)
    answers = {client.receive().payload for client in clients}
    print(answers, relay.report.clients, relay.report.evicted)
"""

FEW_FILES = """
import resource
from netlib.links import Link
from netlib.sockets import UDPReceiver, UDPSender
from netlib.worlds import Relay
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
with UDPReceiver() as server:
    with Relay(server.address, Link(), Link()) as relay:
        for _ in range(200):
            with UDPSender() as stranger:
                stranger.send(b"x", relay.address)
            server.receive()
        report = relay.report
print(report.forward.sent, report.evicted > 0, report.own_drops)
"""

NO_FILE = """
import os, resource
from netlib.links import Link
from netlib.sockets import UDPReceiver, UDPSender
from netlib.worlds import Relay
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
with UDPReceiver() as server, UDPSender() as client:
    with Relay(server.address, Link(), Link(), thread=True) as relay:
        files = []
        try:
            while True:
                files.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            client.send(b"no file left", relay.address)
        while not relay.report.forward.drops:
            pass
        os.close(files.pop())
        client.send(b"one file left", relay.address)
        print(server.receive().payload, relay.report.forward.drops)
"""


def output(script: str) -> str:
    """Return what a script prints; skip the test if this machine does not let it."""
    command = [sys.executable, "-c", script]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20)
    if ended.stderr.strip() == "skip":
        pytest.skip("so many open files are not allowed here")
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@on_posix
def test_a_relay_in_a_process_with_more_than_1024_open_files_is_on_time():
    assert output(MANY_FILES) == "5 5"


@on_posix
def test_more_than_1024_clients_are_served_if_that_many_are_asked_for():
    assert output(MANY_CLIENTS) == "{b'answer'} 1100 0"


@on_posix
def test_where_few_files_may_be_open_a_flood_of_strangers_evicts_clients():
    assert output(FEW_FILES) == "200 True 0"


@on_posix
def test_a_client_for_which_there_is_no_socket_is_counted_and_the_relay_goes_on():
    assert output(NO_FILE) == "b'one file left' {'no socket left for the client': 1}"


# Memory


def test_a_trace_has_bounds_and_what_it_leaves_out_is_counted(monkeypatch):
    monkeypatch.setattr(relay_loop, "TRACE_ROOM", 4 * relay_loop.BOOKKEEPING)
    with path(Link(), record=True) as (sender, relay, _):
        send_all(sender, numbered(5), relay)
        report = settled(relay, 5)
    assert len(relay.trace) + report.unrecorded == 10
    assert len(relay.trace) <= 4
    assert f"trace     incomplete: no room for {report.unrecorded} events" in str(report)


# What cannot be believed


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_datagram_forged_with_the_relays_own_address_goes_round_in_no_circle(host):
    with echo() as server, Relay(server, Link(), Link(), host=host, thread=True) as relay:
        front = ("127.0.0.1", relay.address[1])
        relay._runner._loop._front._socket.sendto(b"round and round", front)
        wait_for(lambda: relay.report.forward.drops)
        assert relay.report.forward == Counts(drops={ITSELF: 1})
        assert relay.report.clients == 0


@on_linux
@pytest.mark.parametrize("jump", [3600, -3600])
def test_a_jump_of_the_clock_neither_hurries_a_datagram_nor_holds_it_up(monkeypatch, jump):
    sock = RelaySocket(socket.AF_INET, "127.0.0.1", 0, Counter())
    with UDPSender() as sender:
        idle = relay_sockets.now() - 1  # a relay looks once a second
        before = relay_sockets.now()
        sender.send(b"x", sock.address)
        monkeypatch.setattr(relay_sockets, "time_ns", lambda: time.time_ns() + jump * 10**9)
        [(at, payload, source)] = sock.arrivals(since=idle)
        assert (payload, source) == (b"x", sender.address)
        assert before <= at <= relay_sockets.now()
    sock.close()


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (BlockingIOError(errno.EAGAIN, "try again"), BLOCKED),
        (OSError(10035, "WSAEWOULDBLOCK"), BLOCKED),
        (OSError(errno.EBADF, "bad file descriptor"), EVICTED),
        (OSError(10038, "WSAENOTSOCK"), EVICTED),
        (ConnectionResetError(10054, "WSAECONNRESET"), REFUSED),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), REFUSED),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "Network is unreachable"),
    ],
)
def test_an_error_has_one_cause_on_every_system(error, cause):
    assert cause_of(error) == cause


@on_linux
@pytest.mark.parametrize(
    ("number", "origin", "cause"),
    [
        (errno.ECONNREFUSED, 2, REFUSED),  # SO_EE_ORIGIN_ICMP
        (errno.ECONNREFUSED, 3, REFUSED),  # SO_EE_ORIGIN_ICMP6
        (errno.EHOSTUNREACH, 2, "No route to host (ICMP)"),
        (errno.EMSGSIZE, 1, ""),  # SO_EE_ORIGIN_LOCAL: this machine found it out
    ],
)
def test_what_came_back_is_told_apart(number, origin, cause):
    assert icmp_cause(struct.pack("=IBBBBII", number, origin, 3, 3, 0, 0, 0)) == cause


class Talkative:
    """A model of loss that prints, and more than a pipe holds."""

    def fates(self, coin, start=0):
        for n in range(start, 20):
            print("x" * 10_000)  # noqa: T201
            yield n % 2 == 1


def test_a_model_that_prints_does_not_disturb_the_relay():
    with path(Link(loss=Talkative()), thread=False, record=True) as (sender, relay, _):
        send_all(sender, numbered(20), relay)
        settled(relay, 20)
    assert received(relay.trace, "receiver") == list(range(0, 20, 2))


# Interrupts and ports


def test_an_interrupt_while_a_relay_starts_its_thread_leaves_nothing(monkeypatch):
    start = threading.Thread.start

    def interrupted(thread: threading.Thread):
        start(thread)
        raise KeyboardInterrupt

    with UDPReceiver() as receiver:
        relay = Relay(receiver.address, Link(), Link(), thread=True)
        monkeypatch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            relay.start()
        monkeypatch.undo()
        with relay:
            assert relay.report.forward == Counts()


@on_linux
def test_a_relay_at_any_address_answers_from_the_one_that_was_asked():
    with echo() as server, Relay(server, Link(), Link(), host="0.0.0.0", thread=True) as relay:
        for host in ("127.0.0.1", "127.0.0.5"):
            with UDPReceiver() as client:
                client._socket.connect((host, relay.address[1]))  # hears no other address
                client._socket.send(b"question")
                assert client.receive().payload == b"question"


@pytest.mark.parametrize("thread", [False, True])
def test_a_relay_listens_at_the_port_it_is_told_block_after_block(thread):
    with UDPReceiver() as free:
        port = free.address[1]
    with UDPReceiver() as receiver, UDPSender() as sender:
        relay = Relay(receiver.address, Link(), Link(), port=port, thread=thread)
        for _ in range(2):
            with relay:
                assert relay.address == ("127.0.0.1", port)
                sender.send(b"x", relay.address)
                assert receiver.receive().payload == b"x"


def test_a_port_that_cannot_be_had_is_an_error_at_once():
    with UDPReceiver() as receiver:
        with pytest.raises(OSError, match=r"cannot bind to 127\.0\.0\.1:.* port=0 lets the kernel"):
            Relay(NOWHERE, Link(), Link(), port=receiver.address[1])
        with pytest.raises(ValueError, match=r"port must be in \[0, 65535\], got 65536"):
            Relay(NOWHERE, Link(), Link(), port=65536)
    with pytest.raises(ValueError, match="destination must not be the relay itself"):
        Relay(receiver.address, Link(), Link(), port=receiver.address[1])
