"""The TCP relay: the same bytes, later, slower and cut anew; ends and resets passed on."""

import re
import socket
import struct
import time
from contextlib import contextmanager
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relays import SOON, nothing_left_behind  # noqa: F401

from netlib.sockets import Background, FramingError, LengthPrefixed, TCPConnection, TCPListener
from netlib.worlds.tcp_relay import StreamCounts, TCPRelay
from netlib.worlds.tcp_relay.chopper import Chopper, piece_sizes
from netlib.worlds.tcp_relay.flow import EOF, GAP, HOLD, RESET, Flow

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
        while flow.is_due(now):
            piece = flow.next_piece
            pieces.append((now, piece if piece is RESET else bytes(piece)))
            flow.sent(len(piece or b""))
    return pieces


def test_what_is_taken_is_due_after_the_delay_and_not_a_moment_before():
    flow = Flow(delay=0.25)
    flow.take(b"abc", now=1.0)
    flow.take(b"", now=1.5)
    assert not flow.is_due(1.2499) and flow.is_due(1.25)
    assert run(flow) == [(1.25, b"abc"), (1.75, EOF)]
    assert flow.over and not flow.broken


def test_a_rate_spreads_the_stream_evenly():
    flow = Flow(delay=0.1, rate=80_000)  # 10 kB/s, so pieces of 50 bytes
    flow.take(bytes(1000), now=0.0)
    flow.take(bytes(1000), now=0.05)
    left = run(flow)
    assert left[0] == (pytest.approx(0.105), bytes(50))
    assert left[-1] == (pytest.approx(0.3), bytes(50))
    assert len(left) == 40


def test_no_more_is_taken_than_there_is_room_for():
    flow = Flow(delay=1.0, room=100)
    flow.take(bytes(60), now=0.0)
    assert flow.room == 40
    flow.take(bytes(40), now=0.1)
    assert flow.room == 0
    assert flow.is_due(1.0)
    flow.sent(25)  # the kernel took a part
    assert (flow.room, len(flow.next_piece), flow.passed) == (25, 35, 25)


def test_pieces_have_the_sizes_asked_for_wherever_the_sends_had_ended():
    flow = Flow(chopper=Chopper(piece_sizes([3, 5], "forward")))
    for now, data in ((0.0, b"hello"), (0.001, b"world!"), (0.002, b"")):
        flow.take(data, now)
    pieces = run(flow)
    assert [piece for _, piece in pieces] == [b"hel", b"lowor", b"ld!", b""]
    times = [at for at, piece in pieces if piece]
    assert all(later - earlier >= GAP for earlier, later in pairwise(times))


def test_a_piece_that_does_not_fill_goes_as_it_is_after_a_while():
    flow = Flow(chopper=Chopper(piece_sizes([10], "forward")))
    flow.take(b"half", now=1.0)
    assert flow.deadline == 1.0 + HOLD
    assert run(flow) == [(1.0 + HOLD, b"half")]


@settings(database=None, derandomize=True)
@given(
    st.lists(st.binary(min_size=1, max_size=300), max_size=20),
    st.one_of(st.none(), st.integers(0, 9), st.lists(st.integers(1, 50), min_size=1, max_size=4)),
    st.sampled_from([None, 1e4, 1e6]),
)
def test_however_it_is_cut_the_stream_stays_the_same(sends, chop, rate):
    chopper = None if chop is None else Chopper(piece_sizes(chop, "forward"))
    flow = Flow(delay=0.01, rate=rate, chopper=chopper)
    for number, data in enumerate(sends):
        flow.take(data, number * 0.001)
    flow.take(b"", 1.0)
    pieces = run(flow)
    assert b"".join(piece for _, piece in pieces) == b"".join(sends)
    assert pieces[-1][1] == EOF
    assert [at for at, _ in pieces] == sorted(at for at, _ in pieces)
    assert flow.room == 0 and flow.passed == flow.taken


def test_a_reset_goes_behind_what_is_on_its_way_even_behind_the_end():
    flow = Flow(delay=0.1)
    flow.take(b"last words", now=0.0)
    flow.take(b"", now=0.0)
    flow.reset(now=0.5)
    flow.reset(now=0.6)
    assert run(flow) == [(0.1, b"last words"), (0.1, EOF), (0.6, RESET)]


def test_a_seed_gives_the_same_sizes_every_time_and_others_the_other_way():
    def sizes(seed: int, way: str) -> list[int]:
        return list(islice(piece_sizes(seed, way), 1000))

    assert sizes(4, "forward") == sizes(4, "forward") != sizes(5, "forward")
    assert sizes(4, "forward") != sizes(4, "backward")
    assert 1 <= min(sizes(4, "forward")) <= 3 and 1000 < max(sizes(4, "forward")) <= 1460


# The same on real sockets


@pytest.mark.parametrize("shape", [{}, {"delay": 0.01}, {"rate": 4e7}, {"chop": 3}], ids=str)
def test_the_bytes_come_through_unchanged_both_ways_at_once(shape):
    data = bytes(range(256)) * 80
    with (
        path(**shape) as (client, server, relay),
        Background(client.send_all, data),
        Background(server.send_all, data[::-1]),
    ):
        assert server.receive_exactly(len(data)) == data
        assert client.receive_exactly(len(data)) == data[::-1]
    assert relay.counts == StreamCounts(1, 0, 0, len(data), len(data))


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


def test_chopping_shows_in_what_receive_returns():
    with path(chop=[3, 5]) as (client, server, _):
        client.send_all(b"hello")
        client.send_all(b"world!!!")
        client.send_eof()
        pieces = list(iter(server.receive, b""))
    assert b"".join(pieces) == b"helloworld!!!"
    assert pieces != [b"hello", b"world!!!"] and len(pieces[0]) % 8 in (3, 0, 5)


def test_a_reader_that_does_not_read_makes_the_sender_wait():
    with path(room=10_000) as (client, server, relay):
        client._socket.settimeout(0.2)
        with pytest.raises(TimeoutError, match="is the peer reading"):
            client.send_all(bytes(50_000_000))
        passed = relay.counts.forward
        server._socket.setblocking(False)
        assert passed < 20_000_000
        assert len(server.receive(100)) == 100


# Ends, expected and not


def test_a_reset_by_the_client_reaches_the_server():
    with path(delay=0.01) as (client, server, relay):
        client.send_all(b"last words")
        assert server.receive() == b"last words"
        abort(client)
        with pytest.raises(ConnectionResetError):
            server.receive()
    assert relay.counts == StreamCounts(1, reset=1, forward=10)


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
    assert relay.counts == StreamCounts(1, refused=1)


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
        assert re.fullmatch(r"TCPRelay\(not running → 127.*StreamCounts.*\)", repr(relay))


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
        ({"chop": []}, ValueError, "chop must be a seed or sizes of 1 byte or more, got ()"),
        ({"chop": [3, 0]}, ValueError, "chop must be a seed or sizes of 1 byte or more"),
        ({"chop": True}, ValueError, "chop must be a seed or sizes of 1 byte or more, got True"),
        ({"room": 0}, ValueError, "room must be"),
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
