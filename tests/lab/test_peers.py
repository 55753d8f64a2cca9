"""A peer of our own: it ends when told, and what its end looks like from here has a name."""

import socket

import pytest

from netlib.lab.peers import outcome, pair_with_process, read_all
from netlib.sockets.pair import pair


@pytest.mark.parametrize("end", [lambda p: p.stdin.close(), lambda p: p.kill()])
def test_a_peer_in_a_process_of_its_own_says_goodbye_when_it_exits_or_is_killed(end):
    with pair_with_process() as (mine, process):
        assert mine.getpeername()[0] == "127.0.0.1" and process.poll() is None
        end(process)
        assert read_all(mine) == (0, "FIN")
    assert process.poll() is not None


def test_a_process_that_nobody_ended_is_ended_with_the_block():
    with pair_with_process() as (_, process):
        assert process.poll() is None
    assert process.poll() == 0


def test_an_outcome_is_a_result_or_the_name_of_an_error():
    with pair(timeout=0.01) as (client, server):
        assert outcome(client.send, b"123") == "3"
        assert outcome(client.recv, 1) == "TimeoutError"
        server.close()  # with unread data
        assert outcome(client.recv, 1) == "ECONNRESET"
    with pytest.raises(TypeError):
        outcome(len, 3)


@pytest.mark.parametrize("unread, end", [(b"", "FIN"), (b"!", "RST")])
def test_all_is_read_up_to_the_end_which_is_named(unread, end):
    with pair() as (client, server):
        client.sendall(unread)
        server.recv(1, socket.MSG_PEEK) if unread else None
        server.sendall(bytes(1000))
        server.close()
        assert read_all(client) == (1000, end)
