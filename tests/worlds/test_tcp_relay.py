"""The TCP relay: the same bytes, later and slower; ends and resets passed on."""

import errno
import gc
import os
import re
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relays import SOON, nothing_left_behind, on_posix, wait_for  # noqa: F401

from netlib.sockets import Background, FramingError, LengthPrefixed, TCPConnection, TCPListener
from netlib.worlds import RelayDied, TCPRelay
from netlib.worlds.relay.report import Lateness
from netlib.worlds.tcp_relay.flow import EOF, RESET, Flow, Path
from netlib.worlds.tcp_relay.loop import StreamReport, select_exactly

pytestmark = pytest.mark.filterwarnings("error")


@contextmanager
def path(**shape):
    """Yield a client's connection, the server's, and the relay between them."""
    with (
        TCPListener() as listener,
        TCPRelay(listener.address, **shape) as relay,
        TCPConnection.connect(relay.address) as client,
        listener.accept() as server,
    ):
        yield client, server, relay


def all_of(connection: TCPConnection) -> bytes:
    return b"".join(iter(connection.receive, b""))


def abort(connection: TCPConnection):
    """Close a connection with a reset."""
    connection._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


# A flow: bytes and times in, pieces and times out


def run(flow: Flow, until: float = 1e9) -> list[tuple[float, bytes | None]]:
    """Send all that falls due; return when, and what."""
    pieces = []
    while flow.deadline <= until:
        now = flow.deadline
        while flow.deadline <= now:
            piece = flow.next_piece
            pieces.append((now, piece if piece is RESET else bytes(piece)))
            flow.sent(len(piece or b""))
    return pieces


def test_what_is_taken_is_due_after_the_delay_and_not_a_moment_before():
    flow = Flow(Path(delay=0.25))
    flow.take(b"abc", now=1.0)
    flow.take(b"", now=1.5)
    assert flow.deadline == 1.25
    assert run(flow) == [(1.25, b"abc"), (1.75, EOF)]
    assert flow.over and not flow.broken


def test_a_rate_spreads_the_stream_evenly():
    flow = Flow(Path(delay=0.1, rate=80_000))  # 10 kB/s, so pieces of 50 bytes
    flow.take(bytes(1000), now=0.0)
    flow.take(bytes(1000), now=0.05)
    left = run(flow)
    assert left[0] == (pytest.approx(0.105), bytes(50))
    assert left[-1] == (pytest.approx(0.3), bytes(50))
    assert len(left) == 40


def test_no_more_is_taken_than_there_is_room_for():
    path = Path(delay=1.0)
    flow = Flow(path, room=100)
    flow.take(bytes(60), now=0.0)
    assert flow.room == 40
    flow.take(bytes(40), now=0.1)
    assert flow.room == 0
    assert flow.deadline == 1.0
    flow.sent(25)  # the kernel took a part
    assert (flow.room, len(flow.next_piece), path.passed) == (25, 35, 25)


def test_flows_share_the_rate_of_their_path():
    path = Path(rate=80_000)
    first, second = Flow(path), Flow(path)
    first.take(bytes(1000), now=0.0)
    second.take(bytes(1000), now=0.0)
    assert run(first)[-1][0] == pytest.approx(0.1)
    assert run(second)[-1][0] == pytest.approx(0.2)


def test_what_is_on_its_way_keeps_its_time_when_the_path_changes_and_the_order_stays():
    path = Path(delay=1.0)
    flow = Flow(path)
    flow.take(b"slow", now=0.0)
    path.dial(delay=0.25, rate=None)
    flow.take(b"quick", now=0.5)
    flow.take(b"quick", now=1.0)
    assert run(flow) == [(1.0, b"slow"), (1.0, b"quick"), (1.25, b"quick")]
    path.dial(delay=0.0, rate=80_000)
    flow.take(bytes(1000), now=2.0)
    assert run(flow)[-1][0] == pytest.approx(2.1)


@settings(database=None, derandomize=True)
@given(
    st.lists(st.binary(min_size=1, max_size=300), max_size=20),
    st.sampled_from([None, 1e4, 1e6]),
    st.integers(0, 400),
    st.integers(0, 400),
)
def test_the_stream_stays_the_same_but_for_its_hole(sends, rate, start, size):
    path = Path(delay=0.01, rate=rate)
    flow = Flow(path, hole=range(start, start + size))
    for number, data in enumerate(sends):
        flow.take(data, number * 0.001)
    flow.take(b"", 1.0)
    pieces = run(flow)
    stream = b"".join(sends)
    kept = stream[:start] + stream[start + size :]
    assert b"".join(piece for _, piece in pieces) == kept
    assert pieces[-1][1] == EOF
    assert [at for at, _ in pieces] == sorted(at for at, _ in pieces)
    assert flow.room == 0 and path.passed == len(kept)


def test_a_reset_goes_behind_what_is_on_its_way_even_behind_the_end():
    flow = Flow(Path(delay=0.1))
    flow.take(b"last words", now=0.0)
    flow.take(b"", now=0.0)
    flow.reset(now=0.5)
    flow.reset(now=0.6)
    assert run(flow) == [(0.1, b"last words"), (0.1, EOF), (0.6, RESET)]


# The same on real sockets


@pytest.mark.parametrize("shape", [{}, {"delay": 0.01}, {"rate": 4e7}], ids=str)
def test_the_bytes_come_through_unchanged_both_ways_at_once(shape):
    data = bytes(range(256)) * 80
    with (
        path(**shape) as (client, server, relay),
        Background(client.send_all, data),
        Background(server.send_all, data[::-1]),
    ):
        assert server.receive_exactly(len(data)) == data
        assert client.receive_exactly(len(data)) == data[::-1]
    report = relay.report
    assert (report.connections, report.open, report.refused, report.reset) == (1, 0, {}, 0)
    assert report.forward == report.backward == len(data)


def test_a_connection_can_be_half_closed():
    with path(delay=0.01) as (client, server, _):
        client.send_all(b"that is all")
        client.send_eof()
        assert all_of(server) == b"that is all"
        server.send_all(b"understood")
        server.send_eof()
        assert all_of(client) == b"understood"


def test_an_answer_takes_both_delays_and_never_less():
    delay, times = 0.02, []
    with path(delay=delay) as (client, server, _):
        for _ in range(12):
            before = time.perf_counter()
            client.send_all(b"ping")
            server.send_all(server.receive())
            client.receive()
            times.append(time.perf_counter() - before)
    assert min(times) >= 2 * delay
    assert sorted(times)[6] < 2 * delay + 0.05


def test_the_rate_is_kept():
    rate, data = 8e6, bytes(200_000)
    with path(rate=rate, room=10_000) as (client, server, _):
        before = time.perf_counter()
        with Background(client.send_all, data):
            server.receive_exactly(len(data))
        took = time.perf_counter() - before
    asked = len(data) * 8 / rate
    assert asked <= took < 3 * asked


def test_two_connections_share_the_rate():
    rate, data = 8e6, bytes(50_000)
    with (
        TCPListener() as listener,
        TCPRelay(listener.address, rate=rate) as relay,
        ExitStack() as stack,
    ):
        ends = []
        for _ in range(2):
            client = stack.enter_context(TCPConnection.connect(relay.address))
            ends.append((client, stack.enter_context(listener.accept())))
        before = time.perf_counter()
        for client, _ in ends:
            client.send_all(data)
        for _, server in ends:
            server.receive_exactly(len(data))
        took = time.perf_counter() - before
    assert 2 * len(data) * 8 / rate <= took


def test_a_path_can_be_dialled_while_it_runs():
    def round_trip() -> float:
        before = time.perf_counter()
        client.send_all(b"ping")
        server.send_all(server.receive_exactly(4))
        client.receive_exactly(4)
        return time.perf_counter() - before

    with path() as (client, server, relay):
        relay.dial(delay=0.1)
        assert round_trip() >= 0.2
        relay.dial(delay=0, rate=1e3)  # 32 ms for 4 bytes
        assert 0.064 <= round_trip() < 0.2
        with pytest.raises(TypeError, match="no parameter 'speed'"):
            relay.dial(speed=1)
        relay.dial(rate=None)


def test_the_way_back_may_differ_and_be_dialled_alone():
    with path(delay=0.0, back=(0.05, None)) as (client, server, relay):
        before = time.perf_counter()
        client.send_all(b"ping")
        server.receive_exactly(4)
        relay.dial(back=(0.0, 1e3))  # 32 ms for 4 bytes
        server.send_all(b"pong")
        client.receive_exactly(4)
        assert 0.032 <= time.perf_counter() - before < 0.05 + SOON
        with pytest.raises(ValueError, match=re.escape("back must be (delay, rate), or None")):
            relay.dial(back=0.1)
        with pytest.raises(ValueError, match="rate must be bits per second above 0"):
            relay.dial(back=(0.1, 0))


def test_a_report_reads_like_one_and_says_when_not_to_believe_a_run():
    late = Lateness(0.001, 0.002, 0.01, 0.02)
    report = StreamReport(3, 1, {"Connection refused": 2}, 0, 10, 20, lateness=late)
    assert str(report).splitlines() == [
        "connections 3, 1 open, 0 reset",
        "refused     2 Connection refused",
        "forward     10 bytes",
        "backward    20 bytes",
        "lateness    p50 1, p90 2, p99 10, worst 20 ms",
        "starved     0",
    ]
    assert "10 ms late or later, of 100 ms" in report.too_busy(rtt=0.1)
    assert report.too_busy(rtt=0.3) == ""
    assert "3 times, no file was free" in StreamReport(starved=3).too_busy(rtt=0.1)


def test_lateness_is_in_the_report_and_none_before_the_first():
    with path(delay=0.01) as (client, server, relay):
        assert relay.report.lateness is None
        for _ in range(5):
            client.send_all(b"!")
            server.receive()
        late = relay.report.lateness
    assert 0 <= late.p50 <= late.worst < SOON


def test_urgent_bytes_go_on_in_their_place():
    with path(delay=0.01) as (client, server, _):
        client.send_all(b"before ")
        client._socket.send(b"!", socket.MSG_OOB)
        client.send_all(b" after")
        client.send_eof()
        assert all_of(server) == b"before ! after"


def test_a_relay_listens_where_it_is_asked_to():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        free = sock.getsockname()[1]
    with TCPListener() as listener, TCPRelay(listener.address, port=free) as relay:
        assert relay.address == ("127.0.0.1", free)


def test_a_reader_that_does_not_read_makes_the_sender_wait():
    with path(room=10_000) as (client, server, relay):
        client._socket.settimeout(0.2)
        with pytest.raises(TimeoutError, match="is the peer reading"):
            client.send_all(bytes(50_000_000))
        passed = relay.report.forward
        assert passed < 20_000_000
        while relay.report.forward == passed:
            server.receive()
        assert relay.report.lateness.worst < 0.2, "it is the reader who was late"


def test_two_senders_that_do_not_read_both_wait_and_then_both_go_on():
    data = bytes(20_000_000)
    with path(room=10_000) as (client, server, relay):
        for end in (client, server):
            end._socket.settimeout(0.1)
            with pytest.raises(TimeoutError):
                end.send_all(data)
        passed = relay.report
        for end in (client, server):
            end._socket.settimeout(SOON)
            end.receive_exactly(passed.forward // 2)
        assert relay.report.open == 1


# Ends, expected and not


def test_a_reset_by_the_client_reaches_the_server():
    with path(delay=0.01) as (client, server, relay):
        client.send_all(b"last words")
        assert server.receive() == b"last words"
        abort(client)
        with pytest.raises(ConnectionResetError):
            server.receive()
    assert (relay.report.connections, relay.report.reset, relay.report.forward) == (1, 1, 10)


def test_a_reset_by_the_server_reaches_the_client_even_after_half_a_close():
    with path() as (client, server, _):
        client.send_eof()
        assert server.receive() == b""
        abort(server)
        with pytest.raises(ConnectionResetError):
            client.receive()


def test_what_nobody_reads_any_more_comes_back_as_a_reset():
    with path() as (client, server, _):
        server.close()
        assert client.receive() == b""  # so far it looks like a half-close
        deadline = time.monotonic() + SOON
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            while time.monotonic() < deadline:
                client.send_all(b"is anybody there?")


def test_a_destination_that_refuses_is_a_reset_for_the_client_and_counted():
    with TCPListener() as listener:
        nobody = listener.address
    relay = TCPRelay(nobody)
    reset = pytest.raises(ConnectionResetError)  # it may come before connect has returned
    with relay, reset, TCPConnection.connect(relay.address) as client:
        client.receive()
    report = relay.report
    assert report.refused == {os.strerror(errno.ECONNREFUSED): 1} and report.reset == 0


def test_a_server_that_accepts_and_resets_has_not_refused():
    with TCPListener() as listener, TCPRelay(listener.address) as relay:
        for number in range(30):
            with suppress(ConnectionResetError), TCPConnection.connect(relay.address) as client:
                abort(listener.accept())
                client.receive()
            wait_for(lambda number=number: relay.report.reset == number + 1)
        assert relay.report.refused == {}


def test_a_reset_of_all_connections_leaves_the_relay_running():
    with path(delay=60) as (client, server, relay):
        client.send_all(b"never arrives")
        with TCPConnection.connect(relay.address) as waiting:  # perhaps not accepted yet
            relay.reset()
            for end in (client, server, waiting):
                with pytest.raises(ConnectionResetError):
                    end.receive()
        wait_for(lambda: (relay.report.reset, relay.report.open) == (2, 0))
        with TCPConnection.connect(relay.address):
            wait_for(lambda: relay.report.open == 1)


def test_several_connections_do_not_mix():
    with TCPListener() as listener, TCPRelay(listener.address, delay=0.01) as relay:
        clients = [TCPConnection.connect(relay.address) for _ in range(5)]
        servers = [listener.accept() for _ in clients]
        for n, client in enumerate(clients):
            client.send_all(b"%d" % n)
            client.send_eof()
        assert sorted(all_of(server) for server in servers) == [b"%d" % n for n in range(5)]
        for connection in clients + servers:
            connection.close()


def test_a_silent_relay_says_nothing_and_closes_nothing():
    with path() as (client, server, relay):
        client.send_all(b"before")
        assert server.receive() == b"before"
        relay.silence()
        client.send_all(b"into the void")  # the relay's kernel takes it all the same
        server._socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.receive()
        relay.silence(False)
        server._socket.settimeout(SOON)
        assert server.receive() == b"into the void"


def test_closing_the_relay_resets_what_was_open_and_twice_is_harmless():
    with TCPListener() as listener:
        relay = TCPRelay(listener.address, delay=60).start()
        with TCPConnection.connect(relay.address) as client, listener.accept() as server:
            client.send_all(b"never arrives")
            before = time.monotonic()
            relay.close()
            relay.close()
            assert time.monotonic() - before < 1
            for end in (client, server):
                with pytest.raises(ConnectionResetError):
                    end.receive()
        with relay, pytest.raises(RuntimeError, match=r"running already, at 127"):
            relay.start()
        assert re.fullmatch(r"TCPRelay\(not running → 127.*\)", repr(relay))


def test_a_relay_leads_from_ipv4_to_ipv6():
    try:
        listener = TCPListener("::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with (
        listener,
        TCPRelay(listener.address, host="127.0.0.1") as relay,
        TCPConnection.connect(relay.address) as client,
        listener.accept() as server,
    ):
        client.send_all(b"!")
        assert (server.receive(), relay.address[0]) == (b"!", "127.0.0.1")


def test_a_wait_is_not_rounded_to_a_millisecond():
    def took() -> float:
        before = time.perf_counter()
        assert select_exactly(poll, 0.0003) == []
        return time.perf_counter() - before

    with selectors.DefaultSelector() as poll:
        assert 0.0003 <= min(took() for _ in range(50)) < 0.001


# Many connections, few files, an interrupt, a death

ECHO = """
import os, resource, socket, statistics, threading, time
from netlib.worlds import TCPRelay

def serve():
    while (server := listener.accept()[0]):
        servers.append(server)
        server.sendall(b"welcome")

def wait_for(happened):
    deadline = time.monotonic() + 5
    while not happened():
        assert time.monotonic() < deadline, "not in time"

listener, servers = socket.create_server(("127.0.0.1", 0), backlog=4096), []
threading.Thread(target=serve, daemon=True).start()
"""


def run_in_child(source: str):
    """Run a program that opens more files, or has fewer, than is good for these tests."""
    subprocess.run([sys.executable, "-c", ECHO + source], check=True, timeout=30)


@on_posix
def test_six_hundred_connections_work_beside_eleven_hundred_files_and_none_waits_long():
    run_in_child("""
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (5000 if most < 0 else min(5000, most), most))
files = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
with TCPRelay(listener.getsockname(), delay=0.001) as relay:
    clients, took = [socket.socket() for _ in range(600)], []
    began = time.perf_counter()
    for client in clients:
        client.setblocking(False)
        client.connect_ex(relay.address)
    for client in clients:
        client.settimeout(5)
        assert client.recv(7) == b"welcome"
        took.append(time.perf_counter() - began)
    report = relay.report
    assert (report.connections, report.open, report.starved) == (600, 600, 0), report
    for client in clients:
        client.close()
    for server in servers:
        server.close()
    wait_for(lambda: relay.report.open == 0)
""")


@on_posix
def test_with_no_file_left_it_waits_counts_it_and_goes_on():
    run_in_child("""
from netlib.worlds.tcp_relay.loop import PAUSE
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
with TCPRelay(listener.getsockname()) as relay, socket.socket() as client:
    files = []
    try:
        while True:
            files.append(os.dup(1))
    except OSError:
        pass
    client.connect(relay.address)
    wait_for(lambda: relay.report.starved)
    began, before, work = time.monotonic(), relay.report.starved, time.process_time()
    wait_for(lambda: relay.report.starved >= before + 4)
    assert time.monotonic() - began >= 3 * PAUSE
    for each in files:
        os.close(each)
    client.settimeout(5)
    assert client.recv(7) == b"welcome"
    assert relay.report.connections == 1
""")


@on_posix
def test_an_interrupt_while_the_relay_starts_leaves_no_thread_and_no_socket(monkeypatch):
    threads = threading.active_count()
    relay = TCPRelay(("127.0.0.1", 9))
    monkeypatch.setattr(threading.Event, "wait", lambda *_: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):  # Thread.start() waits until the thread has begun
        relay.start()
    monkeypatch.undo()
    wait_for(lambda: threading.active_count() == threads)
    with pytest.raises(ConnectionRefusedError):
        TCPConnection.connect(relay.address)


def test_a_relay_that_is_forgotten_ends():
    relay = TCPRelay(("127.0.0.1", 9)).start()
    address, threads = relay.address, threading.active_count()
    del relay
    gc.collect()
    wait_for(lambda: threading.active_count() == threads - 1)
    with pytest.raises(ConnectionRefusedError):
        TCPConnection.connect(address)


def test_if_the_thread_dies_the_next_call_says_so_and_nobody_can_connect(monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("a mistake in the relay")

    with TCPListener() as listener:
        relay = TCPRelay(listener.address).start()
        address = relay.address
        with TCPConnection.connect(address) as client, listener.accept():
            monkeypatch.setattr(Flow, "take", fail)
            client.send_all(b"!")
            with pytest.raises(ConnectionResetError):
                client.receive()
        with pytest.raises(ConnectionRefusedError):
            TCPConnection.connect(address)
        with pytest.raises(RelayDied, match="a mistake in the relay"):
            _ = relay.report
        with pytest.raises(RelayDied, match="a mistake in the relay"):
            relay.close()
        relay.close()
        monkeypatch.undo()
        with relay, TCPConnection.connect(relay.address):
            assert relay.report.lateness is None


# What it cannot do


@pytest.mark.parametrize("name", ["loss", "duplicate", "reorder"])
def test_there_is_no_loss_and_the_error_says_why(name):
    with pytest.raises(ValueError, match=f"has no '{name}': both kernels have acknowledged"):
        TCPRelay(("127.0.0.1", 9), **{name: 0.1})


def test_dropped_bytes_are_never_sent_again_and_the_stream_is_corrupt():
    framing, reader = LengthPrefixed(max_size=100), LengthPrefixed(max_size=100)
    stream = b"".join(framing.encode(b"message %d" % n) for n in range(50))
    with path(hole=range(100, 150)) as (client, server, _):
        client.send_all(stream)
        client.send_eof()
        arrived = all_of(server)
    assert arrived == stream[:100] + stream[150:]
    with pytest.raises(FramingError) as caught:
        reader.feed(arrived)
        reader.end()
    assert len(caught.value.messages) < 50


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"delay": -1}, ValueError, "delay must be a number of seconds, 0 or more, got -1"),
        ({"rate": 0}, ValueError, "rate must be"),
        ({"room": 0}, ValueError, "room must be"),
        ({"hole": 100}, ValueError, "hole must be a range of byte numbers in a row, got 100"),
        ({"speed": 1}, TypeError, "TCPRelay has no parameter 'speed'"),
        ({"destination": "there"}, ValueError, "destination must be (host, port), got 'there'"),
    ],
)
def test_a_mistake_is_an_error_at_once(wrong, error, message):
    with pytest.raises(error, match=re.escape(message)):
        TCPRelay(**{"destination": ("127.0.0.1", 9), **wrong})


def test_before_the_start_there_is_no_address():
    with pytest.raises(RuntimeError, match="inside its `with` block"):
        _ = TCPRelay(("127.0.0.1", 9)).address
