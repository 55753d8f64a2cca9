"""The checker: what it says of each mistake, that it is the smallest, and that it always ends."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import museum
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.checker import check
from netlib.checker.cases import Case, Impairment, all_cases, ordinal
from netlib.checker.guard import LINES, shown
from netlib.checker.judge import Judge
from netlib.show.exercise import exercise
from netlib.show.ladder import Ladder

ROOT = Path(__file__).parents[2]
NOBODY = "nobody will ever send again, for no datagram is on its way and no deadline is set"
GARBAGE = "bytes from a network never raise: drop them, and count them"
TIMELESS = "an endpoint has no clock and no socket, and never waits: its time is `now`"
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
}


def pair(names):
    """Return a sender and a receiver of the museum: the one named, and a correct one."""
    if isinstance(names, tuple):
        return tuple(getattr(museum, name) for name in names)
    exhibit = getattr(museum, names)
    receives = hasattr(exhibit, "delivered") or issubclass(exhibit, museum.Receiver)
    if receives or exhibit is museum.NothingDelivered:
        return museum.Sender, exhibit
    return exhibit, museum.Receiver


@pytest.mark.parametrize("names", EXPECTED, ids=str)
def test_each_mistake_of_the_museum_is_named(names, capsys):
    result = check(*pair(names))
    assert not result
    assert re.sub(r"line \d+", "line #", result.sentence) == EXPECTED[names]
    assert result.sentence in repr(result)
    assert capsys.readouterr().out == ""


def test_every_exhibit_of_the_museum_is_tested():
    correct = {"Sender", "Receiver", "WindowSender", "WindowReceiver"}
    shown = {name for key in EXPECTED for name in (key if isinstance(key, tuple) else (key,))}
    made = {name for name, each in vars(museum).items() if isinstance(each, type)}
    assert made == shown | correct


# ---- what is correct passes


@pytest.mark.parametrize(
    "sender, receiver, options",
    [
        (museum.Sender, museum.Receiver, {}),
        (museum.WindowSender, museum.WindowReceiver, {}),
        (museum.WindowSender, museum.WindowReceiver, {"reorder": True}),
        (museum.NoTimer, museum.Receiver, {**STEPS, "duplicate": True}),
        (museum.NoNumber, museum.Believer, {**STEPS, "lose_data": True}),
        (museum.Blast, museum.Believer, STEPS),
    ],
)
def test_a_protocol_passes_where_the_links_do_only_what_it_is_made_for(sender, receiver, options):
    result = check(sender, receiver, **options)
    assert result and result.ok and result.kind == "" and result.ladder is None
    assert repr(result).startswith(f"Correct in all {result.runs} exchanges tried: ")


def test_the_alternating_bit_over_a_link_that_reorders_delivers_wrong_data():
    result = check(museum.Sender, museum.Receiver, reorder=True)
    assert result.sentence == (
        "With 2 messages and the sender's 1st datagram 1 s late: delivered [b'A', b'B', b'A'], "
        "should have been [b'A', b'B']: b'A' was delivered once too often."
    )


def test_who_delivers_whatever_comes_delivers_out_of_order():
    result = check(museum.Blast, museum.Believer, **{**STEPS, "reorder": True})
    assert (result.kind, len(result.case.messages), len(result.case.impairments)) == ("order", 2, 1)
    assert result.sentence.endswith("[b'A', b'B']: b'B' was delivered before b'A'.")


# ---- the shortest failing exchange


def test_a_lost_ack_without_the_bit_takes_one_message_and_one_lost_datagram():
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


def test_a_failure_that_only_a_long_random_exchange_finds_is_made_short():
    result = check(museum.Sender, FailsLate, duplicate=False)
    assert len(result.case.messages) == 3
    assert [i.fate for i in result.case.impairments] == ["lost"] * 3
    assert result.case.impairments[0].number == 0


# ---- it always ends, and leaves all as it was


def test_an_interrupt_is_the_readers():
    class Interrupted(museum.Sender):
        def wake(self, now):
            raise KeyboardInterrupt

    before = sys.gettrace(), sys.getprofile(), sys.stdout
    with pytest.raises(KeyboardInterrupt):
        check(Interrupted, museum.Receiver)
    assert (sys.gettrace(), sys.getprofile(), sys.stdout) == before


def test_a_debugger_keeps_its_place():
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
def test_whatever_a_method_does_becomes_a_sentence(name, method, kind):
    broken = type("Broken", (museum.WindowSender,), {name: method})
    result = check(broken, museum.WindowReceiver)
    assert result.kind == kind, result


@pytest.mark.parametrize("blank", [None, ..., 7, "class"])
def test_a_blank_is_no_protocol(blank):
    assert check(blank, museum.Receiver).sentence == (
        f"Expected a class or function that makes a sender, got {shown(blank)}."
    )


@pytest.mark.parametrize("deadline", [float("nan"), True, "0.3", [0.3]])
def test_a_deadline_is_a_time_or_none(deadline):
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

    result = check(Arbitrary, museum.Receiver, garbage=False)
    assert result.sentence and repr(result) and result._repr_html_()


def test_a_line_that_any_honest_window_needs_is_within_the_budget():
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


def test_the_picture_and_the_words_come_with_their_ladder():
    result = check(museum.NoTimer, museum.Receiver)
    assert "<svg" in result._repr_html_() and "✗" in result._repr_html_()
    assert repr(result.ladder) in repr(result)
    assert "✓" in check(museum.Sender, museum.Receiver)._repr_html_()


def test_an_exchange_without_an_end_is_shown_as_it_begins():
    result = check(museum.Sender, museum.MuteOnCopies)
    assert len(result.trace.only("send")) < 15 and "This is how it begins." in repr(result)


LABELS = "label" in inspect.signature(Ladder).parameters


@pytest.mark.skipif(not LABELS, reason="this ladder writes the payload only")
def test_a_label_says_what_is_written_at_an_arrow():
    def label(payload):
        return f"DATA {payload[:1].decode()}"

    assert "DATA 0" in repr(check(museum.NoTimer, museum.Receiver, label=label))


def test_an_exercise_can_assert_it():
    with exercise(1) as blank:
        result = check(museum.NoTimer, museum.Receiver)
        assert result, result.sentence
    assert not blank.verdict.solved and result.sentence in repr(blank.verdict)
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
