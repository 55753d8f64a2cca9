"""Limits for what may loop or wait: they end it where it stands, and leave nothing behind."""

import asyncio
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from netlib.show.exercise import exercise, within
from netlib.show.within import AGAIN, TimeLimit

SOON = 0.1  # seconds
alarmed = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no alarm")


def loops():
    while True:
        pass


def loops_stubbornly():
    while True:
        try:  # noqa: SIM105
            time.monotonic()
        except:  # noqa: E722
            pass


def waits_for_a_datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.recvfrom(10)


def waits_for_a_client():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.accept()


def waits_for_a_lock():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


ENDLESS = [loops, loops_stubbornly, waits_for_a_datagram, waits_for_a_client, waits_for_a_lock]


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    threads = threading.active_count()
    yield
    assert threading.active_count() == threads
    assert socket.getdefaulttimeout() is None
    if sys.platform != "win32":
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
        assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


@alarmed
@pytest.mark.parametrize("function", ENDLESS, ids=lambda each: each.__name__)
def test_what_never_ends_is_ended_and_its_line_is_named(function):
    with pytest.raises(AssertionError) as error:
        within(SOON, function)
    name = function.__name__
    text = rf"{name}\(\) did not end within 0.1 s: stopped in line \d+ of {name}, `.+`"
    assert re.fullmatch(text, str(error.value))


def test_a_loop_in_another_thread_is_ended_too():
    errors = []

    def run():
        try:
            within(SOON, loops)
        except AssertionError as error:
            errors.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    assert len(errors) == 1 and "of loops" in errors[0]


def test_the_interpreter_can_trace_after_a_limit_in_another_thread():
    script = (
        "import sys, threading; from netlib.show.within import within\n"
        "thread = threading.Thread(target=within, args=(9, int)); thread.start(); thread.join()\n"
        "def trace(*details): return trace\n"
        "sys.settrace(trace)\n"
        "for n in range(100): int()\n"
        "def call(): return 1\n"
        "call()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=20)


def test_without_an_alarm_a_new_socket_has_the_limit_as_its_timeout():
    errors = []

    def run():
        try:
            within(SOON, waits_for_a_datagram)
        except (TimeoutError, AssertionError) as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    assert len(errors) == 1


def test_a_call_that_ends_returns_its_value_and_raises_its_own_errors():
    assert within(5, divmod, 7, 2) == (3, 1)
    assert within(5, sorted, [1, 2], reverse=True) == [2, 1]
    with pytest.raises(ZeroDivisionError):
        within(5, divmod, 7, 0)


def test_an_end_that_was_swallowed_still_counts():
    def survives():
        try:
            loops()
        except BaseException:
            return "done"

    with pytest.raises(AssertionError, match=r"survives\(\) did not end within 0.1 s"):
        within(SOON, survives)


@alarmed
@pytest.mark.parametrize("inner, outer, expected", [(9, SOON, "the check"), (SOON, 9, "loops()")])
def test_of_two_limits_the_shorter_one_ends_it(inner, outer, expected):
    with exercise(1, seconds=outer) as block:
        within(inner, loops)
    assert f"{expected} did not end within 0.1 s" in repr(block.verdict).replace("The", "the")


@alarmed
def test_after_an_inner_limit_the_outer_one_still_holds():
    with exercise(1, seconds=3 * SOON) as block:
        within(SOON, int)
        loops()
    assert "The check did not end within 0.3 s: stopped in line" in repr(block.verdict)


@alarmed
def test_a_check_that_loops_is_an_exercise_not_yet_solved():
    with exercise(2, seconds=SOON) as block:
        loops()
    assert not block.verdict.solved
    assert re.fullmatch(
        r"Exercise 2: not yet. The check did not end within 0.1 s: "
        r"stopped in line \d+ of loops, `.+`",
        repr(block.verdict),
    )


def test_an_await_of_what_never_comes_is_ended_and_the_loop_goes_on():
    async def cell():
        with exercise(3, seconds=SOON) as block:
            await asyncio.Event().wait()
        await asyncio.sleep(2 * AGAIN)
        return block.verdict, asyncio.current_task().cancelling()

    verdict, cancelling = asyncio.run(cell())
    assert re.search(r"did not end within 0.1 s: stopped in line \d+ of cell", repr(verdict))
    assert cancelling == 0


@alarmed
def test_a_task_that_loops_while_the_cell_awaits_is_ended():
    async def hogs():
        loops()

    async def cell():
        with exercise(3, seconds=SOON) as block:
            await asyncio.gather(hogs(), return_exceptions=True)
            await asyncio.Event().wait()
        return block.verdict

    assert "of loops" in repr(asyncio.run(cell()))


@alarmed
def test_an_event_loop_that_begins_inside_is_ended_too():
    with pytest.raises(AssertionError, match=r"run\(.*\) did not end within 0.1 s"):
        within(SOON, asyncio.run, asyncio.sleep(60))


def test_a_task_cancelled_by_somebody_else_stays_cancelled():
    async def cell():
        with exercise(3):
            await asyncio.Event().wait()

    async def main():
        task = asyncio.create_task(cell())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_limit_is_a_time_above_zero(seconds):
    with pytest.raises(ValueError, match="seconds must be a finite number above 0, got"):
        TimeLimit(seconds)
