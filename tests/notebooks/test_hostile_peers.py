"""Peers that say nothing, lie, never end or vanish: each server goes on serving the others."""

import random
import socket
import struct
import subprocess
import sys
import time
from contextlib import ExitStack, suppress

import pytest
from chat import CHATS, SERVERS, cells, running
from kernels import TESTS

resource = pytest.importorskip("resource", reason="only POSIX has a limit of open files")
pytestmark = pytest.mark.usefixtures("nothing_left_open")
QUICK = {"IDLE": 0.15, "TURN": 0.15}  # seconds: so that no test has to wait for long
PATIENCE = 10.0
GARBAGE = random.Random(6).randbytes(20_000).replace(b"\n", b"?")


def says_nothing(peer):
    """Connect, and that is all."""


def names_a_room_and_no_more(peer):
    peer.sendall(b"tea\n")


def sends_garbage(peer):
    peer.sendall(GARBAGE[:500] + b"\n" + GARBAGE[500:900] + b"\n" + GARBAGE[:300])


def sends_without_end(peer):
    for _ in range(100):
        peer.sendall(GARBAGE)


def ends_inside_a_line(peer):
    peer.sendall(b"tea\nhal")
    peer.shutdown(socket.SHUT_WR)


def half_closes_at_once(peer):
    peer.shutdown(socket.SHUT_WR)


def vanishes(peer):
    peer.sendall(b"tea\nhello\n")
    reset(peer)


def vanishes_at_once(peer):
    reset(peer)


def never_reads(peer):
    """Fill one's own way back: this comes to oneself, too, and to everybody in the room."""
    peer.sendall(b"coffee\n")
    line = b"x" * 900 + b"\n"
    for _ in range(20_000):  # 18 MB; whoever is cut off on the way has got what he deserves
        peer.sendall(line)


HOSTILE = [
    says_nothing,
    names_a_room_and_no_more,
    sends_garbage,
    sends_without_end,
    ends_inside_a_line,
    half_closes_at_once,
    vanishes,
    vanishes_at_once,
    never_reads,
]
in_every_way = pytest.mark.parametrize("hostile", HOSTILE, ids=lambda way: way.__name__)


def reset(peer):
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def connect(stack: ExitStack, address, timeout: float = PATIENCE) -> socket.socket:
    return stack.enter_context(socket.create_connection(address, timeout))


def attack(stack: ExitStack, address, hostile, times=1):
    for _ in range(times):
        peer = connect(stack, address, timeout=0.1)
        with suppress(OSError):  # the server may end it at any moment
            hostile(peer)


def enter(stack: ExitStack, address, room=b"tea"):
    """Join a room; return a file of lines, once the server has answered."""
    client = connect(stack, address)
    stream = stack.enter_context(client.makefile("rwb"))
    say(stream, room, b"I am here")
    await_line(stream, b"I am here")
    return stream


def say(stream, *lines):
    stream.write(b"".join(line + b"\n" for line in lines))
    stream.flush()


def await_line(stream, line):
    """Read until this line comes (others may speak, too); a socket's timeout is the limit."""
    while (got := stream.readline()) != line + b"\n":
        assert got, f"the stream ended before {line!r}"


@in_every_way
@pytest.mark.parametrize("server", CHATS)
def test_two_who_chat_do_not_notice(server, hostile):
    with running(server) as (address, _), ExitStack() as stack:
        ana, bea = (enter(stack, address) for _ in range(2))
        for number in range(2):
            attack(stack, address, hostile)
            say(ana, b"%d" % number)
            await_line(bea, b"%d" % number)
            say(bea, b"%d, too" % number)
            await_line(ana, b"%d, too" % number)


@in_every_way
@pytest.mark.parametrize("server", CHATS)
def test_who_comes_after_twenty_of_them_is_served(server, hostile):
    with running(server, **QUICK) as (address, _), ExitStack() as stack:
        attack(stack, address, hostile, times=1 if hostile is never_reads else 20)
        enter(stack, address)


@in_every_way
def test_even_one_after_the_other_those_behind_have_their_turn(hostile):
    with running("sequential", **QUICK) as (address, _), ExitStack() as stack:
        attack(stack, address, hostile, times=2)
        enter(stack, address)


def test_one_after_the_other_nobody_has_more_than_a_turn_however_busy():
    with running("sequential", **QUICK) as (address, _), ExitStack() as stack:
        greedy = enter(stack, address)
        began = time.monotonic()
        with pytest.raises((AssertionError, OSError)):  # the server ends it, or resets
            while time.monotonic() < began + PATIENCE:
                say(greedy, b"me again")
                await_line(greedy, b"me again")
        enter(stack, address)


@in_every_way
@pytest.mark.parametrize("server", CHATS)
def test_they_leave_no_name_behind(server, hostile):
    with running(server, **QUICK) as (address, rooms):
        with ExitStack() as stack:
            attack(stack, address, hostile)
            enter(stack, address)
        deadline = time.monotonic() + PATIENCE
        while rooms[0].members and time.monotonic() < deadline:
            time.sleep(0.001)
        assert rooms[0].members == {}


@pytest.mark.parametrize("server", CHATS)
def test_who_never_reads_is_shown_out(server):
    with running(server, **QUICK) as (address, _), ExitStack() as stack:
        peer = connect(stack, address)
        with pytest.raises(ConnectionError):
            never_reads(peer)


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_that_stops_ends_all_connections(server):
    with ExitStack() as stack:
        with running(server, **QUICK) as (address, _):
            speaker = enter(stack, address)
            silent = connect(stack, address)
        with suppress(ConnectionResetError):
            assert speaker.read() == b""
        with suppress(ConnectionResetError):
            assert silent.recv(1) == b""


OUT_OF_FILES = """
import sys
from chat import running
from netlib.load import load
with running(sys.argv[1]) as (address, _):
    report = load(address, clients=60, messages=3, seconds=20)
print(report)
assert 20 < report.connected < 60 and report.answered == 3 * report.connected, report
"""


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_without_files_serves_those_behind_when_others_leave(server):
    def few_files():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    command = [sys.executable, "-c", OUT_OF_FILES, server]
    ended = subprocess.run(
        command, cwd=TESTS, preexec_fn=few_files, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stderr == ""
    assert "the limit of 40 open files is reached" in ended.stdout


@pytest.mark.parametrize("server", SERVERS)
def test_what_is_a_servers_own_fits_on_a_page_of_40_lines(server):
    written = [line.strip() for cell in cells(server) for line in cell.source.splitlines()]
    code = [line for line in written if line and not line.startswith(("#", '"""'))]
    assert 5 < len(code) < 40


@pytest.mark.parametrize("server", CHATS)
def test_all_who_are_in_a_room_hear_each_line_and_nobody_else_does(server):
    with running(server) as (address, _), ExitStack() as stack:
        ana, bea = (enter(stack, address) for _ in range(2))
        await_line(ana, b"I am here")  # Bea's: a thread may tell her first
        stranger = enter(stack, address, room=b"coffee")
        say(ana, b"hello", b"again")
        for listener in (ana, bea):
            await_line(listener, b"hello")
            assert listener.readline() == b"again\n"
        say(stranger, b"alone")
        assert stranger.readline() == b"alone\n"


@pytest.mark.parametrize("server", CHATS)
def test_lines_may_end_as_telnet_ends_them(server):
    with running(server) as (address, _), ExitStack() as stack:
        ana = enter(stack, address)
        telnet = connect(stack, address)
        telnet.sendall(b"tea\r\nhello\r\n")
        assert ana.readline() == b"hello\n"
        assert telnet.recv(100) == b"hello\n"


FLOOD = """
import selectors, socket, sys
lines, selector = b"x\\n" * 2000, selectors.DefaultSelector()
selector.register(sys.stdin, selectors.EVENT_READ)
for _ in range(200):
    peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10)
    peer.sendall(b"tea\\n")
    peer.setblocking(False)
    selector.register(peer, selectors.EVENT_WRITE)
print("all here", flush=True)
while True:
    for key, _ in selector.select():
        if key.fileobj is sys.stdin:
            sys.exit()
        try:
            key.fileobj.send(lines)
        except BlockingIOError:
            pass
        except OSError:
            selector.unregister(key.fileobj)
            key.fileobj.close()
"""


@pytest.mark.parametrize("server", CHATS)
def test_a_chat_stops_while_two_hundred_clients_flood_it_and_read_nothing(server):
    with running(server) as (address, _):
        command = [sys.executable, "-c", FLOOD, str(address[1])]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        flood = subprocess.Popen(command, **pipes)
        assert flood.stdout.readline() == b"all here\n"
        with pytest.raises(subprocess.TimeoutExpired):
            flood.wait(0.5)  # it is at it
        began = time.monotonic()
    took = time.monotonic() - began
    flood.communicate(timeout=PATIENCE)
    assert took < 4, f"it took {took:.1f} s to stop"


NO_FILE_LEFT = """
import os, resource, socket, sys, time
from chat import running
with running(sys.argv[1]) as (address, _):
    with socket.create_connection(address, 5) as first:
        first.sendall(b"tea\\nhello\\n")
        assert first.recv(100) == b"hello\\n", "it is running"
        first.shutdown(socket.SHUT_WR)
        first.recv(100)  # it has closed that
    client = socket.socket()
    resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))
    try:
        while True:
            os.open(os.devnull, os.O_RDONLY)
    except OSError:
        client.connect(address)
    began, before = time.monotonic(), time.process_time()
    while time.monotonic() < began + 0.4:
        time.sleep(0.05)
    print(time.process_time() - before)
    client.close()
"""


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_without_files_does_not_spin(server):
    command = [sys.executable, "-c", NO_FILE_LEFT, server]
    ended = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert float(ended.stdout) < 0.1, "seconds of processor time within 0.4 s"
