"""The states of real sockets: told rightly, in the order that the table allows."""

import errno
import socket
import sys
from pathlib import Path

import pytest

from netlib.kernel import states
from netlib.kernel.packet_filter import unplugged
from netlib.kernel.states import both_states, poll, sides, state, sysctl, wait_for_end
from netlib.protocols.tcp.states import STATES, TRANSITIONS
from netlib.sockets import TCPConnection, TCPListener
from netlib.sockets.pair import pair

on_linux = pytest.mark.skipif(not states.TABLE.exists(), reason="this reads Linux's /proc/net/tcp")


def after(state: str, *events: str) -> str:
    """Return the state to which these events lead in the table."""
    for event in events:
        (state,) = [s.target for s in TRANSITIONS if (s.source, s.event) == (state, event)]
    return state


def wait_for_state(sock, wanted: str) -> str:
    poll(lambda: state(sock) == wanted, wanted, lambda: state(sock))
    return state(sock)


@pytest.fixture
def ends():
    with (
        TCPListener() as listener,
        TCPConnection.connect(listener.address) as client,
        listener.accept() as server,
    ):
        yield listener, client, server


def test_a_connection_walks_through_the_table_as_the_kernel_reports_it(ends):
    listener, client, server = ends
    assert state(listener) == after("CLOSED", "listen()")
    assert state(client) == after("CLOSED", "connect()", "SYN, ACK come")
    assert state(server) == after("LISTEN", "SYN comes", "ACK comes")
    client.send_eof()
    assert wait_for_state(server, "CLOSE-WAIT") == after("ESTABLISHED", "FIN comes")
    assert wait_for_state(client, "FIN-WAIT-2") == after("ESTABLISHED", "close()", "ACK comes")


@on_linux
@pytest.mark.parametrize("first", ["client", "server"])
def test_time_wait_is_left_on_the_side_that_closed_first(ends, first):
    listener, client, server = ends
    one, other = (client, server) if first == "client" else (server, client)
    assert one.send_eof() is None and other.receive() == b""
    wait_for_state(one, "FIN-WAIT-2")  # the ACK may be delayed
    one.close()
    other.close()
    listener.close()
    rest = {"client": "server", "server": "client"}[first]
    poll(lambda: sides(listener.address, [client.local]) == {first: ["TIME-WAIT"], rest: []})
    (row,) = [r for r in states.table(listener.address[1]) if client.local in (r.local, r.peer)]
    assert row.local == (client.local if first == "client" else server.local)
    assert 0 < row.timer <= 60


@on_linux
def test_the_table_counts_what_waits_to_be_read(ends):
    listener, client, _ = ends
    client.send_all(b"hello")
    rows = [row for row in states.table(listener.address[1]) if row.state == "ESTABLISHED"]
    assert {row.local[1]: row.unread for row in rows if row.local == client.local} == {
        client.local[1]: 0
    }
    assert [row.unread for row in rows if row.peer == client.local] == [5]


@on_linux
def test_no_other_port_is_mistaken_for_the_one_that_was_asked_for(tmp_path, monkeypatch):
    line = " 1: 0100007F:{} 0100007F:{} 01 00005000:50005000 00:00005000 00005000 0 0 5000 2 0"
    ports = [("5000", "0007"), ("0007", "5000"), ("0050", "5001"), ("0500", "0005")]
    fake = tmp_path / "tcp"
    fake.write_text("head\n" + "\n".join(line.format(*each) for each in ports))
    monkeypatch.setattr(states, "TABLE", fake)
    assert [(r.local[1], r.peer[1]) for r in states.table(0x5000)] == [(0x5000, 7), (7, 0x5000)]


@on_linux
def test_another_servers_leftovers_on_the_same_port_are_not_counted(tmp_path, monkeypatch):
    ours, old = (f" 1: 0100007F:{p:04X} 0100007F:5000 {s} 0:0 00:0 0" for p, s in SEEN)
    fake = tmp_path / "tcp"
    fake.write_text("\n".join([ours, old, " 2: 0100007F:5000 00000000:0000 0A 0:2 00:0 0"]))
    monkeypatch.setattr(states, "TABLE", fake)
    monkeypatch.setattr(states.sys, "byteorder", "little")
    found = sides(("127.0.0.1", 0x5000), [("127.0.0.1", SEEN[0][0])])
    assert found == {"client": ["ESTABLISHED"], "server": ["LISTEN"]}


@on_linux
def test_a_row_that_the_kernel_hands_out_twice_is_one_socket(tmp_path, monkeypatch):
    line = " 1: 0100007F:9C41 0100007F:5000 0{} 0:0 03:{} 0"
    fake = tmp_path / "tcp"
    fake.write_text("\n".join([line.format(5, "1770"), line.format(6, "176F")]))
    monkeypatch.setattr(states, "TABLE", fake)
    assert [row.state for row in states.table(0x5000)] == ["TIME-WAIT"]


SEEN = [(40001, "01"), (40002, "06")]


def test_a_line_of_the_kernels_table_is_read_as_documented(monkeypatch):
    line = "  13: 0100007F:9EF2 0100007F:884F 02 00000001:00000003 01:00000064 00000000  0 0 1 2 0"
    monkeypatch.setattr(states.sys, "byteorder", "little")
    row = states._row(line)
    assert row[:3] == ("SYN-SENT", ("127.0.0.1", 40690), ("127.0.0.1", 34895))
    assert (row.unacked, row.unread, row.timer) == (1, 3, 1.0)


@pytest.mark.skipif(sys.platform != "linux", reason="others have no /proc and need none")
def test_without_proc_it_is_said_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(states, "TABLE", tmp_path / "tcp")
    with pytest.raises(FileNotFoundError, match=r"cannot read .*tcp: .*is /proc mounted\?"):
        states.table(80)


def test_psutil_tells_the_same_of_this_process(ends):
    _, client, server = ends
    client.send_eof()
    wait_for_state(server, "CLOSE-WAIT")
    wait_for_state(client, "FIN-WAIT-2")  # its FIN has been acknowledged: nothing changes any more
    told = {number: row.state for row, number in states._by_psutil()}
    expected = {end.fileno(): state(end) for end in ends}
    assert {number: told.get(number) for number in expected} == expected


def test_every_name_of_either_source_is_one_of_the_rfcs():
    import psutil

    names = [getattr(psutil, name) for name in dir(psutil) if name.startswith("CONN_")]
    assert {states._named(n) for n in names if isinstance(n, str)} - set(STATES) <= {
        "DELETE-TCB",  # Windows, for the moment before CLOSED
        "IDLE",  # Solaris
        "BOUND",
    }
    assert set(states.LINUX) == set(STATES)


def test_a_setting_that_is_not_there_is_said_to_be_unknown():
    assert sysctl("no_such_setting") == "unknown"


def test_every_state_can_be_left_and_reached():
    assert {step.target for step in TRANSITIONS} == set(STATES)
    assert after("CLOSED", "connect()", "SYN, ACK come", "close()", "FIN comes", "ACK comes") == (
        "TIME-WAIT"
    )


@on_linux
def test_a_deaf_socket_has_vanished_for_its_peer_and_hears_again_after_the_block(ends):
    _, client, server = ends
    raw = socket.socket(fileno=socket.dup(server.fileno()))
    with raw, unplugged(raw):
        client.send_all(b"anybody there?")
        (row,) = [r for r in states.table(client.peer[1]) if r.local == client.local]
        assert (row.unacked, state(client)) == (14, "ESTABLISHED")
        raw.setblocking(False)
        with pytest.raises(BlockingIOError):
            raw.recv(1)
    raw_again = server.receive_exactly(14)  # the kernel sends it once more
    assert raw_again == b"anybody there?"


@on_linux
def test_a_peer_that_has_vanished_ends_in_a_timeout_of_the_kernel(ends):
    _, client, server = ends
    client._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 50)
    with unplugged(server._socket):
        client.send_all(b"?")
        with pytest.raises(TimeoutError) as caught:
            client._socket.recv(1)
    assert caught.value.errno == errno.ETIMEDOUT


def test_waiting_for_what_does_not_happen_ends_and_says_so():
    with pytest.raises(TimeoutError, match=r"expected rain within 0\.01 s, got sun"):
        poll(lambda: False, "rain", lambda: "sun", timeout=0.01)


@on_linux
def test_both_ends_states_are_told_also_of_a_peer_that_no_program_holds():
    with pair() as (mine, other):
        peer = other.getsockname()
        assert both_states(mine, peer) == ("ESTABLISHED", "ESTABLISHED")
        other.close()
        wait_for_state(mine, "CLOSE-WAIT")
        assert both_states(mine, peer) == ("CLOSE-WAIT", "FIN-WAIT-2")
    with pair() as (mine, other):
        peer = other.getsockname()
        mine.sendall(b"unread")
        other.recv(1, socket.MSG_PEEK)
        other.close()
        assert wait_for_end(mine, 2)
        assert both_states(mine, peer) == ("CLOSED", "none")


@on_linux
def test_without_the_table_the_peers_state_is_unknown_and_ones_own_is_told(monkeypatch):
    monkeypatch.setattr(states, "TABLE", Path("/nowhere"))
    with pair() as (mine, other):
        assert both_states(mine, other.getsockname()) == ("ESTABLISHED", "unknown")


def test_a_connection_that_goes_on_is_waited_for_no_longer_than_asked():
    with pair() as (mine, _):
        assert wait_for_end(mine, 0.01) is False
