"""World 1: endpoints and links in virtual time, where an hour of traffic takes a second.

Nothing waits: the clock jumps from event to event. At the same instant, datagrams arrive before
deadlines go off, and otherwise what was scheduled first happens first, so two runs are equal.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace
from itertools import count
from math import inf
from typing import Protocol

from netlib.endpoint import Endpoint
from netlib.trace import Trace

ALARM = 1 << 61  # added to the order of a deadline: later than every arrival of that instant
END = 1 << 62  # the order of the end: later than anything else of that instant
NEVER = (inf,)  # the alarm of an endpoint without a deadline
STANDSTILL = 1_000_000  # events without any time going by, before it is called an error


class LinkLike(Protocol):
    """What the simulator asks of a link; netlib.links.link.Link is one, yours can be another."""

    def carry(self, size: int, now: float) -> list[float]: ...


@dataclass
class Conversation:
    """Two endpoints and the link for each direction; `start` [s] is when they are first woken.

    Conversations that hold the same Link object share it: its rate, its queue, its coin.
    """

    sender: Endpoint
    receiver: Endpoint
    forward: LinkLike
    backward: LinkLike
    names: tuple[str, str] = ("sender", "receiver")
    start: float = 0.0


def simulate(
    sender: Endpoint,
    receiver: Endpoint,
    forward: LinkLike,
    backward: LinkLike,
    until: float = 60.0,
    *,
    names: tuple[str, str] = ("sender", "receiver"),
    trace: bool = True,
) -> Trace:
    """Run two endpoints over two links in virtual time; return what happened.

    It ends when nothing is left to happen, at the latest after `until` seconds of virtual time.
    The trace has the events send, receive (a duplicate is noted "copy") and lost (noted "coin" or
    "queue overflow"); `trace=False` leaves it empty and is faster. The endpoints keep their
    results, the links their counters. Raises RuntimeError for an endpoint that never lets time go
    by, ValueError for a link that has been used before.
    """
    conversation = Conversation(sender, receiver, forward, backward, names)
    return simulate_all([conversation], until, trace=trace)


def simulate_all(
    conversations: Sequence[Conversation], until: float = 60.0, *, trace: bool = True
) -> Trace:
    """Run several conversations at once, as `simulate` does; the second "sender" is "sender 2"."""
    if not until > 0:
        raise ValueError(f"until must be a number of seconds above 0, got {until!r}")
    _check(conversations)
    record = Trace(lambda: 0.0, show_times=True)
    record.exact_times = record.losses_recorded = True
    world = _World(record if trace else None)
    for number, conversation in enumerate(conversations):
        world.join(*_places(number, conversation, record), conversation.start)
    world.run(until)
    return record


class _Place:
    """Where one endpoint lives: its name, its way out, what is on its way to it, its one alarm."""

    __slots__ = ("address", "alarm", "endpoint", "inbox", "link", "name", "peer", "send")

    def __init__(self, endpoint: Endpoint, name: str, address: tuple, link: LinkLike):
        self.endpoint, self.name, self.address, self.link = endpoint, name, address, link
        self.peer: _Place | None = None
        self.send: Callable[[list[bytes], float], None] | None = None
        self.inbox: deque[tuple] = deque()  # arrivals in order; the first is among the events
        self.alarm: tuple = NEVER


class _World:
    """The events to come, earliest first: (time, order, place, datagram or None: an alarm, note).

    A place has its alarm and its next arrival among them (and arrivals that have overtaken): the
    heap stays small, and so fast. An alarm moved to a later time is set again when it goes off;
    one moved to an earlier time is replaced at once, and the old one ignored.
    """

    def __init__(self, trace: Trace | None):
        self._events: list[tuple] = []
        self._order, self._alarms = count(), count(ALARM)
        self._record = trace.record_at if trace is not None else None

    def join(self, one: _Place, other: _Place, start: float):
        one.peer, other.peer = other, one
        for place in (one, other):
            place.send = self._way_out(place)
            if place.endpoint.deadline is not None:
                self._set_alarm(place, max(start, place.endpoint.deadline))

    def run(self, until: float):
        nobody = _Place(None, "nobody", (), None)
        heappush(self._events, (until, END, nobody, None, ""))
        before = -inf
        while event := self._advance(STANDSTILL):
            now, place = event[0], event[2]
            if now == before:
                raise RuntimeError(f"{STANDSTILL} events at {now!r} s: {place.name} never waits")
            before = now

    def _advance(self, most: int) -> tuple | None:
        """Let so many events happen; return the last of them, or None: it was the end."""
        events, record = self._events, self._record
        for _ in range(most):
            event = now, order, place, datagram, note = events[0]
            endpoint, inbox = place.endpoint, place.inbox
            if inbox and inbox[0] is event:
                inbox.popleft()
                heapreplace(events, inbox[0]) if inbox else heappop(events)
            else:
                heappop(events)
            if datagram is not None:
                if record:
                    record(now, place.name, "receive", datagram, place.peer.address, note)
                answers = endpoint.receive(datagram, now)
            elif event is place.alarm:
                answers = self._wake(place, now)
            elif order == END:
                return None
            else:  # an alarm that was replaced
                continue
            if answers:
                place.send(answers, now)
            deadline = endpoint.deadline
            if deadline is not None and deadline < place.alarm[0]:
                self._set_alarm(place, deadline if deadline > now else now)
        return event

    def _set_alarm(self, place: _Place, at: float):
        place.alarm = event = (at, next(self._alarms), place, None, "")
        heappush(self._events, event)

    def _wake(self, place: _Place, now: float) -> list[bytes]:
        place.alarm, endpoint = NEVER, place.endpoint
        if endpoint.deadline is None or endpoint.deadline > now:  # it has moved
            return []
        answers = endpoint.wake(now)
        if endpoint.deadline is not None and endpoint.deadline <= now:
            left = f"wake({now!r}) left the deadline at {endpoint.deadline!r}"
            raise RuntimeError(f"{place.name}: {left}, and would be called for ever")
        return answers

    def _way_out(self, place: _Place) -> Callable[[list[bytes], float], None]:
        """Return the function that puts datagrams on their way from a place to its peer.

        A closure: it looks up nothing of what stays the same, for it is called for each datagram.
        """
        peer, carry, record, events = place.peer, place.link.carry, self._record, self._events
        inbox, order = peer.inbox, self._order

        def send(datagrams: list[bytes], now: float):
            for datagram in datagrams:
                if type(datagram) is not bytes:
                    raise TypeError(f"{place.name} must return a list of bytes, got {datagrams!r}")
                if record:
                    record(now, place.name, "send", datagram, peer.address)
                note = ""
                for at in (arrivals := carry(len(datagram), now)):
                    if not at >= now:
                        raise _early(now, at, place.link)
                    event = (at, next(order), peer, datagram, note)
                    if inbox and at >= inbox[-1][0]:
                        inbox.append(event)
                    else:  # the next to arrive there, or it overtakes those on their way
                        heappush(events, event)
                        if not inbox:
                            inbox.append(event)
                    note = "copy"
                if record and not arrivals:
                    why = getattr(place.link, "why_lost", "")
                    record(now, "link", "lost", datagram, peer.address, why)

        return send


def _early(now: float, at: float, link: LinkLike) -> ValueError:
    return ValueError(f"expected an arrival at {now!r} s or later, got {at!r}: {link}")


def _places(number: int, conversation: Conversation, trace: Trace) -> tuple[_Place, _Place]:
    ends = [
        (conversation.sender, conversation.names[0], conversation.forward),
        (conversation.receiver, conversation.names[1], conversation.backward),
    ]
    network = f"10.{number >> 8}.{number & 255}"  # so that a capture has addresses to show
    addresses = [(f"{network}.{host}", 5000) for host in (1, 2)]
    return tuple(
        _Place(endpoint, trace.name(address, name), address, link)
        for (endpoint, name, link), address in zip(ends, addresses, strict=True)
    )


def _check(conversations: Sequence[Conversation]):
    endpoints = [end for c in conversations for end in (c.sender, c.receiver)]
    for endpoint in endpoints:
        if not isinstance(endpoint, Endpoint):
            raise TypeError(f"expected an Endpoint (deadline, receive, wake), got {endpoint!r}")
    if len({id(endpoint) for endpoint in endpoints}) < len(endpoints):
        raise ValueError("expected each endpoint in one place, got one in two")
    for conversation in conversations:
        _check_links(conversation.forward, conversation.backward)


def _check_links(forward: LinkLike, backward: LinkLike):
    for link in (forward, backward):
        if used := getattr(link, "carried", 0):
            raise ValueError(f"expected a fresh link, got one that has carried {used}: use copy()")
    told = [link.settings for link in (forward, backward) if hasattr(link, "settings")]
    if forward is backward or len(told) < 2 or told[0].seed != told[1].seed:
        return
    if same := told[0].tossed & told[1].tossed:
        alike = f"their {' and '.join(sorted(same))} would be the same, datagram for datagram"
        hint = "give one another seed, or make it forward.reverse()"
        raise ValueError(
            f"forward and backward have the same seed {told[0].seed}, so {alike}; {hint}"
        )
