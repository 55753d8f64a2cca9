"""TCP on real sockets: a stream of bytes, its ends, its limits, and what the errors say."""

import re
import select
import socket
from contextlib import contextmanager

import pytest

from netlib.sockets import Background, IncompleteReadError, TCPConnection, TCPListener
from netlib.trace import Trace

# such as a socket that only the garbage collector closed
pytestmark = pytest.mark.filterwarnings("error")
PLENTY = bytes(range(250)) * 4000  # 1 MB: far more than the small buffers of a pair take
OPENINGS = pytest.mark.parametrize(
    "opening", [TCPListener, lambda **given: TCPConnection.connect(("127.0.0.1", 9), **given)]
)


@contextmanager
def pair(host="127.0.0.1", timeout=5.0, trace=None, small_buffers=False):
    """Open a connection; yield its two ends."""
    with TCPListener(host, timeout=timeout, trace=trace) as listener:
        if small_buffers:  # before connecting, for the window offered at the start depends on it
            listener._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with (
            TCPConnection.connect(listener.address, timeout=timeout, trace=trace) as client,
            listener.accept() as server,
        ):
            if small_buffers:
                client._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            yield client, server


@contextmanager
def records():
    """Open two ends of which each receive returns one send: a stream cut in the worst way."""
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with TCPConnection(one, ("peer", 1)) as near, TCPConnection(other, ("peer", 2)) as far:
        yield near, far


def send_each_byte(connection, data: bytes):
    for number in data:
        connection.send(bytes([number]))


def received_until_the_end(connection) -> bytes:
    return b"".join(iter(connection.receive, b""))


def test_each_end_receives_what_the_other_sends_and_knows_its_address(host):
    with pair(host) as (client, server):
        client.send_all(b"question")
        assert server.receive() == b"question"
        server.send_all(b"answer")
        assert client.receive() == b"answer"
        assert (client.local, client.peer) == (server.peer, server.local)


def test_a_client_connects_before_accept_is_called_and_may_be_gone_by_then():
    with TCPListener() as listener:
        with TCPConnection.connect(listener.address) as client:
            client.send_all(b"early")
        with listener.accept() as server:
            assert received_until_the_end(server) == b"early"


def test_the_stream_has_no_mark_where_one_send_ended():
    with pair() as (client, server):
        for part in (b"one", b"two"):
            client.send_all(part)
        assert server.receive_exactly(5) + server.receive(1) == b"onetwo"


def test_receive_returns_nothing_at_the_end_and_stays_there():
    with pair() as (client, server):
        client.close()
        assert [server.receive(), server.receive()] == [b"", b""]


def test_receive_exactly_waits_for_many_small_sends():
    with records() as (near, far), Background(send_each_byte, near, bytes(range(100))):
        assert far.receive_exactly(100) == bytes(range(100))


def test_receive_exactly_takes_no_byte_too_many_and_crosses_any_size():
    with pair() as (client, server), Background(client.send_all, PLENTY + b"rest"):
        assert server.receive_exactly(len(PLENTY)) == PLENTY
        assert server.receive() == b"rest"


def test_a_stream_that_ends_too_early_says_what_was_expected_and_what_came():
    with pair() as (client, server):
        client.send_all(b"abc")
        client.send_eof()
        message = "expected 10 bytes, got 3, then the peer closed"
        with pytest.raises(IncompleteReadError, match=message) as caught:
            server.receive_exactly(10)
    assert (caught.value.expected, caught.value.partial) == (10, b"abc")


@pytest.mark.parametrize("client_ends_first", [True, False])
def test_an_end_that_has_sent_its_last_byte_still_receives(client_ends_first):
    with pair() as ends:
        first, second = ends if client_ends_first else reversed(ends)
        first.send_eof()
        assert second.receive() == b""
        second.send_all(b"still here")
        second.send_eof()
        assert received_until_the_end(first) == b"still here"


def test_send_takes_only_a_part_when_the_buffers_are_small_and_says_how_much():
    trace = Trace()
    with pair(trace=trace, small_buffers=True) as (client, server):
        accepted = client.send(PLENTY)
        client.send_eof()
        assert 0 < accepted < len(PLENTY)
        assert len(received_until_the_end(server)) == accepted
    assert [e.note for e in trace.only("partial")] == [f"{accepted} of 1000000 bytes taken"]


@pytest.mark.parametrize("data", [PLENTY, memoryview(PLENTY).cast("I")])
def test_send_all_sends_every_byte_through_small_buffers_whatever_the_size_of_an_item(data):
    with pair(small_buffers=True) as (client, server), Background(client.send_all, data):
        assert server.receive_exactly(len(PLENTY)) == PLENTY


def test_send_all_says_how_much_was_taken_when_the_peer_does_not_read():
    with pair(timeout=0.05, small_buffers=True) as (client, server):
        message = r"of 1000000 bytes were taken, then none within 0.05 s: is the peer reading\?"
        with pytest.raises(TimeoutError, match=message) as caught:
            client.send_all(PLENTY)
        client.send_eof()
        taken = int(re.match(r"\d+", str(caught.value))[0])
        assert len(received_until_the_end(server)) == taken > 0


def test_a_timeout_says_from_whom_nothing_came_and_how_long_the_wait_was():
    trace = Trace()
    with pair(timeout=0.01, trace=trace) as (client, server):
        message = f"nothing came from 127.0.0.1:{client.local[1]} within 0.01 s"
        with pytest.raises(TimeoutError, match=re.escape(message)):
            server.receive()
    assert [e.role for e in trace.only("timeout")] == ["server"]


def test_an_accept_that_times_out_says_where_nobody_connected():
    with TCPListener(timeout=0.01) as listener:
        message = f"nobody connected to 127.0.0.1:{listener.address[1]} within 0.01 s"
        with pytest.raises(TimeoutError, match=re.escape(message)):
            listener.accept()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux gives up so soon")
def test_a_wait_without_a_limit_says_so_when_the_system_ends_it():
    with pair(timeout=None, small_buffers=True) as (client, _):
        client._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1)
        with pytest.raises(TimeoutError, match="before the system gave up: is the peer reading"):
            client.send_all(PLENTY)


def test_a_connection_nobody_waits_for_is_refused_with_what_to_do():
    with socket.socket() as bound:  # has the port, so that nothing else can, but does not listen
        bound.bind(("127.0.0.1", 0))
        message = rf"cannot connect to 127.0.0.1:{bound.getsockname()[1]}: .*open the listener"
        with pytest.raises(ConnectionRefusedError, match=message):
            TCPConnection.connect(bound.getsockname())


def test_closing_with_bytes_unread_resets_the_connection():
    with pair() as (client, server):
        client.send_all(b"never read")
        select.select([server], [], [], 5)
        server.close()
        message = r"the peer reset the connection: it died, or closed with data unread"
        with pytest.raises(ConnectionResetError, match=message):
            client.receive()


def test_sending_to_a_peer_that_has_closed_fails_once_its_reset_has_come():
    with pair() as (client, server):
        server.close()
        with pytest.raises(BrokenPipeError, match="the peer has closed its end"):
            for _ in range(1000):
                client.send(b"x")


@OPENINGS
@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_timeout_that_is_not_a_positive_number_is_refused(opening, timeout):
    with pytest.raises(ValueError, match=f"positive number of seconds or None, got {timeout}"):
        opening(timeout=timeout)


def test_a_port_that_cannot_be_is_refused():
    message = r"port must be in \[0, 65535\], got 65536"
    with pytest.raises(ValueError, match=message):
        TCPListener(port=65536)
    with pytest.raises(ValueError, match=message):
        TCPConnection.connect(("127.0.0.1", 65536))


def test_text_gives_a_type_error():
    with pair() as (client, _):
        for send in (client.send, client.send_all):
            with pytest.raises(TypeError, match=r"got 'text': text needs .encode\(\)"):
                send("text")


def test_a_port_can_be_listened_at_again_right_after_closing():
    with pair() as (client, server):
        port = server.local[1]
        server.close()  # first, so that it is this port whose connection lingers in TIME-WAIT
        assert client.receive() == b""
    with TCPListener(port=port) as again:
        assert again.address[1] == port


def test_two_listeners_cannot_share_a_port():
    with TCPListener() as first, pytest.raises(OSError, match="another socket has this port"):
        TCPListener(port=first.address[1])


def test_an_exception_in_the_block_closes_every_socket_and_passes_on():
    with pytest.raises(ZeroDivisionError), pair() as (client, server):
        raise ZeroDivisionError
    assert client.fileno() == server.fileno() == -1


def test_a_closed_socket_is_called_closed():
    with TCPListener() as listener:
        pass
    with pair() as (client, _):
        client.close()
        client.close()
        calls = (listener.accept, client.receive, client.send_eof, lambda: client.send(b"x"))
        for call in calls:
            with pytest.raises(OSError, match=r"\(this socket is closed\)"):
                call()


def test_the_trace_shows_a_conversation_by_roles():
    trace = Trace()
    with pair(trace=trace) as (client, server):
        client.send_all(b"hi")
        server.receive()
        client.send_eof()
        server.receive()
    assert [[who, what, to] for _, who, what, to, *_ in trace.rows()[1:]] == [
        ["client", "connect", "· server"],
        ["server", "accept", "· client"],
        ["client", "send", "→ server"],
        ["server", "receive", "← client"],
        ["client", "send eof", "· server"],
        ["server", "end of stream", "· client"],
    ]
