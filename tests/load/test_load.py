"""The load generator: what it counts, its bounds, and what it says when something is amiss."""

import argparse
import contextlib
import math
import os
import random
import re
import socket
import struct
import subprocess
import sys
import time
from functools import partial
from itertools import accumulate

import psutil
import pytest
from chat import SERVERS, running
from kernels import TESTS, Kernel
from programs import program

from netlib.kernel.states import poll
from netlib.load import Report, load
from netlib.load import __main__ as command
from netlib.load.clients import Crowd, LoadConfig
from netlib.load.load import is_loopback
from netlib.sockets import Background


@pytest.fixture(scope="module")
def chat():
    with running("asynchronous") as (address, _):
        load(address, clients=1, messages=1)  # by then it has opened what it needs for itself
        yield address


@pytest.fixture(scope="module")
def kernel():
    with Kernel() as kernel:
        yield kernel


@pytest.fixture
def deaf():
    """A server that lets everybody connect, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()


@pytest.fixture
def nobody():
    with socket.socket() as closed:  # bound, so that nobody else gets the port; it never listens
        closed.bind(("127.0.0.1", 0))
        yield closed.getsockname()


def test_every_message_of_every_client_comes_back(chat):
    seen = []
    report = load(chat, clients=30, messages=7, progress=seen.append)
    assert (report.wanted, report.connected, report.answered) == (30, 30, 210)
    assert report.errors == {}
    assert sum(seen) == 210
    assert len(report.sent_at) == 210
    assert report.cpu > 0


def test_alone_in_a_room_one_hears_nobody_and_in_one_room_each_hears_the_others(chat):
    assert load(chat, clients=4, messages=50, room=1).heard == 0
    assert load(chat, clients=4, messages=50, room=4).heard > 50


def test_two_loads_of_one_server_do_not_meet(chat):
    with Background(load, chat, 1, 300) as other:
        report = load(chat, clients=1, messages=300)
    assert (report.heard, other.result.heard) == (0, 0)
    assert (report.answered, other.result.answered) == (300, 300)


@pytest.mark.parametrize("rate", [None, 500])
def test_both_accounts_of_littles_law_agree(chat, rate):
    report = load(chat, clients=40, messages=5, rate=rate)
    assert report.rate * report.mean == pytest.approx(report.in_flight, rel=1e-6)
    assert 0 < report.in_flight <= 40


def test_all_wait_for_one_another_so_that_all_are_in_flight(chat):
    sent = sorted(load(chat, clients=50, messages=2).sent_at)
    back = load(chat, clients=50, messages=1)
    returned = min(s + w for s, w in zip(back.sent_at, back.round_trips, strict=True))
    assert len(sent) == 100
    assert max(back.sent_at) < returned, "one came back before the last was sent"


def test_nobody_comes_before_a_poisson_arrival_is_due(chat):
    chance = random.Random(3)
    due = accumulate(chance.expovariate(400) for _ in range(60))
    crowd = Crowd(LoadConfig(chat, 60, 1, 4, 32, 400.0, 3, 10.0), tell=lambda count: None)
    crowd.run()
    for arrival, sent in zip(due, sorted(crowd.sent_at), strict=True):
        assert sent >= crowd.began + arrival


def test_a_deaf_server_costs_no_more_than_the_time_that_was_given(deaf):
    report = load(deaf, clients=5, messages=1, seconds=0.2)
    assert report.errors == {"no answer within 0.2 s": 5}
    assert (report.connected, report.answered) == (5, 0)
    assert math.isnan(report.mean)
    assert math.isnan(report.quantile(0.5))


def test_those_whose_time_never_came_are_counted(chat):
    report = load(chat, clients=50, messages=1, rate=10, seconds=0.1)
    (said,) = report.errors
    assert said == "not begun within 0.1 s"
    assert report.errors[said] + report.answered == 50


def test_nobody_there_is_said(nobody):
    report = load(nobody, clients=3, messages=1)
    assert report.errors == {"Connection refused": 3}
    assert repr(report).startswith("0 of 3 clients, 0 messages")
    assert "3 × Connection refused" in repr(report)


def test_a_server_that_hangs_up_is_said():
    def hang_up(listener):
        for _ in range(2):
            connection = listener.accept()[0]
            connection.recv(1000)
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        with Background(hang_up, listener):
            report = load(listener.getsockname(), clients=2, messages=2)
    assert sum(report.errors.values()) == 2
    assert set(report.errors) <= {"the server ended the connection", "Connection reset by peer"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("clients", 0),
        ("clients", 20_001),
        ("messages", 0),
        ("room", 0),
        ("size", 3),
        ("rate", 0),
        ("rate", -1),
        ("seconds", 0),
        ("seconds", 601),
        ("seconds", math.nan),
        ("seconds", math.inf),
    ],
)
def test_a_load_without_bounds_is_refused(deaf, name, value):
    with pytest.raises(ValueError, match=f"^{name} must be in .*, got {value}"):
        load(deaf, **{name: value})


def test_another_machine_is_loaded_only_when_one_says_so(chat):
    for host in ("192.0.2.1", "0.0.0.0", "example.org"):
        with pytest.raises(ValueError, match="expected a loopback address, got"):
            load((host, 9), clients=1)
    assert load(("0.0.0.0", chat[1]), clients=1, messages=1, anywhere=True).answered == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_is_known(host):
    assert is_loopback(host)


def test_a_quantile_is_what_that_many_did_not_exceed():
    trips = [n / 100 for n in range(100, 0, -1)]
    report = Report(1, 1, trips, [0.0] * 100, 0, {}, 2.0, 1.0, 0.1)
    assert [report.quantile(q) for q in (0.01, 0.5, 0.99, 1)] == [0.01, 0.5, 0.99, 1.0]
    assert report.rate == 50
    for q in (0, 1.1, -1):
        with pytest.raises(ValueError, match="q must be in"):
            report.quantile(q)


def test_an_interrupt_ends_the_clients_process(deaf):
    def interrupt(count):
        raise KeyboardInterrupt

    before = set(psutil.Process().children())
    with pytest.raises(KeyboardInterrupt):
        load(deaf, clients=5, seconds=30, progress=interrupt)
    assert set(psutil.Process().children()) <= before


IN_A_CELL = """
from chat import notebook
from netlib.load import load
names = notebook()
with names["running"](names["{server}"]) as address:
    load(address, 50, 20_000, seconds=30, progress=lambda n: print("waiting", flush=True))
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGINT")
def test_the_stop_button_ends_a_load_and_the_server_that_bears_it(kernel):
    before = kernel.probe("held()")
    for server in SERVERS:
        raised, pressed = "nothing", False
        for message in kernel.messages(IN_A_CELL.format(server=server)):
            if "waiting" in message["content"].get("text", "") and not pressed:
                kernel.interrupt()
                pressed = True
            raised = message["content"].get("ename", raised)
        assert raised == "KeyboardInterrupt", server
        assert kernel.probe("held()") == before, server


def shell(*arguments: str, files: int | None = None, stderr=subprocess.PIPE):
    """Run the command in a process of its own, with a limit of files if one is given."""
    limit = f"ulimit -n {files}; " if files else ""
    line = f'{limit}exec "$0" -m netlib.load "$@"'
    return subprocess.run(
        ["sh", "-c", line, sys.executable, *arguments], stdout=subprocess.PIPE, stderr=stderr
    )


def test_the_command_reports_and_returns_0_if_all_came_back(chat):
    ended = shell("{}:{}".format(*chat), "--clients", "3", "--messages", "2")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.startswith(b"3 clients, 6 messages in ")


def test_the_command_shows_a_bar_on_a_terminal(chat):
    fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
    theirs, ours = os.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))  # else 0 columns wide
    try:
        ended = shell("{}:{}".format(*chat), "--clients", "2", "--messages", "3", stderr=ours)
        shown = os.read(theirs, 65536).decode()
    finally:
        os.close(theirs)
        os.close(ours)
    assert ended.returncode == 0
    assert "0/6" in shown
    assert "100%" in shown


@pytest.mark.skipif(os.name != "posix", reason="needs a limit of open files")
def test_the_command_says_how_many_it_got_within_the_limit_and_how_to_raise_it(chat):
    ended = shell("{}:{}".format(*chat), "--clients", "60", "--messages", "1", files=40)
    assert ended.returncode == 1
    said = ended.stdout.decode()
    got = int(said.split(" of 60 clients")[0])
    assert 20 < got < 40
    assert f"{60 - got} × the limit of 40 open files is reached" in said
    assert "ulimit -n" in said


def test_an_abbreviation_does_not_lead_beyond_loopback(capsys):
    with pytest.raises(SystemExit) as refused:
        command.main(["192.0.2.1:9", "--any"])
    assert refused.value.code == 2
    assert "--any" in capsys.readouterr().err


def test_a_host_that_nobody_knows_is_said_in_a_sentence(capsys):
    assert command.main(["no-such-host.invalid:9", "--anywhere", "--quiet"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.split("] ")[-1].startswith("cannot find no-such-host.invalid:9: ")


def test_help_says_the_protocol_and_the_exit_codes(capsys):
    with pytest.raises(SystemExit):
        command.main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "first line names a room" in text
    assert "Exit codes: 0 every message came back, 1" in text


@pytest.mark.skipif(os.name != "posix", reason="needs SIGINT")
def test_ctrl_c_gives_a_partial_report(chat):
    arguments = ["{}:{}".format(*chat), "--clients", "2", "--messages", "500000", "--seconds", "60"]
    line = [sys.executable, "-u", "-c", PRESSED, *arguments]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 130, ended.stderr
    assert re.match(r"2 clients, [1-9]\d* messages in ", ended.stdout)
    assert "2 × no answer before the stop" in ended.stdout


PRESSED = """
import signal, sys
from netlib.load import __main__ as command

class Bar:
    def __enter__(self):
        return self
    def __exit__(self, *exception):
        pass
    def update(self, count):
        if count:
            signal.raise_signal(signal.SIGINT)

command.bar = lambda total, quiet: Bar()
sys.exit(command.main())
"""


OWNER = """
import sys
from netlib.load import load
load(("127.0.0.1", int(sys.argv[1])), 3, seconds=60, progress=lambda n: print(n, flush=True))
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_the_clients_of_a_load_that_is_killed_end_at_once(deaf):
    line = [sys.executable, "-c", OWNER, str(deaf[1])]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as owner:
        owner.stdout.readline()
        (clients,) = psutil.Process(owner.pid).children()
        owner.kill()
    with contextlib.suppress(psutil.NoSuchProcess):
        deadline = time.monotonic() + 5
        while clients.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline


def test_an_interrupt_carries_the_report_so_far(deaf):
    def interrupt(count):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        load(deaf, clients=5, seconds=30, progress=interrupt)
    (report,) = caught.value.args
    assert report.wanted == 5
    assert sum(report.errors.values()) == 5


def test_the_command_refuses_what_the_function_refuses(capsys):
    assert command.main(["192.0.2.1:9", "--clients", "1", "--quiet"]) == 2
    assert "--anywhere" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["9", "host", "host:", ":9", "host:0", "host:65536", "host:-1"])
def test_a_server_is_named_by_host_and_port(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected HOST:PORT"):
        command.address(text)
    assert command.address("[::1]:9") == ("::1", 9)


A_THOUSAND = """
from chat import SERVERS, running
from netlib.load import load
with running("asynchronous") as (address, _):
    report = load(address, clients=1000, messages=2, seconds=30)
print(report)
assert (report.answered, report.errors) == (2000, {}), report
"""


ECHO = """
import asyncio

async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()

async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", {port})
    await server.serve_forever()

asyncio.run(main())
"""


def is_there(address) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(address) == 0


@pytest.mark.parametrize("kind", ["asyncio", "socat"])
def test_an_echo_server_of_another_kind_can_be_loaded(kind):
    with socket.create_server(("127.0.0.1", 0)) as free:
        here = free.getsockname()
    line = [sys.executable, "-c", ECHO.format(port=here[1])]
    if kind == "socat":
        line = [program("socat"), f"TCP-LISTEN:{here[1]},bind=127.0.0.1,fork,reuseaddr", "EXEC:cat"]
    with subprocess.Popen(line) as server:
        try:
            poll(partial(is_there, here), "an echo server that listens")
            ended = shell("{}:{}".format(*here), "--clients", "8", "--messages", "5", "--room", "1")
        finally:
            server.terminate()
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.startswith(b"8 clients, 40 messages in ")
    assert b"no errors" in ended.stdout


@pytest.mark.skipif(os.name != "posix", reason="needs a limit of open files")
def test_a_thousand_clients_work_within_the_usual_limit_of_1024_files():
    line = 'ulimit -n 1024; exec "$0" -c "$1"'
    ended = subprocess.run(
        ["sh", "-c", line, sys.executable, A_THOUSAND], cwd=TESTS, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
