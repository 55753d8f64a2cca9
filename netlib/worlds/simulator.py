"""World 1: endpoints and links in virtual time, where an hour of traffic takes a second.

An event is a time and what happens then: a datagram arrives, or an alarm goes off. Those to come
lie in a heap; nothing waits, the clock jumps to the earliest. At one instant datagrams arrive
before alarms go off (an acknowledgement that comes just in time is in time), and otherwise what was
scheduled first happens first. So two runs are equal, event by event.

With every event in the heap that is all, at 4.0 times the speed of SimPy for a standing queue, at
5.9 times for go-back-N. Three additions make it 5.3 and 6.15, with the same results. The inbox:
datagrams on their way to one node wait in order, and only the first is in the heap, which so stays
small (4.45). The closure `send` looks up nothing that stays the same. And an alarm that is moved
to later, as nearly every acknowledgement moves it, is set again only when it goes off.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace
from itertools import count
from math import inf
from typing import Any, Protocol

from netlib.endpoint import Endpoint, expect_endpoint
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
    trace: bool = True,
) -> Trace:
    """Run two endpoints over two links in virtual time; return what happened.

    It ends when nothing is left to happen, at the latest after `until` seconds of virtual time.
    The trace has the events send, receive (a duplicate is noted "copy", a flipped bit "corrupt")
    and lost (noted "coin" or "queue overflow"); `trace=False` leaves it empty and is faster. The
    endpoints keep their results, the links their counters. Raises RuntimeError for an endpoint that
    never lets time go by, ValueError for a link that has been used before.
    """
    return simulate_all([Conversation(sender, receiver, forward, backward)], until, trace=trace)


def simulate_all(
    conversations: Sequence[Conversation], until: float = 60.0, *, trace: bool = True
) -> Trace:
    """Run several conversations at once, as `simulate` does; the second "sender" is "sender 2"."""
    world = Simulation(conversations, trace=trace)
    world.run(until)
    return world.trace


class Simulation:
    """Conversations to be run as far as one likes, again and again: in slices, to be looked at.

    In slices or at once, the same happens, event by event. `trace`: all of it so far.
    """

    def __init__(self, conversations: Sequence[Conversation], *, trace: bool = True):
        _check(conversations)
        self.trace = Trace(lambda: 0.0, show_times=True)
        self.trace.exact_times = self.trace.losses_recorded = True
        self._world = World(self.trace if trace else None)
        for number, conversation in enumerate(conversations):
            self._world.join(*_nodes(number, conversation, self.trace), conversation.start)

    def run(self, until: float):
        """Let happen what happens before `until` [s]."""
        if not until > 0:
            raise ValueError(f"until must be a number of seconds above 0, got {until!r}")
        self._world.run(until)


class Node:
    """Where one endpoint lives: its name, its link to its peer, what is on its way to it."""

    __slots__ = ("address", "alarm", "endpoint", "inbox", "link", "name", "peer", "send")
    peer: "Node"
    send: Callable[[list[bytes], float], None]

    def __init__(self, endpoint: Endpoint, name: str, address: tuple, link: LinkLike):
        self.endpoint, self.name, self.address, self.link = endpoint, name, address, link
        self.inbox: deque[tuple] = deque()  # arrivals in order; the first is among the events
        self.alarm: tuple = NEVER


class World:
    """The events to come, earliest first: (time, order, node, datagram or None: an alarm, note).

    Each node has its next arrival and its alarm there (and arrivals that have overtaken others, and
    alarms that an earlier one has replaced, which are ignored).
    """

    def __init__(self, trace: Trace | None):
        self._events: list[tuple] = []
        self._order, self._alarms = count(), count(ALARM)
        self._record = trace.record_at if trace is not None else None

    def join(self, one: Node, other: Node, start: float):
        one.peer, other.peer = other, one
        for node in (one, other):
            node.send = self._make_send(node)
            if node.endpoint.deadline is not None:
                self._set_alarm(node, max(start, node.endpoint.deadline))

    def run(self, until: float):
        if not self._events:
            return
        anybody, before = self._events[0][2], -inf
        heappush(self._events, (until, END, anybody, None, ""))
        while event := self._advance(STANDSTILL):
            now, node = event[0], event[2]
            if now == before:
                raise RuntimeError(f"{STANDSTILL} events at {now!r} s: {node.name} never waits")
            before = now

    def _advance(self, most: int) -> tuple | None:
        """Let `most` events happen; return the last of them, or None: it was the end."""
        events, record = self._events, self._record
        for _ in range(most):
            event = now, order, node, datagram, note = events[0]
            endpoint, inbox = node.endpoint, node.inbox
            if inbox and inbox[0] is event:
                inbox.popleft()
                heapreplace(events, inbox[0]) if inbox else heappop(events)
            else:
                heappop(events)
            if datagram is not None:
                if record:
                    record(now, node.name, "receive", datagram, node.peer.address, note)
                answers = endpoint.receive(datagram, now)
            elif event is node.alarm:
                answers = self._wake(node, now)
            elif order == END:
                return None
            else:  # an alarm that was replaced
                continue
            if answers:
                node.send(answers, now)
            deadline = endpoint.deadline
            if deadline is not None and deadline < node.alarm[0]:
                self._set_alarm(node, deadline if deadline > now else now)
        return event

    def _set_alarm(self, node: Node, at: float):
        node.alarm = event = (at, next(self._alarms), node, None, "")
        heappush(self._events, event)

    def _wake(self, node: Node, now: float) -> list[bytes]:
        node.alarm, endpoint = NEVER, node.endpoint
        if endpoint.deadline is None or endpoint.deadline > now:  # it has moved
            return []
        answers = endpoint.wake(now)
        if endpoint.deadline is not None and endpoint.deadline <= now:
            left = f"wake({now!r}) left the deadline at {endpoint.deadline!r}"
            raise RuntimeError(f"{node.name}: {left}, and would be called for ever")
        return answers

    def _make_send(self, node: Node) -> Callable[[list[bytes], float], None]:
        """Return the function that puts datagrams on their way from a node to its peer.

        A closure, which looks up nothing that stays the same: every datagram passes through it.
        """
        peer, carry, record, events = node.peer, node.link.carry, self._record, self._events
        inbox, order = peer.inbox, self._order
        link: Any = node.link
        corrupting = hasattr(link, "corrupts")  # not every link can

        def send(datagrams: list[bytes], now: float):
            for datagram in datagrams:
                if type(datagram) is not bytes:
                    raise TypeError(f"{node.name} must return a list of bytes, got {datagrams!r}")
                if record:
                    record(now, node.name, "send", datagram, peer.address)
                arrivals, arrived, note = carry(len(datagram), now), datagram, ""
                if corrupting and link.corrupts:
                    arrived = link.arriving(datagram)
                    note = "" if arrived is datagram else "corrupt"  # nothing has no bits
                for at in arrivals:
                    if not at >= now:
                        expected = f"expected an arrival at {now!r} s or later"
                        raise ValueError(f"{expected}, got {at!r}: {node.link}")
                    event = (at, next(order), peer, arrived, note)
                    if inbox and at >= inbox[-1][0]:
                        inbox.append(event)
                    else:  # the next to arrive there, or it overtakes those on their way
                        heappush(events, event)
                        if not inbox:
                            inbox.append(event)
                    note = "copy"
                if record and not arrivals:
                    why = getattr(node.link, "why_lost", "")
                    record(now, "link", "lost", datagram, peer.address, why)

        return send


def _nodes(number: int, conversation: Conversation, trace: Trace) -> tuple[Node, Node]:
    c, nodes = conversation, []
    ends = [(c.sender, c.forward), (c.receiver, c.backward)]
    for host, (name, (endpoint, link)) in enumerate(zip(c.names, ends, strict=True), 1):
        address = (f"10.{number >> 8}.{number & 255}.{host}", 5000)  # for a capture to show
        nodes.append(Node(endpoint, trace.name(address, name), address, link))
    return nodes[0], nodes[1]


def _check(conversations: Sequence[Conversation]):
    endpoints = [end for c in conversations for end in (c.sender, c.receiver)]
    for endpoint in endpoints:
        expect_endpoint(endpoint)
    if len({id(endpoint) for endpoint in endpoints}) < len(endpoints):
        raise ValueError("expected each endpoint in one place, got one in two")
    for conversation in conversations:
        _check_links(conversation.forward, conversation.backward)


def _check_links(forward: LinkLike, backward: LinkLike):
    for link in (forward, backward):
        if used := getattr(link, "carried", 0):
            raise ValueError(f"expected a fresh link, got one that has carried {used}: use copy()")
    there, back = getattr(forward, "settings", None), getattr(backward, "settings", None)
    if forward is backward or not there or not back or there.seed != back.seed:
        return
    if same := there.random_parts & back.random_parts:
        alike = f"their {' and '.join(sorted(same))} would be the same, datagram for datagram"
        hint = "give one another seed, or make it forward.reverse()"
        seed = there.seed
        raise ValueError(f"forward and backward have the same seed {seed}, so {alike}; {hint}")
