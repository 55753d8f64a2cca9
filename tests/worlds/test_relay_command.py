"""The relays from the command line: what they do to real clients, what they say, how they end."""

import http.client
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import closing
from itertools import islice

import pytest
from commands import LINE, names, pages, query, relaying
from kernels import TESTS
from relays import SOON, on_posix, wait_for

from netlib.links.link import Link
from netlib.worlds.relay import __main__ as command

pytestmark = on_posix
LATE = 0.5  # seconds: a busy machine


def ask(server, count: int, gap: float = 0.0) -> dict[int, float]:
    """Ask a DNS server so many questions; return the round-trip times of those it answered [s]."""
    times, sent = {}, {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(LATE)
        sock.connect(server)
        for number in range(count):
            sent[number] = time.perf_counter()
            sock.send(query(number, f"host{number}.example"))
        try:
            while len(times) < count:
                number = int.from_bytes((answer := sock.recv(512))[:2], "big")
                times[number] = time.perf_counter() - sent[number]
                assert answer.endswith(socket.inet_aton("192.0.2.7"))
        except TimeoutError:
            pass
    return times


def test_names_are_resolved_later_and_some_never_and_the_summary_says_so():
    with names() as server, relaying(server, "delay 20ms loss 30%", "--seed", "3") as relay:
        times = ask(relay.address, 60)
    assert relay.headline.startswith(f"UDP 127.0.0.1:{relay.address[1]} → {server}; there and back")
    assert "delay 20ms loss 30% seed 3" in relay.headline
    assert all(0.04 <= each < 0.04 + LATE for each in times.values())
    assert relay.code == 0, relay.errors
    there, back, lateness, clients, *_ = relay.summary.splitlines()
    assert there.startswith("forward   60 in, ") and there.endswith(" coin")
    assert back.startswith("backward  ") and f" {len(times)} out" in back
    assert lateness.startswith("lateness  p50 ") and clients == "clients   1, 0 evicted"


def test_the_way_back_may_differ_and_the_seed_says_what_is_lost():
    with (
        names() as server,
        relaying(server, "loss 50%", "--back", "delay 60ms", "--seed", "5") as relay,
    ):
        times = ask(relay.address, 20)
    fates = islice(Link(loss=0.5, seed=5).fates(), 20)
    assert set(times) == {number for number, (lost, *_) in enumerate(fates) if not lost}
    assert min(times.values()) >= 0.06
    assert "lost: none" in relay.summary.splitlines()[1]


@pytest.mark.parametrize("kind", [(), ("--tcp",)], ids=["UDP", "TCP"])
def test_it_listens_at_the_port_it_is_told_which_nobody_else_can_have(kind, capsys):
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = str(sock.getsockname()[1])
    with relaying("127.0.0.1:9", "", "--listen", port, *kind) as relay:
        assert relay.address == ("127.0.0.1", int(port))
        assert command.main(["127.0.0.1:9", "", "--listen", port, *kind]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"cannot bind to 127.0.0.1:{port}: Address already in use")


def test_pages_come_through_a_slow_path_and_sigterm_ends_it_with_a_summary(tmp_path):
    (tmp_path / "page").write_bytes(bytes(50_000))
    with (
        pages(tmp_path) as server,
        relaying(
            server, "delay 20ms", "--tcp", "--back", "delay 30ms rate 4mbit", stop=signal.SIGTERM
        ) as relay,
        closing(http.client.HTTPConnection(*relay.address, timeout=SOON)) as client,
    ):
        began = time.perf_counter()
        client.request("GET", "/page")
        page = client.getresponse().read()
        took = time.perf_counter() - began
    assert page == bytes(50_000)
    assert 0.05 + 0.1 <= took < 0.15 + LATE, "both delays, and 400 kbit at 4 Mbit/s"
    assert relay.code == 0, relay.errors
    lines = dict(line.split(None, 1) for line in relay.summary.splitlines())
    assert lines["connections"].startswith("1, ") and lines["refused"] == "none"
    assert int(lines["backward"].split()[0]) > 50_000
    assert lines["lateness"].startswith("p50 ")


def test_counts_are_shown_live_on_a_terminal():
    fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
    theirs, ours = os.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    os.set_blocking(theirs, False)
    shown = b""

    def counts() -> bool:
        nonlocal shown
        try:
            shown += os.read(theirs, 65536)
        except BlockingIOError:
            time.sleep(0.01)
        return b"there 5 in 5 out 0 lost, back 5 in 5 out 0 lost, 1 clients, p99 " in shown

    try:
        with (
            names() as server,
            subprocess.Popen([*LINE, server, ""], stdout=subprocess.PIPE, stderr=ours) as process,
        ):
            port = int(process.stdout.readline().split()[1].rpartition(b":")[2])
            assert len(ask(("127.0.0.1", port), 5)) == 5
            wait_for(counts)
            process.send_signal(signal.SIGINT)
            assert process.wait(SOON) == 0
    finally:
        os.close(theirs)
        os.close(ours)


WITHOUT_PACKAGES = "import sys; sys.path.insert(0, sys.argv.pop(1)); " + (
    "from netlib.worlds.relay.__main__ import main; sys.exit(main())"
)


def test_it_needs_no_package_and_counts_line_by_line_in_a_file(tmp_path):
    program = WITHOUT_PACKAGES.replace("sys.exit", "main.__globals__['REPORT'] = 0.05; sys.exit")
    line = [sys.executable, "-I", "-S", "-c", program, str(TESTS.parent), "127.0.0.1:9", ""]
    with (
        open(tmp_path / "counts", "w+") as counts,
        subprocess.Popen(line, stdout=subprocess.PIPE, stderr=counts) as process,
    ):
        process.stdout.readline()
        wait_for(lambda: (tmp_path / "counts").read_text().count("\n") >= 2)
        process.send_signal(signal.SIGINT)
        assert process.wait(SOON) == 0
    counted = "there 0 in 0 out 0 lost, back 0 in 0 out 0 lost, 0 clients, nothing yet"
    assert set((tmp_path / "counts").read_text().splitlines()) == {counted}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["127.0.0.1:9", "dealy 20ms"], "unknown word 'dealy'; known: delay, loss"),
        (["127.0.0.1:9", "", "--back", "loss 3"], "expected a percentage from 0% to 100%, got '3'"),
        (["no-such-host.invalid:9", ""], "cannot send to no-such-host.invalid:9: "),
        (["127.0.0.1:9", "", "--host", "192.0.2.1"], "cannot bind to 192.0.2.1:0: "),
        (["127.0.0.1:9", "", "--host", "192.0.2.1", "--tcp"], "cannot bind to 192.0.2.1:0: "),
        (["127.0.0.1:9", "", "--listen", "70000"], "port must be in [0, 65535], got 70000"),
        (["127.0.0.1:9", "", "--idle", "0"], "idle must be seconds above 0"),
        (["127.0.0.1:9", "loss 1%", "--tcp"], "with --tcp, expected a delay and a rate only"),
        (["127.0.0.1:9", "", "--tcp", "--back", "delay 9ms 1ms"], "with --tcp, expected a delay"),
        (["127.0.0.1:9", "", "--tcp", "--seed", "1"], "--seed are for UDP"),
    ],
)
def test_what_cannot_be_is_said_in_a_line_and_the_code_is_2(capsys, arguments, message):
    assert command.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["127.0.0.1", "delay 20ms"], "expected HOST:PORT, got '127.0.0.1'"),
        (["127.0.0.1:9"], "the following arguments are required: WORDS"),
        (["127.0.0.1:9", "", "--hos", "192.0.2.1"], "unrecognized arguments: --hos 192.0.2.1"),
    ],
)
def test_no_argument_is_guessed(capsys, arguments, message):
    with pytest.raises(SystemExit) as refused:
        command.main(arguments)
    assert refused.value.code == 2
    assert message in capsys.readouterr().err


def test_a_relay_that_loses_datagrams_of_its_own_says_so_in_its_code():
    with (
        names() as server,
        relaying(server, "delay 500ms", "--clients", "1") as relay,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first,
    ):
        first.sendto(query(1, "evicted.example"), relay.address)
        assert ask(relay.address, 1) == {}, "it would take a second"
    assert relay.code == 1
    assert "client evicted" in relay.summary
    assert "too busy: the relay lost " in relay.summary.splitlines()[-1]


def test_a_relay_that_dies_is_said_in_a_line_and_the_code_is_1(capsys, monkeypatch):
    def die(*_):
        raise command.RelayDied("the relay has died (killed); start another one")

    monkeypatch.setattr(command, "watch", die)
    assert command.main(["127.0.0.1:9", ""]) == 1
    assert "the relay has died" in capsys.readouterr().err


def test_help_says_the_words_and_the_exit_codes(capsys):
    with pytest.raises(SystemExit):
        command.main(["--help"])
    text = capsys.readouterr().out
    assert "loss 1%" in text and "exit codes:\n  0    stopped by Ctrl-C" in text
