"""The checker: what it says of each mistake, that it is the smallest, and that it always ends."""

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import museum
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.checker import apart, check
from netlib.checker.cases import Case, Impairment, all_cases, ordinal
from netlib.checker.guard import LINES, Forbidden, shown, watched
from netlib.checker.judge import Judge
from netlib.protocols import (
    GoBackNReceiver,
    GoBackNSender,
    SelectiveRepeatReceiver,
    SelectiveRepeatSender,
)
from netlib.show.exercise import exercise

ROOT = Path(__file__).parents[2]
NOBODY = "nobody will ever send again, for no datagram is on its way and no deadline is set"
GARBAGE = "bytes from a network never raise: drop them, and count them"
TIMELESS = "an endpoint has no clock and no socket, and never waits: its time is `now`"
CHECK = sys.modules["netlib.checker.check"]  # the function of that name hides it
STEPS = {"lose_data": False, "lose_acks": False, "duplicate": False, "garbage": False}

EXPECTED = {
    ("Blast", "Believer"): (
        "With 1 message and the sender's 1st datagram lost: delivered [], should have been "
        f"[b'A']: {NOBODY}."
    ),
    "NoTimer": (
        "With 1 message and the sender's 1st datagram lost: delivered [], should have been "
        f"[b'A']: {NOBODY}."
    ),
    ("NoNumber", "Believer"): (
        "With 1 message and the sender's 1st datagram arriving twice: delivered [b'A', b'A'], "
        "should have been [b'A']: b'A' was delivered once too often."
    ),
    "UncheckedACK": (
        "With 2 messages, the sender's 1st datagram arriving twice and the sender's 2nd datagram "
        "lost: delivered [b'A'], should have been [b'A', b'B']: the sender's done is True, and "
        f"{NOBODY}."
    ),
    "WrongBitACK": (
        "With 1 message: delivered [b'A'], as it should be, but the sender never stops: after 250 "
        "datagrams, of which the receiver has answered 250, it still sends b'0A'."
    ),
    "MuteOnCopies": (
        "With 1 message and the receiver's 1st datagram lost: delivered [b'A'], as it should be, "
        "but the sender never stops: after 499 datagrams, of which the receiver has answered 1, "
        "it still sends b'0A'."
    ),
    "OneShotTimer": (
        "With 1 message, the sender's 1st datagram lost and the receiver's 1st datagram lost: "
        "delivered [b'A'], as it should be, but the sender's done is False, and "
        f"{NOBODY}."
    ),
    "SameBit": (
        "With 2 messages: delivered [b'A'], should have been [b'A', b'B']: the sender's done is "
        f"True, and {NOBODY}."
    ),
    "Apprentice": (
        "With 3 messages and the sender's 1st datagram arriving twice: delivered "
        "[b'A', b'B', b'C'], as it should be, but it took 5 datagrams of the sender instead of 3: "
        "the sender answers each copy with another copy (RFC 1123, section 4.2.3.1)."
    ),
    "AbsoluteDeadline": (
        "With 1 message and the sender's 1st datagram lost: delivered [], should have been "
        "[b'A']: the sender's wake(now=0.3) left the deadline at 0.3, so it would be woken again "
        "at once; expected a time that is still to come, such as now + timeout, or None."
    ),
    "PastDeadline": (
        "With 1 message: delivered [], should have been [b'A']: the sender's wake(now=0) left the "
        "deadline at -0.3, so it would be woken again at once; expected a time that is still to "
        "come, such as now + timeout, or None."
    ),
    "OneTooMany": (
        "With 1 message: delivered [b'A'], as it should be, but the sender's receive(b'0', "
        "now=0.1) raised IndexError: list index out of range (line #: "
        '`return [b"%d" % (self.index % 2) + self.messages[self.index]]`).'
    ),
    "ContinuesForEver": (
        "With 1 message: delivered [b'A'], as it should be, but the sender's deadline is still "
        "240.1 s, and by 240 s there should be nothing left to wait for (then it is None)."
    ),
    "NeverDone": (
        "With 1 message: delivered [b'A'], as it should be, but the sender's done is False, and "
        f"{NOBODY}."
    ),
    "WithHeader": (
        "With 1 message: delivered [b'0A'], should have been [b'A']: b'A' was sent, b'0A' "
        "delivered in its place."
    ),
    "NoEmptyMessage": (
        "With 1 message: delivered [], should have been [b'']: the sender never stops: after 500 "
        "datagrams, of which the receiver has answered 0, it still sends b'0'."
    ),
    "ByContent": (
        "With 2 messages: delivered [b'A'], should have been [b'A', b'A']: the sender's done is "
        f"True, and {NOBODY}."
    ),
    "Backwards": (
        "With 2 messages: delivered [b'B', b'A'], should have been [b'A', b'B']: [b'A'] had been "
        "delivered, and what is, stays."
    ),
    "Eager": (
        "With 2 messages and the receiver's 1st datagram lost: delivered [b'A', b'B', b'A'], "
        "should have been [b'A', b'B']: b'A' was delivered once too often."
    ),
    "Padder": (
        "With 2 messages: delivered [b'A', b'B', b'END'], should have been [b'A', b'B']: nobody "
        "sent b'END'."
    ),
    "ReturnsBytes": (
        "With 1 message: delivered [], should have been [b'A']: the sender's wake(now=0) must "
        "return a list of bytes, got b'0A'; expected [b'0A'] for one datagram."
    ),
    "ReturnsNothing": (
        "With 1 message: delivered [b'A'], as it should be, but the receiver's receive(b'0A', "
        "now=0.05) must return a list of bytes, got None (no `return` was reached); to send "
        "nothing, return []."
    ),
    "ReturnsText": (
        "With 1 message: delivered [b'A'], as it should be, but the receiver's receive(b'0A', "
        "now=0.05) must return a list of bytes, got ['0'], in which '0' is a str."
    ),
    "Yields": (
        "With 1 message: delivered [], should have been [b'A']: the sender's wake(now=0) must "
        "return a list of bytes, got <generator object Yields.wake> (a method with `yield` is a "
        "generator); collect the datagrams in a list."
    ),
    "Prints": (
        "With 1 message: delivered [], should have been [b'A']: the sender was woken, but "
        "returned no datagram (what it printed was not sent), and set no deadline."
    ),
    "DeliversText": (
        "With 1 message: delivered [\"b'A'\"], should have been [b'A']: a message must be bytes, "
        "got \"b'A'\", a str."
    ),
    "TextDeadline": (
        "With 1 message: delivered [], should have been [b'A']: the sender's deadline must be a "
        "time in seconds or None, got 'soon'."
    ),
    "NeverBegins": (
        "With 1 message: delivered [], should have been [b'A']: the sender never begins, for its "
        "deadline is None from the start (expected 0.0)."
    ),
    "NoDeadline": "The sender has no attribute 'deadline'.",
    "NoWake": (
        "With 1 message: delivered [], should have been [b'A']: the sender has no attribute 'wake'."
    ),
    "NothingDelivered": "The receiver has no attribute 'delivered'.",
    "SharedList": (
        "A new receiver has delivered [b'A'] before: it must start with a list of its own, made "
        "in __init__."
    ),
    "Blank": "Making the sender from ([b'A'], 0.3) raised TypeError: Blank() takes no arguments.",
    "BusyLoop": (
        "With 1 message: delivered [], should have been [b'A']: the sender's wake(now=0) does not "
        "come to an end: stopped after 20000 lines (line #: `while self.index < waiting_for:`)."
    ),
    "StubbornLoop": (
        "With 1 message: delivered [], should have been [b'A']: the sender's wake(now=0) does not "
        "come to an end: stopped after 20000 lines (line #: `try:  # noqa: SIM105`)."
    ),
    "SurvivingLoop": (
        "With 1 message: delivered [], should have been [b'A']: the sender's wake(now=0) does not "
        "come to an end: stopped after 20000 lines (line #: `while True:`)."
    ),
    "Sleeps": (
        "With 1 message: delivered [], should have been [b'A']: the sender's wake(now=0) calls "
        f"time.sleep() (line #: `time.sleep(self.timeout)`); {TIMELESS}."
    ),
    "WallClock": (
        "With 1 message: delivered [], should have been [b'A']: the sender's wake(now=0) calls "
        f"time.monotonic() (line #: `return super().send(time.monotonic())`); {TIMELESS}."
    ),
    "Insomniac": (
        "With 1 message: delivered [], should have been [b'A']: the sender was called 3001 times, "
        "and there is no end of it."
    ),
    ("FewNumbers", "FewNumbersReceiver"): (
        "With 4 messages and the receiver's 1st, 2nd and 3rd datagrams lost: delivered "
        "[b'A', b'B', b'C', b'D', b'A'], should have been [b'A', b'B', b'C', b'D']: b'A' was "
        "delivered once too often."
    ),
    "Unready": (
        "The receiver's receive(b'', now=0.05) raised ValueError: invalid literal for int() with "
        f"base 10: b'' (line #: `number = int(datagram[:1])`); {GARBAGE}."
    ),
    "UnreadySender": (
        "The sender's receive(b'', now=0.05) raised IndexError: index out of range (line #: "
        f"`return super().receive(bytes([datagram[0]]), now)`); {GARBAGE}."
    ),
    ("Wraps8", "WindowReceiver"): (
        "With 9 messages: delivered [b'A', b'B', b'C', b'D', b'E', b'F', b'G', b'H'], "
        "should have been [b'A', b'B', b'C', b'D', b'E', b'F', b'G', b'H', b'I']: the "
        "sender never stops: after 270 datagrams, of which the receiver has answered "
        "270, it still sends b'\\x00I'."
    ),
    ("Wraps16", "WindowReceiver"): (
        "With 17 messages: delivered [b'A', b'B', b'C', b'D', b'E', b'F', b'G', b'H', "
        "b'I', b'J', b'K', b'L', ...], should have been [b'A', b'B', b'C', b'D', b'E', "
        "b'F', b'G', b'H', b'I', b'J', b'K', b'L', ...]: the sender never stops: after "
        "510 datagrams, of which the receiver has answered 510, it still sends b'\\x00Q'."
    ),
    ("NoWrap", "NoWrapReceiver"): (
        "With 257 messages: delivered [b'A', b'B', b'C', b'D', b'E', b'F', b'G', b'H', "
        "b'I', b'J', b'K', b'L', ...], should have been [b'A', b'B', b'C', b'D', b'E', "
        "b'F', b'G', b'H', b'I', b'J', b'K', b'L', ...]: the sender's receive(b'255', "
        "now=25.6) raised ValueError: bytes must be in range(0, 256) (line #: `return "
        "[bytes([self.index]) + datagram[1:] for datagram in super().send(now)]`)."
    ),
    ("ThreeBits", "ThreeBitsReceiver"): (
        "With 8 messages and the receiver's first 7 datagrams lost: delivered [b'A', "
        "b'B', b'C', b'D', b'E', b'F', b'G', b'H', b'A'], should have been [b'A', b'B', "
        "b'C', b'D', b'E', b'F', b'G', b'H']: b'A' was delivered once too often."
    ),
    ("FourBits", "FourBitsReceiver"): (
        "With 16 messages and all that the receiver sends in the first 0.25 s lost: "
        "delivered [b'A', b'B', b'C', b'D', b'E', b'F', b'G', b'H', b'I', b'J', b'K', "
        "b'L', ...], should have been [b'A', b'B', b'C', b'D', b'E', b'F', b'G', b'H', "
        "b'I', b'J', b'K', b'L', ...]: b'A' was delivered once too often."
    ),
    ("EightBits", "WindowReceiver"): (
        "With 256 messages and all that the receiver sends in the first 0.25 s lost: "
        "delivered [b'A', b'B', b'C', b'D', b'E', b'F', b'G', b'H', b'I', b'J', b'K', "
        "b'L', ...], should have been [b'A', b'B', b'C', b'D', b'E', b'F', b'G', b'H', "
        "b'I', b'J', b'K', b'L', ...]: b'A' was delivered once too often."
    ),
    "GivesUp": (
        "With 1 message and the sender's first 10 datagrams lost: delivered [], should "
        "have been [b'A']: nobody will ever send again, for no datagram is on its way "
        "and no deadline is set."
    ),
    "SilentTimer": (
        "With 1 message and the sender's 1st datagram lost: delivered [], should have "
        "been [b'A']: the sender was called 803 times since it sent b'0A', and returned "
        "no datagram (what it printed was not sent)."
    ),
    "ReadsTheDate": (
        "With 1 message: delivered [], should have been [b'A']: the sender's wake(now=0) "
        "calls datetime.now() (line #: `return "
        "super().send(datetime.now().timestamp())`); an endpoint has no clock and no "
        "socket, and never waits: its time is `now`."
    ),
    "Asks": (
        "With 1 message: delivered [], should have been [b'A']: the sender's wake(now=0) "
        "calls threading.Condition.wait() (line #: `queue.Queue().get(timeout=0.2)`); an "
        "endpoint has no clock and no socket, and never waits: its time is `now`."
    ),
    "Starts": (
        "With 1 message: delivered [], should have been [b'A']: the sender's wake(now=0) "
        "calls threading.start_new_thread() (line #: `threading.Timer(self.timeout, "
        "self.wake, [now]).start()`); an endpoint has no clock and no socket, and never "
        "waits: its time is `now`."
    ),
}


@pytest.fixture
def here(monkeypatch):
    """Check in this process, which is quicker: for what is the same in either."""
    monkeypatch.setattr(
        CHECK, "search", lambda *pair: apart.search_here(pair[0], pair[1], pair[2:])
    )


def pair(names):
    """Return a sender and a receiver of the museum: the one named, and a correct one."""
    if isinstance(names, tuple):
        return tuple(getattr(museum, name) for name in names)
    exhibit = getattr(museum, names)
    receives = hasattr(exhibit, "delivered") or issubclass(exhibit, museum.Receiver)
    if receives or exhibit is museum.NothingDelivered:
        return museum.Sender, exhibit
    return exhibit, museum.Receiver


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("names", EXPECTED, ids=str)
def test_each_mistake_of_the_museum_is_named(names, capsys):
    result = check(*pair(names))
    assert not result
    assert re.sub(r"line \d+", "line #", result.sentence) == EXPECTED[names]
    assert result.sentence in repr(result)
    assert capsys.readouterr().out == ""


SAMPLE = ["OneTooMany", ("FewNumbers", "FewNumbersReceiver"), "Unready"]


@pytest.mark.parametrize("names", [n for n in EXPECTED if n in SAMPLE or n[0] in SAMPLE], ids=str)
def test_a_process_of_its_own_finds_the_same(names):
    result = check(*pair(names))
    assert re.sub(r"line \d+", "line #", result.sentence) == EXPECTED[names]


def test_every_exhibit_of_the_museum_is_tested():
    correct = {"Sender", "Receiver", "WindowSender", "WindowReceiver", *UNUSUAL}
    correct |= {"NoWrapReceiver", "ThreeBitsReceiver", "FourBitsReceiver", "datetime"}
    shown = {name for key in EXPECTED for name in (key if isinstance(key, tuple) else (key,))}
    made = {name for name, each in vars(museum).items() if isinstance(each, type)}
    assert made == shown | correct


# ---- what is correct passes

UNUSUAL = ["BacksOff", "RandomTimer", "NoMoreAtInfinity", "LateACK", "Locked"]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", UNUSUAL)
def test_a_correct_protocol_may_be_unusual(name):
    late = name == "LateACK"
    ends = (museum.WindowSender, museum.LateACK) if late else pair(name)
    result = check(*ends)
    assert result, result.sentence


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("bits, window", [(3, 5), (4, 9), (8, 129)])
def test_selective_repeat_needs_twice_as_many_numbers_as_its_window(bits, window):
    def result(window):
        def sender(messages, timeout):
            return SelectiveRepeatSender(messages, window, timeout, bits, unsafe=True)

        return check(sender, lambda: SelectiveRepeatReceiver(window, bits, unsafe=True))

    assert bits < 8 or result(2 ** (bits - 1))
    assert result(window).kind == "twice"


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("bits", [3, 8])
def test_go_back_n_needs_one_number_more_than_its_window(bits):
    def result(window):
        def sender(messages, timeout):
            return GoBackNSender(messages, window, timeout, bits, unsafe=True)

        return check(sender, lambda: GoBackNReceiver(bits))

    assert bits < 8 or result(2**bits - 1)
    assert result(2**bits).kind in ("twice", "silence")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("numbers", [5, 10, 16])
def test_a_number_that_comes_back_while_a_copy_lives_is_found(numbers):
    sender = type("Few", (museum.WindowSender,), {"numbers": numbers, "window": 1})
    receiver = type("FewToo", (museum.WindowReceiver,), {"numbers": numbers})
    result = check(sender, receiver, reorder=True)
    assert result.kind == "twice" and len(result.case.impairments) == 1


@pytest.mark.parametrize(
    "sender, receiver, options",
    [
        (museum.Sender, museum.Receiver, {}),
        (museum.WindowSender, museum.WindowReceiver, {"reorder": True}),
        (museum.NoTimer, museum.Receiver, {**STEPS, "duplicate": True}),
        (museum.NoNumber, museum.Believer, {**STEPS, "lose_data": True}),
        (museum.Blast, museum.Believer, STEPS),
    ],
)
def test_a_protocol_passes_where_the_links_do_what_it_is_made_for(here, sender, receiver, options):
    result = check(sender, receiver, **options)
    assert result and result.ok and result.kind == "" and result.ladder is None
    assert repr(result).startswith(f"Correct in all {result.runs} exchanges tried: ")


def test_the_alternating_bit_over_a_link_that_reorders_delivers_wrong_data(here):
    result = check(museum.Sender, museum.Receiver, reorder=True)
    assert result.sentence == (
        "With 2 messages and the sender's 1st datagram 1 s late: delivered [b'A', b'B', b'A'], "
        "should have been [b'A', b'B']: b'A' was delivered once too often."
    )


def test_who_delivers_whatever_comes_delivers_out_of_order(here):
    result = check(museum.Blast, museum.Believer, **{**STEPS, "reorder": True})
    assert (result.kind, len(result.case.messages), len(result.case.impairments)) == ("order", 2, 1)
    assert result.sentence.endswith("[b'A', b'B']: b'B' was delivered before b'A'.")


# ---- the shortest failing exchange


def test_a_lost_ack_without_the_bit_takes_one_message_and_one_lost_datagram(here):
    result = check(museum.NoNumber, museum.Believer, duplicate=False)
    assert result.case == Case((b"A",), (Impairment("receiver", 0, "lost"),))
    told = [(e.role, e.action, e.payload) for e in result.trace]
    assert told == [
        ("sender", "send", b"A"),
        ("receiver", "receive", b"A"),
        ("receiver", "send", b"ok"),
        ("link", "lost", b"ok"),
        ("sender", "send", b"A"),
        ("receiver", "receive", b"A"),
    ]


IMPAIRED = [names for names, said in EXPECTED.items() if "1st datagram" in said]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("names", IMPAIRED, ids=str)
def test_nothing_can_be_left_out_of_the_exchange_that_is_shown(names):
    judge, shortest = Judge(*pair(names)), check(*pair(names))
    for case in shortest.case.smaller():
        fault = judge.run(case).fault
        assert fault is None or fault.kind != shortest.kind


class FailsLate(museum.Receiver):
    """Breaks when two copies have come of each of three messages: no small exchange does that."""

    def receive(self, datagram, now):
        self.seen = [*getattr(self, "seen", []), datagram]
        if sum(self.seen.count(each) > 1 for each in set(self.seen)) == 3:
            raise LookupError("three")
        return super().receive(datagram, now)


@pytest.mark.usefixtures("here")
def test_a_failure_that_only_a_long_random_exchange_finds_is_made_short():
    result = check(museum.Sender, FailsLate, duplicate=False)
    assert len(result.case.messages) == 3
    assert [i.fate for i in result.case.impairments] == ["lost"] * 3
    assert result.case.impairments[0].number == 0


# ---- it always ends, and leaves all as it was


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(apart, "PATIENCE", 0.2)


def waits_on_one_line(self, now):
    # fmt: off
    while True: pass  # noqa: E701
    # fmt: on


def takes_a_lock_twice(self, now):
    lock = threading.Lock()
    with lock, lock:
        return []


def matches_badly(self, now):
    re.match("(a*)*b", "a" * 40)


def adds_for_ever(self, now):
    return sum(itertools.repeat(0))


def takes_off_the_guard(self, now):
    sys.settrace(None)
    while True:
        now += 1


WAITS = [
    waits_on_one_line,
    takes_a_lock_twice,
    matches_badly,
    adds_for_ever,
    takes_off_the_guard,
]


def sender_that(wake):
    """Return a class without a module, as those of a notebook are."""
    return type("Waits", (museum.Sender,), {"wake": wake, "__module__": "__main__"})


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("wake", WAITS, ids=lambda wake: wake.__name__)
def test_what_no_guard_can_end_is_ended_and_its_line_is_named(wake):
    result = check(sender_that(wake), museum.Receiver)
    said = (
        r"With 1 message: the sender's wake\(now=0\) does not come to an end: stopped after 0.2 s"
    )
    assert re.fullmatch(rf"{said} \(line \d+: `.+`\)\.", result.sentence), result.sentence
    assert result.kind == "busy" and repr(result) == result.sentence


def test_who_ends_python_ends_its_own():
    result = check(sender_that(lambda self, now: os._exit(3)), museum.Receiver)
    assert result.sentence == (
        "With 1 message: the sender's wake(now=0) ended the Python in which it ran (exit code 3)."
    )


def test_a_check_that_takes_too_long_ends_and_says_where(monkeypatch):
    monkeypatch.setattr(apart, "LIMIT", 0.3)
    result = check(sender_that(takes_a_lock_twice), museum.Receiver)
    assert result.sentence.endswith("the sender's wake(now=0) was the last call in 0.3 s.")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot interrupt one process")
def test_an_interrupt_is_the_readers():
    threads, began = threading.active_count(), time.monotonic()
    interrupt = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        check(sender_that(takes_a_lock_twice), museum.Receiver)
    interrupt.join()
    assert time.monotonic() - began < apart.PATIENCE and threading.active_count() == threads


def test_an_interrupt_in_this_process_leaves_all_as_it_was(here):
    class Interrupted(museum.Sender):
        def wake(self, now):
            raise KeyboardInterrupt

    before = sys.gettrace(), sys.getprofile(), sys.stdout
    with pytest.raises(KeyboardInterrupt):
        check(Interrupted, museum.Receiver)
    assert (sys.gettrace(), sys.getprofile(), sys.stdout) == before


def test_what_cannot_be_carried_is_checked_here_and_says_why():
    lock = threading.Lock()

    class Holds(museum.NoTimer):
        held = lock

    result = check(Holds, museum.Receiver)
    assert result.sentence == EXPECTED["NoTimer"]
    assert "can be stopped: TypeError: cannot pickle '_thread.lock' object." in repr(result)


def test_a_loop_in_this_process_is_ended_too(here, monkeypatch):
    monkeypatch.setattr(apart, "LIMIT", 0.3)
    result = check(sender_that(waits_on_one_line), museum.Receiver)
    assert "the sender's wake(now=0) did not end within 0.3 s" in result.sentence


@pytest.mark.parametrize("phase", range(4))
def test_a_loop_is_not_stopped_where_it_would_catch_that(here, monkeypatch, phase):
    monkeypatch.setattr(apart, "LIMIT", 2.0)  # what is caught takes the guard away

    def wake(self, now):
        for _ in range(phase):
            now += 1
        return museum.StubbornLoop.wake(self, now)

    assert "stopped after 20000 lines" in check(sender_that(wake), museum.Receiver).sentence


def test_a_debugger_keeps_its_place(here):
    def debugger(frame, event, arg):
        return None

    before = sys.gettrace()
    sys.settrace(debugger)
    try:
        check(museum.BusyLoop, museum.Receiver)
        assert sys.gettrace() is debugger
    finally:
        sys.settrace(before)


def loops_in_init(self, messages, timeout):
    while True:
        self.messages = messages


def loops_in_deadline(self):
    return max(n for n in iter(int, 1) if n)


def floods(self, now):
    self.deadline = now + 1
    return [b""] * 10**6


def calls_itself(self, now):
    return self.wake(now)


@pytest.mark.parametrize(
    "name, method, kind",
    [
        ("__init__", loops_in_init, "busy"),
        ("deadline", property(loops_in_deadline, lambda self, value: None), "busy"),
        ("wake", calls_itself, "exception"),
        ("wake", lambda self, now: sys.exit(), "exception"),
        ("wake", floods, "endless"),
        ("wake", lambda self, now: [bytearray(b"x")], "type"),
        ("wake", lambda self: [], "exception"),
        ("wake", None, "exception"),
        ("done", property(lambda self: 1 // 0), "exception"),
    ],
)
def test_whatever_a_method_does_becomes_a_sentence(here, name, method, kind):
    broken = type("Broken", (museum.WindowSender,), {name: method})
    result = check(broken, museum.WindowReceiver)
    assert result.kind == kind, result


@pytest.mark.parametrize("blank", [None, ..., 7, "class"])
def test_a_blank_is_no_protocol(here, blank):
    assert check(blank, museum.Receiver).sentence == (
        f"Expected a class or function that makes a sender, got {shown(blank)}."
    )


@pytest.mark.parametrize("deadline", [float("nan"), True, "0.3", [0.3]])
def test_a_deadline_is_a_time_or_none(here, deadline):
    started = type("Started", (museum.Sender,), {"deadline": property(lambda self: deadline)})
    started.deadline = started.deadline.setter(lambda self, value: None)
    assert check(started, museum.Receiver).sentence == (
        f"The sender's deadline must be a time in seconds or None, got {shown(deadline)}."
    )


@settings(max_examples=30)
@given(st.lists(st.sampled_from([b"", b"0", b"1", b"0A", None, "x", 3, [b"0"], [b"0A"], [3]])))
def test_whatever_a_sender_returns_the_checker_returns(answers):
    class Arbitrary(museum.Sender):
        def wake(self, now):
            self.deadline = now + 1
            return answers[int(now) % len(answers)] if answers else []

    finding = Judge(Arbitrary, museum.Receiver).search({"sender": (), "receiver": ()}, False)
    result = CHECK.Result(finding)
    assert result.sentence and repr(result) and result._repr_html_()


def test_a_line_that_any_honest_window_needs_is_within_the_budget(here):
    busy = check(lambda m, t: museum.WindowSender(m, t), museum.WindowReceiver)
    assert busy and LINES >= 20 * 1000


# ---- how it looks


def test_what_the_code_printed_is_shown_where_it_failed_and_nowhere_else(capsys):
    class Chatty(museum.NoTimer):
        def receive(self, datagram, now):
            for n in range(5):
                print(n)  # noqa: T201
            return super().receive(datagram, now)

    result = check(Chatty, museum.Receiver, lose_data=False)
    assert result.printed == ""  # the ACK was lost, so that `receive` was not called
    assert capsys.readouterr().out == ""
    result = check(museum.Prints, museum.Receiver)
    assert repr(result).endswith("\n\nIt printed:\nb'0A'")


def test_what_is_shown_is_escaped():
    class Hostile(museum.Sender):
        def wake(self, now):
            print("<script>1</script>")  # noqa: T201
            raise ValueError("<script>2</script>")

    page = check(Hostile, museum.Receiver)._repr_html_()
    assert page.count("&lt;script&gt;") == 3 and "<script" not in page  # the third is the line


def test_the_picture_and_the_words_come_with_their_ladder(here):
    result = check(museum.NoTimer, museum.Receiver)
    assert "<svg" in result._repr_html_() and "✗" in result._repr_html_()
    assert repr(result.ladder) in repr(result)
    assert "✓" in check(museum.Sender, museum.Receiver)._repr_html_()


def test_an_exchange_without_an_end_is_shown_as_it_begins(here):
    result = check(museum.Sender, museum.MuteOnCopies)
    assert len(result.trace.only("send")) < 15 and "This is how it begins." in repr(result)


def test_a_label_says_what_is_written_at_an_arrow():
    def label(payload):
        return f"DATA {payload[:1].decode()}"

    assert "DATA 0" in repr(check(museum.NoTimer, museum.Receiver, label=label))


def test_an_exercise_can_assert_it():
    with exercise(1) as blank:
        result = check(museum.NoTimer, museum.Receiver)
        if not result:
            raise AssertionError(result)  # `assert result, result`, without pytest's additions
    assert not blank.verdict.solved and repr(result) in repr(blank.verdict)
    assert blank.verdict._repr_html_().count("✗") == 1
    with exercise(1) as solved:
        assert check(museum.Sender, museum.Receiver)
    assert solved.verdict.solved


def test_two_processes_show_the_same():
    script = (
        "import museum; from netlib.checker import check\n"
        "for sender in (museum.Yields, museum.OneTooMany, museum.MuteOnCopies):\n"
        "    result = check(sender, museum.Receiver) if sender is not museum.MuteOnCopies"
        " else check(museum.Sender, sender)\n"
        "    print(repr(result), result._repr_html_())"
    )
    seen = set()
    for seed in ("1", "2"):
        paths = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
        world = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths}
        run = subprocess.run(
            [sys.executable, "-c", script], env=world, capture_output=True, text=True, check=True
        )
        seen.add(run.stdout)
    assert len(seen) == 1 and len(seen.pop()) > 1000


# ---- the cases


def test_the_cases_become_larger_and_say_what_is_in_them():
    cases = list(all_cases({"sender": ("lost", "copied"), "receiver": ("lost", "copied")}))
    assert len(set(cases)) == len(cases)
    first = [len(case.impairments) for case in cases[:40]]
    assert first == sorted(first)
    assert str(cases[0]) == "1 message"
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 112)] == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "112th")
    ]


def test_a_link_does_to_each_datagram_what_is_written():
    fates = ("lost", "copied", "late")
    chosen = tuple(Impairment("sender", n, fate) for n, fate in enumerate(fates))
    forward, backward = Case((b"A",), chosen).links()
    arrivals = [forward.carry(1, 1.0) for _ in range(4)]
    assert arrivals == [[], [1.05, 1.05], [2.05], [1.05]]
    assert backward.carry(1, 1.0) == [1.05]


class LeftOpen:
    """An object that closes its socket once it is garbage, as an event loop does."""

    def __init__(self):
        self.sock = socket.socket()

    def __del__(self):
        self.sock.close()


def test_what_the_garbage_collector_closes_meanwhile_is_not_the_learners_doing():
    def endpoint():
        litter.pop()

    litter = [LeftOpen()]
    assert watched(endpoint) is None
    with pytest.raises(Forbidden, match="close"), socket.socket() as sock:
        watched(lambda: sock.close())
