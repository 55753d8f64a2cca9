"""A pair of connected sockets: on loopback, with the buffers asked for, closed at the end."""

import socket

import pytest

from netlib.sockets.pair import pair


def test_both_ends_are_connected_to_each_other_on_loopback():
    with pair() as (client, server):
        assert client.getpeername() == server.getsockname()
        assert client.getsockname() == server.getpeername()
        assert client.getsockname()[0] == "127.0.0.1"


def test_no_wait_is_endless():
    with pair(timeout=0.01) as ends:
        for end in ends:
            with pytest.raises(TimeoutError):
                end.recv(1)


def test_small_buffers_are_small_at_both_ends():
    with pair() as usual, pair(16384) as small:
        for large, little in zip(usual, small, strict=True):
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                asked, default = (s.getsockopt(socket.SOL_SOCKET, option) for s in (little, large))
                assert 16384 <= asked < default


def test_an_end_that_was_closed_inside_may_be_closed_again():
    with pair() as (client, server):
        client.close()
        assert server.recv(1) == b""
