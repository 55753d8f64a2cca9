"""Run one exchange of a learner's endpoints in virtual time, and say what is wrong with it."""

import contextlib
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from netlib.checker.cases import DELAY, PLACES, TIMEOUT, Case, letters
from netlib.checker.guard import Fault, Guard, attempt, described, shown
from netlib.trace import Trace
from netlib.worlds.simulator import simulate

UNTIL = 240.0  # virtual seconds: an honest sender is through in half a minute
DATAGRAMS, CALLS = 500, 3000  # in one exchange; a window of 8 at loss 20 % takes 200 and 400
SHOWN = 8  # datagrams of an exchange without an end
STRAYS = [b"", *(byte * size for size in range(1, 12) for byte in (b"\xff", b"\x00")), b"hello"]

NOBODY = "nobody will ever send again, for no datagram is on its way and no deadline is set"
WASTE = "the sender answers each copy with another copy (RFC 1123, section 4.2.3.1)"


@dataclass
class Exchange:
    """What came of one case: the trace, what was delivered, and the first fault, if any."""

    case: Case
    trace: Trace = field(default_factory=lambda: Trace(lambda: 0.0, show_times=True))
    delivered: list[bytes] = field(default_factory=list)
    fault: Fault | None = None
    sent: Counter[str] = field(default_factory=Counter)
    last: bytes = b""  # what the sender sent last
    calls: Counter[str] = field(default_factory=Counter)
    most: int = DATAGRAMS
    printed: str = ""
    stray: bool = False  # bytes of a stranger have arrived
    began: bool = False  # there were a sender and a receiver

    def over(self) -> bool:
        tired = self.sent.total() >= self.most or self.calls.total() > CALLS
        return tired or self.fault is not None

    @property
    def endless(self) -> bool:
        return self.sent.total() >= DATAGRAMS

    def note(self, fault: Fault):
        self.fault = self.fault or fault

    @property
    def sentence(self) -> str:
        """What was delivered, and what should have been."""
        wanted = list(self.case.messages)
        if self.stray or not self.began:
            text = str(self.fault)
            return f"{text[0].upper()}{text[1:]}."
        got = f"With {self.case}: delivered {shown(self.delivered)}"
        if self.delivered == wanted:
            return f"{got}, as it should be, but {self.fault}."
        return f"{got}, should have been {shown(wanted)}: {self.fault}."


class Judge:
    """Runs cases with a learner's sender and receiver, made anew for each."""

    def __init__(self, sender: Callable, receiver: Callable):
        self._make = {"sender": sender, "receiver": receiver}
        self.runs = 0

    def run(self, case: Case, most: int = DATAGRAMS) -> Exchange:
        """Return what comes of a case, with its fault."""
        self.runs += 1
        exchange, output = Exchange(case, most=most), io.StringIO()
        with contextlib.redirect_stdout(output):
            try:
                ends = self._ends(exchange)
                exchange.trace = simulate(*ends, *case.links(), UNTIL)
                exchange.printed, exchange.delivered = output.getvalue(), _delivered(ends[1])
                if exchange.fault is None:
                    self._judge(exchange, *ends)
            except Fault as fault:
                exchange.note(fault)
        return exchange

    def shrink(self, exchange: Exchange) -> Exchange:
        """Return the smallest exchange with the same kind of fault that small steps can reach."""
        kind = exchange.fault.kind
        while found := self._smaller(exchange.case, kind):
            exchange = found
        return exchange

    def _smaller(self, case: Case, kind: str) -> Exchange | None:
        for exchange in map(self.run, case.smaller()):
            if exchange.fault is not None and exchange.fault.kind == kind:
                return exchange
        return None

    def strays(self) -> Iterator[Exchange]:
        """Return what comes of bytes from a stranger, which may be anything, at each place."""
        for place in ("receiver", "sender"):
            for stray in STRAYS:
                yield self._stray(place, stray)

    def brief(self, exchange: Exchange) -> Exchange:
        """Return the exchange, or of one that has no end, only how it begins."""
        return self.run(exchange.case, SHOWN) if exchange.endless else exchange

    def _ends(self, exchange: Exchange) -> tuple[Guard, Guard]:
        messages = list(exchange.case.messages)
        sender = self._guard("sender", exchange, messages, TIMEOUT)
        receiver = self._guard("receiver", exchange)
        if already := _delivered(receiver):
            shared = "it must start with a list of its own, made in __init__"
            raise Fault("shared", f"a new receiver has delivered {shown(already)} before: {shared}")
        exchange.began = True
        return sender, receiver

    def _guard(self, place: str, exchange: Exchange, *given) -> Guard:
        told = ", ".join(map(shown, given))
        if not callable(self._make[place]):
            got = shown(self._make[place])
            raise Fault("type", f"expected a class or function that makes a {place}, got {got}")
        made = attempt(f"making the {place} from ({told})", self._make[place], *given)

        def after(answers: list[bytes]):
            exchange.calls[place] += 1
            exchange.sent[place] += len(answers)
            if place == "sender":
                exchange.last = answers[-1] if answers else exchange.last
            elif not exchange.stray:  # it may look like data, and only a checksum would tell
                _compare(exchange, _delivered(guard))

        guard = Guard(made, place, exchange.over, exchange.note, after)
        return guard

    def _judge(self, exchange: Exchange, sender: Guard, receiver: Guard):
        """Raise a Fault for how the exchange ended, if it did."""
        wanted = list(exchange.case.messages)
        if exchange.over() or sender.deadline is not None or receiver.deadline is not None:
            raise Fault("endless", _endless(exchange, [sender, receiver]))
        done = attempt("the sender's done", getattr, sender.endpoint, "done", None)
        if exchange.delivered != wanted:
            raise Fault("silence", _silence(exchange, done))
        if done is False:
            raise Fault("done", f"the sender's done is False, and {NOBODY}")
        self._judge_waste(exchange)

    def _judge_waste(self, exchange: Exchange):
        """Where nothing is lost or late, a copy of one datagram may cost one datagram."""
        case, sent = exchange.case, exchange.sent["sender"]
        if case.delay > DELAY or {i.fate for i in case.impairments} != {"copied"}:
            return
        if sent > len(case.messages) + len(case.impairments):
            clean = self.run(replace(case, impairments=())).sent["sender"]
            if sent > clean + len(case.impairments):
                text = f"it took {sent} datagrams of the sender instead of {clean}: {WASTE}"
                raise Fault("waste", text)

    def _stray(self, place: str, stray: bytes) -> Exchange:
        self.runs += 1
        exchange = Exchange(Case(letters(1)), stray=True)
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                ends = dict(zip(PLACES, self._ends(exchange), strict=True))
                _meet(exchange.trace, ends[place], stray)
            except Fault as fault:
                exchange.note(fault)
        if exchange.fault is not None and exchange.fault.kind in ("exception", "busy"):
            rule = "bytes from a network never raise: drop them, and count them"
            exchange.fault = Fault("garbage", f"{exchange.fault}; {rule}")
        return exchange


def _meet(trace: Trace, guard: Guard, stray: bytes):
    """Let an endpoint begin, and then receive bytes from a stranger; record it."""
    home = {place: (f"10.0.0.{n}", 5000) for n, place in enumerate((*PLACES, "stranger"), 1)}
    for place, address in home.items():
        trace.name(address, place)
    now, other = guard.deadline or 0.0, PLACES[guard.place == "sender"]
    for datagram in [] if guard.deadline is None else guard.wake(now):
        trace.record_at(now, guard.place, "send", datagram, home[other])
    trace.record_at(now, "stranger", "send", stray, home[guard.place])
    trace.record_at(now + DELAY, guard.place, "receive", stray, home["stranger"])
    guard.receive(stray, now + DELAY)


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
    for place, got in enumerate(delivered):
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
    if not exchange.over():
        at, place = min((end.deadline, end.place) for end in ends if end.deadline is not None)
        early = f"by {UNTIL:.6g} s there should be nothing left to wait for (then it is None)"
        return f"the {place}'s deadline is still {at:.6g} s, and {early}"
    sent, answers = exchange.sent["sender"], exchange.sent["receiver"]
    if sent + answers < exchange.most:
        [(place, count)] = exchange.calls.most_common(1)
        return f"the {place} was called {count} times, and there is no end of it"
    if answers > 2 * sent:
        return f"the receiver never stops, with {answers} datagrams for {sent} of the sender"
    return (
        f"the sender never stops: after {sent} datagrams, of which the receiver has answered "
        f"{answers}, it still sends {exchange.last!r}"
    )
