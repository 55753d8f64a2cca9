"""Run one exchange of a learner's endpoints in virtual time, and say what is wrong with it."""

import contextlib
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, NamedTuple

from netlib.checker.cases import DELAY, PLACES, TIMEOUT, Case, all_cases, letters
from netlib.checker.guard import Fault, Guard, attempt, described, shown
from netlib.trace import Trace
from netlib.worlds.simulator import simulate

DATAGRAMS, CALLS = 500, 3000  # in one exchange; a window of 8 at loss 20 % takes 200 and 400,
EACH_DATAGRAMS, EACH_CALLS = 60, 150  # and these many more for each of many messages
HEAD = 8  # datagrams of an exchange without an end
GARBAGE = [b"", *(byte * size for size in range(1, 12) for byte in (b"\xff", b"\x00")), b"hello"]

NOBODY = "nobody will ever send again, for no datagram is on its way and no deadline is set"
WASTE = "the sender answers each copy with another copy (RFC 1123, section 4.2.3.1)"


@dataclass
class Exchange:
    """What came of one case: the trace, what was delivered, and the first fault, if any.

    `progress` is called with each call of the learner's code before it is made.
    """

    case: Case
    progress: Callable[[str], object] = lambda call: None
    trace: Trace = field(default_factory=lambda: Trace(lambda: 0.0, show_times=True))
    delivered: list[bytes] = field(default_factory=list)
    fault: Fault | None = None
    sent: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    last: bytes = b""  # what the sender sent last
    idle: int = 0  # calls of the sender since then
    replies: int = 0  # datagrams that the sender sent because one had come
    most: int = 0  # datagrams; 0: as many as an honest protocol may need
    printed: str = ""
    garbled: bool = False  # bytes of a stranger have arrived
    constructed: bool = False  # there were a sender and a receiver

    @property
    def done(self) -> bool:
        return self.fault is not None or self.sent.total() >= self.limit or self.is_tired

    @property
    def is_tired(self) -> bool:
        return self.calls.total() > max(CALLS, EACH_CALLS * len(self.case.messages))

    @property
    def limit(self) -> int:
        return self.most or max(DATAGRAMS, EACH_DATAGRAMS * len(self.case.messages))

    @property
    def endless(self) -> bool:
        return not self.most and self.sent.total() >= self.limit

    @property
    def kind(self) -> str:
        return self.fault.kind if self.fault else ""

    def attempt(self, call: str, function: Callable, *arguments: object) -> Any:
        """Call the learner's code under watch. Raises Fault for what it must not do."""
        self.progress(call)
        return attempt(call, function, *arguments)

    def note(self, fault: Fault):
        """Keep a fault, if it is the first."""
        self.fault = self.fault or fault

    def answered(self, guard: Guard, call: str, answers: list[bytes]):
        """Count a call that kept the contract. Raises Fault if what is delivered is wrong."""
        self.calls[guard.place] += 1
        self.sent[guard.place] += len(answers)
        if guard.place == "sender":
            self.idle = 0 if answers else self.idle + 1
            self.replies += len(answers) if call == "receive" else 0
            self.last = answers[-1] if answers else self.last
        elif not self.garbled:  # it may look like data, and only a checksum would tell
            _compare(self, _delivered(guard))

    @property
    def sentence(self) -> str:
        """What was delivered, and what should have been."""
        wanted = list(self.case.messages)
        if self.garbled or not self.constructed:
            text = str(self.fault)
            return f"{text[0].upper()}{text[1:]}."
        got = f"With {self.case}: delivered {shown(self.delivered)}"
        if self.delivered == wanted:
            return f"{got}, as it should be, but {self.fault}."
        return f"{got}, should have been {shown(wanted)}: {self.fault}."


class Finding(NamedTuple):
    """What a whole check found, in values that can be sent from one process to another."""

    runs: int
    sentence: str = ""  # empty: nothing is wrong
    kind: str = ""
    case: Case | None = None
    trace: Trace | None = None
    printed: str = ""
    endless: bool = False
    reason: str = ""  # why it was not found in a process of its own


class Judge:
    """Runs cases with a learner's sender and receiver, made anew for each.

    `progress` is called with each case, and with each call of the learner's code, beforehand.
    """

    def __init__(self, sender: Callable, receiver: Callable, progress=lambda item: None):
        self._make = {"sender": sender, "receiver": receiver}
        self._progress, self.runs = progress, 0

    def search(self, fates: dict[str, tuple[str, ...]], garbage: bool) -> Finding:
        """Try everything until something is wrong; return the shortest exchange that shows it."""
        strangers = self.garbage() if garbage else iter(())
        for exchange in chain(map(self.run, all_cases(fates)), strangers):
            if exchange.fault is not None:
                runs, found = self.runs, exchange if exchange.garbled else self.shrink(exchange)
                head = self.head(found)
                fault = found.sentence, found.kind, found.case
                return Finding(runs, *fault, head.trace, head.printed, found.endless)
        return Finding(self.runs)

    def run(self, case: Case, most: int = 0) -> Exchange:
        """Return what comes of a case, with its fault; stop after `most` datagrams, if given."""
        self.runs += 1
        self._progress(case)
        exchange, output = Exchange(case, self._progress, most=most), io.StringIO()
        with contextlib.redirect_stdout(output):
            try:
                ends = self._ends(exchange)
                exchange.trace = simulate(*ends, *case.links(), case.patience)
                exchange.printed, exchange.delivered = output.getvalue(), _delivered(ends[1])
                if exchange.fault is None:
                    self._judge(exchange, *ends)
            except Fault as fault:
                exchange.note(fault)
        return exchange

    def shrink(self, exchange: Exchange) -> Exchange:
        """Return the smallest exchange with the same kind of fault that small steps can reach."""
        while found := self._smaller(exchange.case, exchange.kind):
            exchange = found
        return exchange

    def _smaller(self, case: Case, kind: str) -> Exchange | None:
        for exchange in map(self.run, case.smaller()):
            if exchange.kind == kind:
                return exchange
        return None

    def garbage(self) -> Iterator[Exchange]:
        """Return what comes of bytes from a stranger, which may be anything, at each place."""
        for place in ("receiver", "sender"):
            for datagram in GARBAGE:
                yield self._garbled(place, datagram)

    def head(self, exchange: Exchange) -> Exchange:
        """Return the exchange, or of one that has no end, only how it begins."""
        return self.run(exchange.case, HEAD) if exchange.endless else exchange

    def _ends(self, exchange: Exchange) -> tuple[Guard, Guard]:
        messages = list(exchange.case.messages)
        sender = self._guard("sender", exchange, messages, TIMEOUT)
        receiver = self._guard("receiver", exchange)
        if already := _delivered(receiver):
            shared = "it must start with a list of its own, made in __init__"
            raise Fault("shared", f"a new receiver has delivered {shown(already)} before: {shared}")
        exchange.constructed = True
        return sender, receiver

    def _guard(self, place: str, exchange: Exchange, *arguments) -> Guard:
        make = self._make[place]
        if not callable(make):
            expected = f"expected a class or function that makes a {place}"
            raise Fault("type", f"{expected}, got {shown(make)}")
        call = f"making the {place} from ({', '.join(map(shown, arguments))})"
        return Guard(exchange.attempt(call, make, *arguments), place, exchange)

    def _judge(self, exchange: Exchange, sender: Guard, receiver: Guard):
        """Raise a Fault for how the exchange ended, if it did."""
        wanted = list(exchange.case.messages)
        if exchange.done or sender.deadline is not None or receiver.deadline is not None:
            raise Fault("endless", _endless(exchange, [sender, receiver]))
        done = exchange.attempt("the sender's done", getattr, sender.endpoint, "done", None)
        if exchange.delivered != wanted:
            raise Fault("silence", _silence(exchange, done))
        if done is False:
            raise Fault("done", f"the sender's done is False, and {NOBODY}")
        self._judge_waste(exchange)

    def _judge_waste(self, exchange: Exchange):
        """Where nothing is lost or late, a copy of one datagram may cost one datagram."""
        case, copies = exchange.case, len(exchange.case.impairments)
        if case.delay != DELAY or {i.fate for i in case.impairments} != {"copied"}:
            return
        if exchange.replies > len(case.messages) - 1 + copies:  # not what a timer has sent
            sent, clean = exchange.sent["sender"], self.run(replace(case, impairments=()))
            if exchange.replies > clean.replies + copies and sent > clean.sent["sender"]:
                took = f"it took {sent} datagrams of the sender instead of {clean.sent['sender']}"
                raise Fault("waste", f"{took}: {WASTE}")

    def _garbled(self, place: str, datagram: bytes) -> Exchange:
        self.runs += 1
        exchange = Exchange(Case(letters(1)), self._progress, garbled=True)
        self._progress(exchange.case)
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                ends = dict(zip(PLACES, self._ends(exchange), strict=True))
                _meet(exchange.trace, ends[place], datagram)
            except Fault as fault:
                exchange.note(fault)
        if exchange.kind in ("exception", "busy"):
            rule = "bytes from a network never raise: drop them, and count them"
            exchange.fault = Fault("garbage", f"{exchange.fault}; {rule}")
        return exchange


def _meet(trace: Trace, guard: Guard, garbage: bytes):
    """Let an endpoint begin, and then receive bytes from a stranger; record it."""
    home = {place: (f"10.0.0.{n}", 5000) for n, place in enumerate((*PLACES, "stranger"), 1)}
    for place, address in home.items():
        trace.name(address, place)
    now, other = guard.deadline or 0.0, PLACES[guard.place == "sender"]
    for datagram in [] if guard.deadline is None else guard.wake(now):
        trace.record_at(now, guard.place, "send", datagram, home[other])
    trace.record_at(now, "stranger", "send", garbage, home[guard.place])
    trace.record_at(now + DELAY, guard.place, "receive", garbage, home["stranger"])
    guard.receive(garbage, now + DELAY)


def _delivered(receiver: Guard) -> list[bytes]:
    delivered = receiver.read("delivered")
    if not isinstance(delivered, list):
        raise Fault("type", f"the receiver's delivered must be a list, got {shown(delivered)}")
    return list(delivered)


def _compare(exchange: Exchange, delivered: list[bytes]):
    """Keep what has been delivered. Raises Fault if that cannot be right any more."""
    before, exchange.delivered = exchange.delivered, delivered
    messages = list(exchange.case.messages)
    if delivered[: len(before)] != before:
        raise Fault("withdrawn", f"{shown(before)} had been delivered, and what is, stays")
    for place, got in enumerate(delivered[len(before) :], len(before)):
        if not isinstance(got, bytes):
            raise Fault("type", f"a message must be bytes, got {shown(got)}, {described(got)}")
        if messages[place : place + 1] != [got]:
            raise _wrong(got, place, messages, delivered)


def _wrong(got: bytes, place: int, messages: list[bytes], delivered: list[bytes]) -> Fault:
    if delivered[: place + 1].count(got) > messages.count(got) > 0:
        return Fault("twice", f"{got!r} was delivered once too often")
    if place >= len(messages):
        return Fault("nowhere", f"nobody sent {shown(got)}")
    if got in messages[place:]:
        return Fault("order", f"{got!r} was delivered before {messages[place]!r}")
    return Fault("altered", f"{messages[place]!r} was sent, {shown(got)} delivered in its place")


def _silence(exchange: Exchange, done: object) -> str:
    if not exchange.calls:
        return "the sender never begins, for its deadline is None from the start (expected 0.0)"
    if not exchange.sent["sender"]:
        hint = " (what it printed was not sent)" if exchange.printed else ""
        return f"the sender was woken, but returned no datagram{hint}, and set no deadline"
    return f"the sender's done is True, and {NOBODY}" if done is True else NOBODY


def _endless(exchange: Exchange, ends: list[Guard]) -> str:
    if exchange.is_tired:
        [(place, count)] = exchange.calls.most_common(1)
        return f"the {place} was called {count} times, and there is no end of it"
    if not exchange.done:
        at, place = min((end.deadline, end.place) for end in ends if end.deadline is not None)
        if exchange.idle > 9 and exchange.delivered != list(exchange.case.messages):
            hint = " (what it printed was not sent)" if exchange.printed else ""
            woken = f"the sender was called {exchange.idle} times since it sent {exchange.last!r}"
            return f"{woken}, and returned no datagram{hint}"
        early = f"by {exchange.case.patience:.6g} s there should be nothing left to wait for"
        return f"the {place}'s deadline is still {at:.6g} s, and {early} (then it is None)"
    sent, answers = exchange.sent["sender"], exchange.sent["receiver"]
    if answers > 2 * sent:
        return f"the receiver never stops, with {answers} datagrams for {sent} of the sender"
    return (
        f"the sender never stops: after {sent} datagrams, of which the receiver has answered "
        f"{answers}, it still sends {exchange.last!r}"
    )
