"""Threads in the background: they end with their block, and lose nothing."""

import functools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from unittest.mock import DEFAULT, Mock

import pytest

from netlib.kernel.gauge import gauge
from netlib.sockets import Background, Collector, TCPConnection, TCPListener, UDPReceiver, UDPSender
from netlib.sockets.background import OVERHEAD, opening, wakeup_pair
from netlib.trace import Trace

# such as a socket that only the garbage collector closed
pytestmark = pytest.mark.filterwarnings("error")


@contextmanager
def connection(timeout=30):
    """Open a connection; yield the end that receives."""
    with (
        TCPListener(timeout=timeout) as listener,
        TCPConnection.connect(listener.address),
        listener.accept() as server,
    ):
        yield server


def receive_forever(receiver):
    while True:
        receiver.receive()


def payloads(collector) -> list[bytes]:
    return [datagram.payload for datagram in collector.arrived]


def test_the_result_is_there_when_the_block_is_left():
    with Background(divmod, 7, 2) as background:
        pass
    assert background.result == (3, 1)


def test_the_block_waits_for_the_thread_to_finish():
    body_left = threading.Event()
    with Background(body_left.wait, 5) as background:
        assert background.result is None
        body_left.set()
    assert background.result is True


def test_what_the_thread_raises_is_raised_at_the_end_of_the_block():
    with pytest.raises(ZeroDivisionError), Background(divmod, 1, 0):
        pass


def test_what_the_body_raises_goes_before_what_the_thread_raises():
    with pytest.raises(KeyError), Background(divmod, 1, 0):
        raise KeyError


def test_a_function_without_a_name_runs_too():
    with Background(functools.partial(divmod, 7), 2) as background:
        pass
    assert background.result == (3, 1)


@pytest.mark.parametrize(
    ("opened", "wait"),
    [
        (UDPReceiver, receive_forever),
        (UDPReceiver, UDPReceiver.receive),
        (TCPListener, TCPListener.accept),
        (connection, TCPConnection.receive),
        (connection, lambda server: server.receive_exactly(10)),
    ],
)
def test_a_block_that_is_interrupted_ends_the_wait_of_its_thread_within_a_second(opened, wait):
    waiting = threading.Event()

    def announce_and_wait(endpoint):
        waiting.set()
        wait(endpoint)

    with opened(timeout=30) as endpoint:
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt), Background(announce_and_wait, endpoint):
            waiting.wait(5)
            raise KeyboardInterrupt
        assert time.monotonic() - began < 1


def test_an_interrupted_block_ends_the_wait_on_a_connection_that_its_thread_accepted():
    def serve(listener):
        with listener.accept() as server:
            server.receive_exactly(10)

    with TCPListener(timeout=30) as listener:
        with (
            pytest.raises(KeyboardInterrupt),
            TCPConnection.connect(listener.address) as client,
            Background(serve, listener),
        ):
            client.send_all(b"only nine")
            while not listener._accepted:
                pass
            began = time.monotonic()
            raise KeyboardInterrupt
        assert time.monotonic() - began < 1


def test_an_interrupt_while_the_block_waits_for_its_thread_ends_the_thread(monkeypatch):
    with UDPReceiver(timeout=30) as receiver:
        background = Background(receive_forever, receiver)
        thread = background._thread
        join = Mock(wraps=thread.join, side_effect=[KeyboardInterrupt, DEFAULT])
        monkeypatch.setattr(thread, "join", join)
        with pytest.raises(KeyboardInterrupt), background:
            pass
        assert not thread.is_alive()


@pytest.fixture
def stop_button(monkeypatch) -> list[int]:
    """Have the stop button pressed in the midst of Thread.start(): its thread runs already."""
    wait, pressed = threading.Event.wait, []

    def interrupted(event, timeout=None):
        monkeypatch.undo()
        pressed.append(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        return wait(event, timeout)

    monkeypatch.setattr(threading.Event, "wait", interrupted)
    return pressed


@pytest.mark.parametrize("block", [lambda r: Background(receive_forever, r), Collector])
def test_an_interrupt_while_a_block_opens_leaves_no_thread_and_no_socket(block, stop_button):
    with UDPReceiver(timeout=30) as receiver, pytest.raises(KeyboardInterrupt), block(receiver):
        pytest.fail("the block was entered")
    assert len(stop_button) == 1


@pytest.mark.parametrize("block", [lambda r: Background(receive_forever, r), Collector])
def test_a_thread_that_cannot_start_leaves_no_socket_and_says_so(block, monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with UDPReceiver() as receiver, pytest.raises(RuntimeError, match="can't"), block(receiver):
        pytest.fail("the block was entered")


def test_an_interrupt_of_what_opens_waits_until_it_can_be_undone_and_is_handled_as_before():
    steps, before = [], signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), opening(lambda: steps.append("undone")):
        signal.raise_signal(signal.SIGINT)
        steps.append("opened")
    assert steps == ["opened", "undone"]
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_at_the_end_of_a_collectors_block_leaves_no_thread(monkeypatch):
    def interrupted(paused=True):
        raise KeyboardInterrupt

    with UDPReceiver() as receiver:
        with pytest.raises(KeyboardInterrupt), Collector(receiver) as collector:
            monkeypatch.setattr(collector, "pause", interrupted)
        assert not collector._background._thread.is_alive()


def test_a_collector_that_nobody_holds_any_more_ends():
    with UDPReceiver() as receiver:
        collector = Collector(receiver).start()
        thread = collector._background._thread
        del collector
        thread.join(5)
        assert not thread.is_alive()


def test_an_interrupt_waits_until_both_ends_of_a_wakeup_pair_are_there(monkeypatch):
    create, ends = socket.socketpair, []

    def interrupted():
        signal.raise_signal(signal.SIGINT)
        ends.extend(create())
        return tuple(ends)

    monkeypatch.setattr(socket, "socketpair", interrupted)
    with pytest.raises(KeyboardInterrupt):
        wakeup_pair()
    assert len(ends) == 2
    for end in ends:
        end.close()


def test_an_interrupted_wait_invents_no_datagram():
    trace = Trace()
    with UDPReceiver(timeout=30, trace=trace) as receiver:
        background = Background(receiver.receive).start()
        receiver.interrupt()
        for wait in (background.join, receiver.receive):
            with pytest.raises(OSError, match=r"interrupted .*open a new one"):
                wait()
    assert len(trace) == 0


def test_a_collector_collects_all_that_was_sent_inside_the_block_in_order():
    numbers = [bytes([n]) for n in range(100)]
    with UDPReceiver() as receiver, UDPSender() as sender:
        with Collector(receiver) as collector:
            for number in numbers:
                sender.send(number, receiver.address)
        assert payloads(collector) == numbers


def test_a_collector_collects_what_had_arrived_before_it_began():
    with UDPReceiver() as receiver, UDPSender() as sender:
        sender.send(b"early", receiver.address)
        with Collector(receiver) as collector:
            pass
        assert payloads(collector) == [b"early"]


@pytest.mark.parametrize("resumed", [True, False])
def test_what_arrives_during_a_pause_is_collected_when_the_block_is_left(resumed):
    numbers = [bytes([n]) for n in range(20)]
    for _ in range(50):  # the order in which the thread sees pause, resume and stop is left to luck
        with UDPReceiver() as receiver, UDPSender() as sender, Collector(receiver) as collector:
            collector.pause()
            for number in numbers:
                sender.send(number, receiver.address)
            if resumed:
                collector.pause(False)
            collector.stop()
            assert payloads(collector) == numbers


def test_what_is_sent_after_a_pause_has_begun_waits_for_its_end():
    for _ in range(10):
        with UDPReceiver() as receiver, UDPSender() as sender, Collector(receiver) as collector:
            collector.pause()
            sender.send(b"x", receiver.address)
            deadline = time.monotonic() + 0.02
            while time.monotonic() < deadline:
                assert collector.arrived == []


def test_a_collector_that_is_resumed_goes_on():
    arrived = threading.Event()
    with (
        UDPReceiver() as receiver,
        UDPSender() as sender,
        Collector(receiver, on_arrival=lambda datagram: arrived.set()) as collector,
    ):
        collector.pause()
        collector.pause(False)
        sender.send(b"x", receiver.address)
        assert arrived.wait(5)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what a socket dropped")
def test_during_a_pause_the_kernels_buffer_overflows_and_every_datagram_is_accounted_for():
    with UDPReceiver() as receiver, UDPSender() as sender:
        with Collector(receiver) as collector:
            collector.pause()
            for _ in range(1000):
                sender.send(bytes(1000), receiver.address)
        dropped = gauge(receiver).drops
        assert dropped > 0
        assert len(collector.arrived) + dropped == 1000


def test_stopping_twice_is_harmless():
    with UDPReceiver() as receiver, Collector(receiver) as collector:
        collector.stop()
        collector.stop()


def test_what_on_arrival_raises_is_raised_at_the_end_of_the_block():
    with (
        UDPReceiver() as receiver,
        UDPSender() as sender,
        pytest.raises(ZeroDivisionError),
        Collector(receiver, on_arrival=lambda _: 1 / 0),
    ):
        sender.send(b"x", receiver.address)


def test_a_body_that_fails_ends_the_collector_too():
    with UDPReceiver() as receiver, pytest.raises(KeyboardInterrupt), Collector(receiver):
        raise KeyboardInterrupt


def test_a_collector_cuts_datagrams_to_its_max_size():
    with UDPReceiver() as receiver, UDPSender() as sender:
        with Collector(receiver, max_size=2) as collector:
            sender.send(b"abc", receiver.address)
        assert [(d.payload, d.truncated) for d in collector.arrived] == [(b"ab", True)]


def test_a_collector_collects_a_stream_to_its_end_once():
    ended = threading.Event()
    pieces = []

    def arrival(piece):
        assert b"" not in pieces, "a stream ends only once"
        pieces.append(piece)
        if not piece:
            ended.set()

    with (
        TCPListener() as listener,
        TCPConnection.connect(listener.address) as client,
        listener.accept() as server,
        Collector(server, on_arrival=arrival),
    ):
        client.send_all(b"to the end")
        client.send_eof()
        assert ended.wait(5)
    assert b"".join(pieces) == b"to the end"


def test_a_collector_stops_in_the_midst_of_a_flood():
    stopped = threading.Event()

    def flood(sender, destination):
        while not stopped.is_set():
            sender.send(b"x", destination)

    with (
        UDPReceiver() as receiver,
        UDPSender() as sender,
        Background(flood, sender, receiver.address),
    ):
        collector = Collector(receiver, on_arrival=lambda _: None).start()
        began = time.monotonic()
        collector.stop()
        stopped.set()
    assert time.monotonic() - began < 4


def test_a_flood_takes_no_more_memory_than_was_allowed_and_the_rest_is_counted():
    with UDPReceiver() as receiver, UDPSender() as sender:
        with Collector(receiver, memory=10 * (OVERHEAD + 100)) as collector:
            for size in (*[100] * 10, 101, 0):  # a small one later leaves no gap
                sender.send(bytes(size), receiver.address)
        assert [len(payload) for payload in payloads(collector)] == [100] * 10
        assert collector.left_out == 2


MANY_FILES = """
import os
from netlib.kernel.open_files import allow_files
from netlib.sockets import Collector, UDPReceiver, UDPSender
if allow_files(1200) < 1200:
    raise SystemExit("too few files")
files = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
with UDPReceiver() as receiver, UDPSender() as sender, Collector(receiver) as collector:
    sender.send(b"x", receiver.address)
    collector.stop()
    print(receiver.fileno(), *[datagram.payload for datagram in collector.arrived])
"""


@pytest.mark.skipif(os.name != "posix", reason="needs a limit of open files")
def test_a_collector_works_with_more_than_1024_files_open():
    command = [sys.executable, "-c", MANY_FILES]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30)
    if "too few files" in ended.stderr:
        pytest.skip("this machine lets nobody open 1100 files")
    number, *payloads = ended.stdout.split() or [ended.stderr]
    assert (int(number) > 1024, payloads) == (True, ["b'x'"]), ended.stderr
