"""What a learner's function does with sockets is seen, and nothing of the watching is left."""

import socket

import pytest

from netlib.checker.sockets import sipping, watched
from netlib.sockets import TCPConnection, UDPReceiver, UDPSender
from netlib.sockets.pair import pair

pytestmark = pytest.mark.usefixtures("nothing_left_open")


def test_each_socket_is_seen_with_what_it_sent_and_whether_it_was_closed():
    with watched() as opened:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind(("127.0.0.1", 0))
            one.sendto(b"to myself", one.getsockname())
            assert one.recv(100) == b"to myself"
        left = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        assert [(s.sent, s.closed) for s in opened] == [([b"to myself"], True), ([], False)]
    assert left.fileno() < 0


def test_the_sockets_of_netlib_are_seen_too():
    with watched() as opened, UDPReceiver() as receiver, UDPSender() as sender:
        sender.send(b"x", receiver.address)
        assert [s.sent for s in opened] == [[], [b"x"]]


def test_what_a_socket_sends_to_itself_is_told_from_what_it_sends_to_another():
    with watched() as opened, UDPReceiver() as receiver, UDPSender() as sender:
        sender.send(b"x", receiver.address)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as alone:
            alone.bind(("127.0.0.1", 0))
            alone.connect(alone.getsockname())
            alone.send(b"to myself")
        assert [s.sent_to_itself for s in opened] == [False, False, True]
    with watched() as opened, socket.socketpair()[0] as end:
        end.send(b"x")
        assert not any(s.sent_to_itself for s in opened)


def test_a_wait_without_a_limit_ends_and_the_module_is_as_before():
    before = socket.socket, socket.getdefaulttimeout()
    with pytest.raises(TimeoutError), watched() as opened:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(("127.0.0.1", 0))
        opened[0].recv(1)
    assert (socket.socket, socket.getdefaulttimeout()) == before


def test_what_a_stream_sends_is_seen():
    with watched() as opened, socket.create_server(("127.0.0.1", 0)) as listener:
        with socket.create_connection(listener.getsockname()) as client, listener.accept()[0]:
            client.sendall(b"all")
            client.send(b"some")
        assert [b"all", b"some"] in [s.sent for s in opened]


def test_who_sips_gets_everything_a_few_bytes_at_a_time():
    with pair() as (near, far):
        with TCPConnection(near, near.getpeername()) as client:
            client.send_all(b"0123456789")
        with TCPConnection(far, ("127.0.0.1", 0)) as server:
            sips = [sipping(server, 4).receive(n) for n in (65536, 4, 1)]
            assert [*sips, server.receive()] == [b"0123", b"4567", b"8", b"9"]
            assert server.receive() == b""
