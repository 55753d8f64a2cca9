"""Which arrival belongs to which sending: a trace of datagrams as arrows, and marks beside them."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from netlib.trace import Address, Event, Trace, printable

TURN = 5e-3  # seconds within which a program on a real clock answers; after that, it was a timer
LOSSES = ("lost", "failed")  # on the way; by the system call


@dataclass(frozen=True)
class Arrow:
    """One datagram: the rows (event numbers), roles and times [s] of its two ends.

    end: None, it was never received; `why` says what is known of that. again: the same bytes have
    gone the same way before. answer: its source was spoken to before it spoke. reply: it was sent
    on an arrival. copy: the link made it of the datagram whose start it shares.
    """

    start: int
    source: str
    destination: str
    label: str
    end: int | None
    sent: float = 0.0
    arrived: float | None = None
    again: bool = False
    answer: bool = False
    reply: bool = False
    copy: bool = False
    why: str = ""


@dataclass(frozen=True)
class Mark:
    """What one place did alone, in this row: "timer" (it woke up and sent), "timeout", ..."""

    start: int
    role: str
    sent: float
    what: str


def read(trace: Trace, label: Callable[[bytes], str] | None = None) -> list[Arrow | Mark]:
    """Return the arrows and marks of a trace, in the order of its rows.

    Equal payloads between the same two places are told apart by their order. Where the losses
    were recorded, the first sent arrives first; where they were not, those that were sent last
    arrive: a program sends again because the datagram before was lost.
    """
    reader = _Reader(trace, partial(labelled, label))
    for row, event in enumerate(trace):
        reader.take(row, event)
    return reader.items()


class Repeats:
    """Tell which datagrams are sent again: the same bytes the same way.

    Of answers, only the last one counts: an acknowledgement of few bits soon comes round.
    """

    def __init__(self):
        self._sent: dict[object, set[bytes]] = defaultdict(set)

    def take(self, way: object, payload: bytes, answer: bool) -> bool:
        """Note a datagram; return whether it is a repetition. way: anything that names it."""
        sent = self._sent[way]
        again = payload in sent
        if answer:
            sent.clear()
        sent.add(payload)
        return again


class _Reader:
    """Walk through a trace; a key is (source, destination, payload), a datagram's row its name."""

    def __init__(self, trace: Trace, label: Callable[[bytes], str]):
        self._trace, self._roles, self._label = trace, trace.roles, label
        self._arrows: dict[int, Arrow] = {}
        self._others: list[Arrow | Mark] = []
        self._waiting: dict[tuple, list[int]] = defaultdict(list)  # sent, and not seen since
        self._pairs: dict[tuple, list[tuple[int, int, float]]] = defaultdict(list)
        self._lately: dict[str, Event] = {}  # what each role did last
        self._answering: dict[str, bool] = {}  # whether each role was spoken to before it spoke
        self._repeats = Repeats()

    def take(self, row: int, event: Event):
        peer = self._named(event.peer)
        if event.action in ("accept", "receive", "send"):
            self._answering.setdefault(event.role, event.action != "send")
        if event.action == "send":
            self._send(row, event, (event.role, peer, event.payload))
        elif event.action == "receive":
            self._receive(row, event, (peer, event.role, event.payload))
        elif event.action in LOSSES:
            self._lose(event, peer)
        else:
            self._mark(row, event, event.action)
        self._lately[event.role] = event

    def items(self) -> list[Arrow | Mark]:
        for pairs in self._pairs.values():
            starts = sorted(pair[0] for pair in pairs)
            ends = sorted(pair[1:] for pair in pairs)
            for start, (end, at) in zip(starts, ends, strict=True):
                self._arrows[start] = replace(self._arrows[start], end=end, arrived=at, why="")
        both = [*self._arrows.values(), *self._others]
        return sorted(both, key=lambda item: (item.start, isinstance(item, Arrow)))

    def _send(self, row: int, event: Event, key: tuple):
        source, destination, payload = key
        answer = self._answering[source]
        again = self._repeats.take((source, destination), payload, answer)
        rested, last = self._has_rested(event), self._lately.get(source)
        if rested and (again or self._trace.exact_times):
            self._mark(row, event, "timer")
        self._waiting[key].append(row)
        why = "still on its way" if self._trace.losses_recorded else "never received"
        ends = source, destination, self._label(payload), None, event.time
        reply = last is not None and last.action == "receive" and not rested
        arrow = Arrow(row, *ends, again=again, answer=answer, reply=reply, why=why)
        self._arrows[row] = arrow

    def _has_rested(self, event: Event) -> bool:
        """Return whether its place did nothing for a while, so that a timer must have woken it."""
        before = self._lately.get(event.role)
        if before is None or not self._trace.show_times:  # it begins; or times mean nothing
            return False
        return event.time > before.time + (0 if self._trace.exact_times else TURN)

    def _receive(self, row: int, event: Event, key: tuple):
        if event.note == "truncated":
            key = next((k for k in self._waiting if self._begins(k, key)), key)
        waiting = self._waiting.get(key, [])
        paired = self._pairs[key]
        if event.note == "copy" and (paired or waiting):  # it may have overtaken its original
            self._copy(paired[-1][0] if paired else waiting[0], row, event)
        elif waiting:
            start = waiting.pop(0 if self._trace.losses_recorded else -1)
            self._pairs[key].append((start, row, event.time))
        else:
            self._mark(row, event, f"received {self._label(event.payload)}")

    def _begins(self, sent: tuple, got: tuple) -> bool:
        return sent[:2] == got[:2] and sent[2].startswith(got[2]) and bool(self._waiting[sent])

    def _copy(self, start: int, row: int, event: Event):
        copy = replace(self._arrows[start], end=row, arrived=event.time, again=False, copy=True)
        self._others.append(copy)

    def _lose(self, event: Event, destination: str):
        """Find the datagram that was lost: sent at that moment, or else the oldest on its way."""
        keys = [k for k in self._waiting if k[1:] == (destination, event.payload)]
        rows = sorted((row, key) for key in keys for row in self._waiting[key])
        if not rows:
            return
        row, key = next((p for p in rows if self._arrows[p[0]].sent == event.time), rows[0])
        self._waiting[key].remove(row)
        why = "not sent" if event.action == "failed" else f"lost: {event.note or 'on the way'}"
        self._arrows[row] = replace(self._arrows[row], why=why)

    def _mark(self, row: int, event: Event, what: str):
        self._others.append(Mark(row, event.role, event.time, what))

    def _named(self, peer: Address | None) -> str:
        # a list is no address, but may have been tried as one
        return self._roles.get(peer, "elsewhere") if isinstance(peer, tuple) else "elsewhere"


def labelled(label: Callable[[bytes], str] | None, payload: bytes) -> str:
    """Return what `label` says of a payload, as one short line; without a label, the bytes."""
    try:
        text = label(payload) if label else printable(payload, 24)
        return printable(text.encode(errors="replace"), 32) or "(empty)"
    except Exception:  # a function that reads a header has met bytes without one
        return labelled(None, payload)
