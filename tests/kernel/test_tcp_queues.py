"""The bytes that wait in a connection's buffers are those that were sent and not read."""

import socket
import sys
import time

import pytest

from netlib.kernel import tcp_queues as module
from netlib.kernel.tcp_queues import tcp_queues
from netlib.sockets import TCPConnection, TCPListener
from netlib.sockets.pair import pair

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux is asked")


def acknowledged(client, server):
    """Return both ends' queues once all ACKs have come: when they have not changed for 0.1 s."""
    queues, since, deadline = None, time.monotonic(), time.monotonic() + 5
    while time.monotonic() < min(since + 0.1, deadline):
        found = tcp_queues(client), tcp_queues(server)
        if found != queues:
            queues, since = found, time.monotonic()
    return queues


@on_linux
def test_what_send_took_is_in_one_of_the_two_buffers_on_the_way():
    with pair(16384) as (client, server):
        taken = client.send(bytes(1_000_000))
        here, there = acknowledged(client, server)
        assert 0 < taken == here.send + there.receive
        assert (here.receive, there.send) == (0, 0)


@on_linux
def test_what_is_read_is_in_no_queue_and_a_connection_of_ours_is_asked_too():
    with (
        TCPListener() as listener,
        TCPConnection.connect(listener.address) as client,
        listener.accept() as server,
    ):
        client.send_all(bytes(100))
        server.receive_exactly(30)
        assert tcp_queues(server) == (0, 70)


def test_where_the_kernel_does_not_tell_there_is_no_answer(monkeypatch):
    monkeypatch.setattr(module.sys, "platform", "darwin")
    with socket.socket() as sock:
        assert tcp_queues(sock) is None
