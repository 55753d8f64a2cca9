"""How a relay ends, expected and not: nobody waits for ever, and no process is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from relays import (
    NOWHERE,
    SOON,
    nothing_left_behind,  # noqa: F401
    on_posix,
    running,
    wait_for,
)

from netlib.links.link import Link
from netlib.sockets import UDPReceiver, UDPSender
from netlib.worlds import Relay, RelayDied
from netlib.worlds.relay import relay as relay_module
from netlib.worlds.relay.report import Counts

pytestmark = pytest.mark.filterwarnings("error")  # such as a process that nobody waited for

# Ends, expected and not


@on_posix
def test_a_killed_relay_is_an_error_at_the_next_use_that_says_so():
    with UDPReceiver() as receiver:
        relay = Relay(receiver.address, Link(), Link())
        relay.start()
        os.kill(relay.pid, signal.SIGKILL)
        for use in (lambda: relay.report, relay.dial, lambda: relay.report):
            began = time.monotonic()
            with pytest.raises(RelayDied, match=r"the relay has died .*start another one"):
                use()
            assert time.monotonic() - began < SOON
        relay.close()  # it has been told already
        with relay:
            assert relay.report.forward == Counts()


@on_posix
def test_a_relay_that_died_unnoticed_is_an_error_at_the_end_of_the_block():
    with UDPReceiver() as receiver:
        with pytest.raises(RelayDied), Relay(receiver.address, Link(), Link()) as relay:
            os.kill(relay.pid, signal.SIGKILL)
        with pytest.raises(KeyError), Relay(receiver.address, Link(), Link()) as relay:
            os.kill(relay.pid, signal.SIGKILL)
            raise KeyError  # the first thing that went wrong is the one to report


@on_posix
def test_a_relay_that_hangs_is_ended_all_the_same(monkeypatch):
    monkeypatch.setattr(relay_module, "STOP", 0.2)
    with UDPReceiver() as receiver:
        relay = Relay(receiver.address, Link(), Link()).start()
        pid = relay.pid
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(TimeoutError, match=r"did not answer within 0\.2 s"):
            relay.close()
        assert not running(pid)


@on_posix
def test_an_interrupt_of_the_notebook_does_not_end_the_relay():
    with UDPReceiver() as receiver, Relay(receiver.address, Link(), Link()) as relay:
        os.kill(relay.pid, signal.SIGINT)
        assert relay.report.forward == Counts()


OWNER = """
import os, sys
from netlib.links.link import Link
from netlib.worlds import Relay
relay = Relay(("127.0.0.1", 9), Link(), Link()).start()
pid = relay.pid
if sys.argv[1] == "forget":
    del relay
if sys.argv[1] == "fork" and not os.fork():
    input()  # a child that holds what its parent had open
else:
    print(pid, flush=True)
    input()
"""


@contextmanager
def owner(how: str) -> Iterator[tuple[subprocess.Popen, int]]:
    """Yield a process that has started a relay, and the relay's process."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", OWNER, how], **pipes) as process:
        yield process, int(process.stdout.readline())
        process.kill()


@on_posix
@pytest.mark.parametrize("how", ["alone", "fork"])
def test_a_relay_ends_when_its_owner_is_killed(how):
    with owner(how) as (process, pid):
        assert running(pid)
        process.kill()
        wait_for(lambda: not running(pid), patience=3.0)


def test_a_relay_that_nobody_holds_any_more_ends():
    with owner("forget") as (process, pid):
        wait_for(lambda: not running(pid), patience=3.0)
        assert running(process.pid)


def test_a_relay_in_a_thread_that_nobody_holds_any_more_ends():
    relay = Relay(NOWHERE, Link(), Link(), thread=True).start()
    thread = relay._runner._thread
    del relay
    wait_for(lambda: not thread.is_alive())


def test_an_exception_in_the_block_stops_the_relay():
    with pytest.raises(KeyError), Relay(NOWHERE, Link(), Link()) as relay:
        pid = relay.pid
        raise KeyError
    assert not running(pid)


def test_stopping_takes_less_than_a_second_and_twice_is_harmless():
    with UDPReceiver() as receiver, UDPSender() as sender:
        relay = Relay(receiver.address, Link(delay=60), Link()).start()
        sender.send(b"never arrives", relay.address)
        wait_for(lambda: relay.report.forward.in_flight)
        began = time.monotonic()
        relay.close()
        relay.close()
        assert time.monotonic() - began < 1
    assert relay.report.forward == Counts(1, in_flight=1)  # still told afterwards


def test_the_relays_process_imports_nothing_heavy():
    heavy = "{'numpy', 'matplotlib', 'IPython', 'asyncio', 'multiprocessing'}"
    code = f"import sys, netlib.worlds.relay.hosts; print({heavy} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout.strip() == "set()", ended.stderr


# Models of one's own

OWN_MODEL = """
import sys
from netlib.links.link import Link
from netlib.worlds import Relay
from netlib.sockets import UDPReceiver, UDPSender

class EveryOther:
    def fates(self, coin, start=0):
        return (n % 2 == 1 for n in range(start, 1 << 40))

here = sys.argv[1] == "here"
with UDPReceiver() as receiver, UDPSender() as sender:
    with Relay(receiver.address, Link(loss=EveryOther()), Link(), thread=here) as relay:
        for n in range(6):
            sender.send(b"%d" % n, relay.address)
        print([receiver.receive().payload for _ in range(3)])
"""


def own_model(where: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", OWN_MODEL, where]
    return subprocess.run(command, capture_output=True, text=True, timeout=20)


def test_a_model_that_a_notebook_defines_runs_in_a_thread():
    assert own_model("here").stdout.strip() == "[b'0', b'2', b'4']"


def test_a_model_that_a_notebook_defines_cannot_go_to_the_process_and_the_error_says_what_to_do():
    assert "put the model into a module, or let the relay run here" in own_model("there").stderr


class Sulking:
    """A model of loss that gives up after a while."""

    def fates(self, coin, start=0):
        return iter([False] * 3)


@pytest.mark.parametrize("thread", [False, True])
def test_a_model_that_fails_ends_the_relay_with_what_it_said(thread):
    with UDPReceiver() as receiver, UDPSender() as sender:
        relay = Relay(receiver.address, Link(loss=Sulking()), Link(), thread=thread).start()
        for _ in range(4):
            sender.send(b"x", relay.address)
        with pytest.raises(RelayDied, match=r"has died \((ValueError|StopIteration)"):
            wait_for(lambda: relay.report.forward.arrived > 4)
