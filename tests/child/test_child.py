"""A function in a fresh Python: it answers, says how it died, and never outlives its use."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from children import Unreadable, chatter, describe, double, fail, leave, wait
from kernels import TESTS

from netlib import child as module
from netlib.child import ENDED, Child

pytestmark = pytest.mark.filterwarnings("error")


def answered(child: Child) -> list:
    """Return all answers until the end."""
    return list(iter(lambda: child.answers.get(timeout=10), ENDED))


def test_what_is_sent_is_answered_in_order():
    child = Child(double)
    for item in (1, "ab", [3]):
        child.send(item)
    assert [child.answers.get(timeout=10) for _ in range(3)] == [2, "abab", [3, 3]]
    child.end()
    assert answered(child) == []


def test_it_is_isolated_and_finds_the_same_netlib_and_the_same_modules():
    child = Child(describe)
    (path, *flags), (file, pid) = answered(child)
    child.end(5)
    assert path[1:] == sys.path
    assert flags == [1, 1, sys.dont_write_bytecode]
    assert (file, pid) == (module.__file__, child.pid)


def test_what_it_prints_is_no_answer():
    child = Child(chatter)
    assert answered(child) == ["after all that"]
    child.end(5)
    assert child.exit_reason == "exit code 0"


@pytest.mark.parametrize(
    ("function", "reason"),
    [(fail, "ValueError: broken on purpose"), (leave, "exit code 7")],
)
def test_how_it_died_is_said_and_sending_to_the_dead_is_harmless(function, reason):
    child = Child(function)
    assert answered(child) == []
    child.send(bytes(1_000_000))
    child.end()
    child.end()
    assert child.exit_reason == reason


def test_an_item_it_cannot_read_ends_it_with_the_reason():
    child = Child(double)
    child.send(Unreadable())
    assert answered(child) == []
    child.end()
    assert child.exit_reason == "RuntimeError: not to be read"


@pytest.mark.parametrize("function", [double, wait])
def test_its_input_ends_it_whatever_it_does(function):
    child = Child(function)
    if function is wait:
        child.answers.get(timeout=10)
    child.end(10)
    assert child.exit_reason == "exit code 0", "it had to be killed"


def test_one_that_nobody_holds_any_more_ends():
    child = Child(wait)
    reader, process = child._reader, child._process
    child.answers.get(timeout=10)
    del child
    gc.collect()
    assert process.wait(5) == 0
    reader.join()


def test_an_interrupt_while_it_starts_leaves_no_process_and_no_pipe(monkeypatch):
    read, before = module.Background.start, set(psutil.Process().children())

    def interrupted(reader):
        signal.raise_signal(signal.SIGINT)
        return read(reader)

    monkeypatch.setattr(module.Background, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Child(wait)
    assert set(psutil.Process().children()) <= before


def test_one_that_cannot_be_listened_to_is_ended(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    before = set(psutil.Process().children())
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start"):
        Child(wait)
    assert set(psutil.Process().children()) <= before


OWNER = """
import os, sys, threading
from children import wait
from netlib.child import Child
child = Child(wait)
pids = child.answers.get(), os.fork() if sys.argv[1] == "fork" else 0
if pids[1] or sys.argv[1] == "alone":
    print(*pids, flush=True)
threading.Event().wait()
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL and fork")
@pytest.mark.parametrize("how", ["alone", "fork"])
def test_it_ends_when_its_parent_is_killed_even_if_a_fork_holds_the_pipe(how):
    path = os.pathsep.join([str(TESTS / "child"), str(TESTS.parent)])
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, how],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    ) as owner:
        child, fork = map(int, owner.stdout.readline().split())
        owner.kill()
    try:
        deadline = time.monotonic() + 5
        while psutil.pid_exists(child) and psutil.Process(child).status() != "zombie":
            assert time.monotonic() < deadline
    finally:
        if fork:
            os.kill(fork, signal.SIGKILL)
