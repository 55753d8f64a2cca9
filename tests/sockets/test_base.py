"""What the socket classes share: waits for descriptors of any number, and a close that resets."""

import os
import socket
import sys
import time

import pytest

from netlib.kernel.open_files import allow_files
from netlib.sockets.base import abort, readable
from netlib.sockets.pair import pair


@pytest.fixture(params=["as they come", "above 1023"])
def ends(request):
    """Return two descriptors, of which the first is readable, and close the copies."""
    with pair() as (client, server), pair() as (idle, _):
        client.sendall(b"!")
        if request.param == "as they come":
            yield [server.fileno(), idle.fileno()]
            return
        if sys.platform == "win32" or allow_files(1200) < 1200:
            pytest.skip("so many files may not be open here")
        import fcntl

        copies = [fcntl.fcntl(end.fileno(), fcntl.F_DUPFD, 1024) for end in (server, idle)]
        yield copies
        for copy in copies:
            os.close(copy)


def test_the_descriptors_that_are_readable_are_returned(ends):
    assert readable(ends, 5.0) == ends[:1]


def test_a_wait_in_vain_lasts_as_long_as_asked_and_is_not_rounded_to_a_millisecond(ends):
    def took() -> float:
        before = time.perf_counter()
        assert readable(ends[1:], 0.0003) == []
        return time.perf_counter() - before

    assert 0.0003 <= min(took() for _ in range(50)) < 0.001


def test_an_aborted_connection_is_reset():
    with pair() as (client, server):
        abort(client)
        assert client.fileno() < 0
        with pytest.raises(ConnectionResetError):
            server.recv(1)


def test_a_socket_that_is_closed_already_may_be_aborted():
    sock = socket.socket()
    sock.close()
    abort(sock)
