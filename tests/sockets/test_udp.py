"""UDP on real sockets: what arrives, what does not fit, and what the errors say."""

import errno
import re
import socket
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.sockets import Datagram, UDPReceiver, UDPSender
from netlib.sockets.base import reason
from netlib.trace import Trace

# such as a socket that only the garbage collector closed
pytestmark = pytest.mark.filterwarnings("error")
LARGEST = {"127.0.0.1": 65507, "::1": 65527}
ENDPOINTS = pytest.mark.parametrize("endpoint", [UDPSender, UDPReceiver])
NOWHERE = ("127.0.0.1", 9)


def test_a_datagram_arrives_with_its_payload_and_its_senders_address(host):
    with UDPReceiver(host) as receiver, UDPSender(host) as sender:
        assert sender.send(b"hello", receiver.address) == 5
        assert receiver.receive() == Datagram(b"hello", sender.address, truncated=False)


@ENDPOINTS
def test_an_endpoint_is_on_loopback_at_a_port_the_kernel_chose(endpoint):
    with endpoint() as one, endpoint() as other:
        assert one.address[0] == other.address[0] == "127.0.0.1"
        assert 0 < one.address[1] != other.address[1] > 0


def test_each_send_is_one_datagram_even_an_empty_one():
    with UDPReceiver() as receiver, UDPSender() as sender:
        for payload in (b"a", b"", b"bc"):
            sender.send(payload, receiver.address)
        assert [receiver.receive().payload for _ in range(3)] == [b"a", b"", b"bc"]


def test_any_payload_arrives_unchanged():
    with UDPReceiver() as receiver, UDPSender() as sender:

        @settings(max_examples=50, database=None, derandomize=True)
        @given(st.binary(max_size=3000))
        def unchanged(payload):
            sender.send(payload, receiver.address)
            assert receiver.receive() == Datagram(payload, sender.address)

        unchanged()


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS stops at 9216 bytes by default")
def test_the_largest_datagram_arrives_whole_and_one_byte_more_names_the_limit(host):
    largest, trace = LARGEST[host], Trace()
    with UDPReceiver(host) as receiver, UDPSender(host, trace=trace) as sender:
        sender.send(bytes(largest), receiver.address)
        assert len(receiver.receive().payload) == largest
        message = f"carries at most {largest} bytes, got {largest + 1}"
        with pytest.raises(OSError, match=message) as caught:
            sender.send(bytes(largest + 1), receiver.address)
    assert caught.value.errno == errno.EMSGSIZE
    assert [event.action for event in trace] == ["send", "send", "failed"]


def test_a_datagram_longer_than_max_size_is_truncated_and_says_so():
    trace = Trace()
    with UDPReceiver(trace=trace) as receiver, UDPSender() as sender:
        for payload in (b"12345", b"1234"):
            sender.send(payload, receiver.address)
        assert receiver.receive(4) == Datagram(b"1234", sender.address, truncated=True)
        assert receiver.receive(4) == Datagram(b"1234", sender.address, truncated=False)
    assert [event.note for event in trace] == ["truncated", ""]


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize(
    ("payload", "message"),
    [("text", "got the text 'text': use .encode()"), (5, "must be bytes, got 5")],
)
def test_a_payload_that_is_not_bytes_gives_a_type_error(traced, payload, message):
    trace = Trace() if traced else None
    with UDPSender(trace=trace) as sender, pytest.raises(TypeError, match=re.escape(message)):
        sender.send(payload, NOWHERE)


def test_the_trace_keeps_the_bytes_that_were_sent_though_the_buffer_is_used_again():
    trace, buffer = Trace(), bytearray(b"first")
    with UDPSender(trace=trace) as sender:
        sender.send(buffer, NOWHERE)
        buffer[:] = b"other"
        sender.send(memoryview(buffer), NOWHERE)
    assert [event.payload for event in trace] == [b"first", b"other"]


def test_a_timeout_says_where_nothing_arrived_and_how_long_the_wait_was():
    trace = Trace()
    with UDPReceiver(timeout=0.01, trace=trace) as receiver:
        message = f"no datagram arrived at 127.0.0.1:{receiver.address[1]} within 0.01 s"
        with pytest.raises(TimeoutError, match=re.escape(message)):
            receiver.receive()
    assert [event.action for event in trace] == ["timeout"]


def test_without_a_timeout_a_datagram_that_waits_is_received():
    with UDPReceiver(timeout=None) as receiver, UDPSender(timeout=None) as sender:
        sender.send(b"x", receiver.address)
        assert receiver.receive().payload == b"x"


@ENDPOINTS
@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_timeout_that_is_not_a_positive_number_is_refused(endpoint, timeout):
    with pytest.raises(ValueError, match=f"positive number of seconds or None, got {timeout}"):
        endpoint(timeout=timeout)


@ENDPOINTS
@pytest.mark.parametrize("port", [-1, 65536, 70000])
def test_a_port_that_cannot_be_is_refused(endpoint, port):
    with pytest.raises(ValueError, match=rf"port must be in \[0, 65535\], got {port}"):
        endpoint(port=port)


@ENDPOINTS
def test_closing_twice_is_harmless(endpoint):
    opened = endpoint()
    opened.close()
    opened.close()
    assert opened.fileno() == -1


@ENDPOINTS
def test_an_exception_in_the_block_closes_the_socket_and_passes_on(endpoint):
    with pytest.raises(ZeroDivisionError), endpoint() as opened:
        raise ZeroDivisionError
    assert opened.fileno() == -1


@ENDPOINTS
def test_a_port_in_use_is_refused_with_what_to_do(endpoint):
    with UDPReceiver() as first:
        port = first.address[1]
        message = rf"cannot bind to 127.0.0.1:{port}: .*another socket has this port; port=0"
        with pytest.raises(OSError, match=message) as caught:
            endpoint(port=port)
    assert caught.value.errno == errno.EADDRINUSE


@pytest.mark.parametrize("address", ["192.0.2.1", "256.1.1.1"])
def test_an_address_this_machine_does_not_have_is_refused_and_named(address):
    with pytest.raises(OSError, match=f"cannot bind to {address}:0: "):
        UDPReceiver(address)


def test_a_closed_socket_is_called_closed():
    with UDPReceiver() as receiver, UDPSender() as sender:
        pass
    with pytest.raises(OSError, match=r"cannot send .* \(this socket is closed\)"):
        sender.send(b"x", receiver.address)
    with pytest.raises(OSError, match=r"cannot receive .* \(this socket is closed\)"):
        receiver.receive()


def test_a_destination_of_the_other_address_family_is_refused_and_named():
    with UDPSender() as sender:
        with pytest.raises(OSError, match=r"cannot send from 127.0.0.1:\d+ to \[::1\]:9: "):
            sender.send(b"x", ("::1", 9))
        with pytest.raises(TypeError, match=r"got \('::1', 9, 0, 0\): AF_INET"):
            sender.send(b"x", ("::1", 9, 0, 0))


@pytest.mark.parametrize("destination", ["127.0.0.1:9", None, ["127.0.0.1", 9], ("127.0.0.1", "9")])
def test_a_destination_that_is_no_address_gives_a_type_error_and_a_table(destination):
    trace = Trace()
    message = r"destination must be \(host, port\), got "
    with UDPSender(trace=trace) as sender, pytest.raises(TypeError, match=message):
        sender.send(b"x", destination)
    assert len(trace.rows()) == 2


def test_a_destination_beyond_loopback_is_refused_with_what_to_do():
    with UDPSender() as sender, pytest.raises(OSError, match=r"to 192\.0\.2\.1:9") as caught:
        sender.send(b"x", ("192.0.2.1", 9))
    if caught.value.errno != errno.EINVAL:
        pytest.skip(f"this machine has no route to anywhere: {caught.value}")
    assert "bound to loopback, nothing leaves this machine" in str(caught.value)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse these in other words")
@pytest.mark.parametrize(
    ("destination", "said"),
    [(("127.0.0.1", 0), "to 127.0.0.1:0: Invalid"), (("255.255.255.255", 9), "to broadcast, too")],
)
def test_port_0_and_a_broadcast_are_refused_for_what_they_are(destination, said):
    with UDPSender() as sender, pytest.raises(OSError, match=said):
        sender.send(b"x", destination)


class Wrapped:
    """A socket of which one call is done otherwise: as a full buffer, or as Windows, does it."""

    def __init__(self, sock, **calls):
        self._sock = sock
        self.__dict__.update(calls)

    def __getattr__(self, name):
        return getattr(self._sock, name)


@pytest.mark.parametrize(
    "error",
    [  # made: loopback hands a datagram over at once, so that its send buffer never fills
        BlockingIOError(errno.EAGAIN, "full"),
        BlockingIOError(10035, "full, on Windows"),
        ConnectionResetError(10054, "on Windows: nobody received an earlier one"),
    ],
)
def test_a_send_that_would_block_is_waited_for_and_the_datagram_goes_once(error):
    with UDPReceiver(timeout=0.1) as receiver, UDPSender() as sender:
        sock, limits = sender._socket, []

        def refuse_once(*arguments):
            limits.append(sock.gettimeout())
            if len(limits) == 1:
                raise error
            return sock.sendto(*arguments)

        sender._socket = Wrapped(sock, sendto=refuse_once)
        assert sender.send(b"hello", receiver.address) == 5
        assert limits == [0.0, 5.0], "the second try waits as long as the sender's timeout"
        assert receiver.receive().payload == b"hello"
        with pytest.raises(TimeoutError):
            receiver.receive()


@pytest.mark.parametrize("size", [0, 4, 5, 9000])
def test_on_windows_too_a_datagram_longer_than_max_size_is_truncated(size):
    with UDPReceiver() as receiver, UDPSender() as sender:
        sock = receiver._socket

        def receive_as_windows(room):
            if sock.recv_into(bytearray(65536), 0, socket.MSG_PEEK) > room:
                raise OSError(10040, "larger than the internal message buffer")
            return sock.recvfrom(room)

        receiver._socket = Wrapped(sock, recvfrom=receive_as_windows)
        sender.send(bytes(size), receiver.address)
        assert receiver.receive(4) == Datagram(bytes(min(size, 4)), sender.address, size > 4)


@pytest.mark.parametrize("closed", [errno.EBADF, errno.ENOTSOCK])  # the latter on Windows: 10038
def test_whatever_a_system_calls_a_closed_socket_the_hint_is_the_same(closed):
    assert reason(OSError(closed, "said")) == "said (this socket is closed)"


def test_a_max_size_below_0_is_refused():
    with UDPReceiver() as receiver, pytest.raises(ValueError, match="max_size must be 0 or more"):
        receiver.receive(-1)
