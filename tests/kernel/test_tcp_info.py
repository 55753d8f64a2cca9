"""The kernel's own numbers of a connection: they agree with what was done to it."""

import os
import socket
import struct
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.kernel.tcp_info import LAYOUT, SIZE, TCPInfo, parse, tcp_info
from netlib.sockets import TCPConnection, TCPListener

# such as a socket that only the garbage collector closed
pytestmark = pytest.mark.filterwarnings("error")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


@pytest.fixture
def ends():
    with (
        TCPListener() as listener,
        TCPConnection.connect(listener.address) as client,
        listener.accept() as server,
    ):
        yield client, server


@on_linux
def test_bytes_and_segments_are_those_that_were_sent(ends):
    client, server = ends
    for _ in range(3):
        client.send_all(bytes(100))
        server.receive_exactly(100)
        server.send_all(b"!")
        client.receive_exactly(1)
    mine, theirs = tcp_info(client), tcp_info(server)
    assert (mine.data_segments_out, mine.data_segments_in) == (3, 3)
    assert (theirs.data_segments_out, theirs.data_segments_in) == (3, 3)
    assert theirs.bytes_received == 300
    assert mine.bytes_received == 3
    assert mine.segments_out >= 5, "a SYN, its ACK, three requests"
    assert mine.not_sent == mine.unacked == mine.retransmitted == 0


@on_linux
def test_a_peer_that_does_not_read_closes_its_window_and_the_rest_is_not_sent(ends):
    client, _ = ends
    fresh = tcp_info(client)
    with socket.socket(fileno=os.dup(client.fileno())) as sock:
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                sock.send(bytes(65536))
    deadline = time.monotonic() + 5
    while (full := tcp_info(client)).peer_window >= fresh.peer_window:  # its ACK is delayed
        assert time.monotonic() < deadline, full
    assert full.not_sent > full.peer_window
    assert 0 < full.peer_window_limited <= full.busy
    assert min(fresh.rtt, fresh.rto, fresh.mss, fresh.cwnd) > 0


@on_linux
def test_a_closed_socket_is_an_error(ends):
    client, _ = ends
    client.close()
    with pytest.raises(OSError):
        tcp_info(client)


def test_elsewhere_the_answer_is_none(monkeypatch, ends):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert tcp_info(ends[0]) is None


def test_each_field_is_read_at_its_own_place():
    raw = bytearray(SIZE)
    for number, (offset, form, _) in enumerate(LAYOUT.values(), 1):
        struct.pack_into(form, raw, offset, number)
    wanted = [n * unit for n, (_, _, unit) in enumerate(LAYOUT.values(), 1)]
    assert list(parse(bytes(raw))) == wanted
    assert tuple(LAYOUT) == TCPInfo._fields


@given(st.binary(max_size=300))
def test_a_structure_of_any_length_is_read_as_if_padded_with_zeros(raw):
    assert parse(raw) == parse(raw[:SIZE].ljust(SIZE, b"\0"))


def test_what_an_older_kernel_lacks_is_zero():
    old = parse(b"\xff" * 104)  # Linux 2.6
    assert old.retransmitted == 2**32 - 1
    assert old.segments_out == old.not_sent == old.peer_window == 0
