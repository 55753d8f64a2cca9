"""The relay's loop: take what arrives, ask the link, send it on when its time has come.

Four things keep it punctual and cheap. It waits in `select.select`, whose timeouts are exact
(epoll and asyncio round theirs up by as much as 1 ms). It asks to be woken a little early, and
polls until the time has come. It takes many datagrams in one turn. And the departure is computed
from when the kernel saw the datagram arrive, not from when Python came round to it.
"""

import contextlib
import socket
import time
from collections import deque
from collections.abc import Callable
from heapq import heapify, heappop, heappush, merge
from itertools import count
from operator import itemgetter
from select import select
from typing import NamedTuple

from netlib.links.link import Link
from netlib.trace import Address
from netlib.worlds.relay.clients import Client, Clients
from netlib.worlds.relay.direction import LEISURE, Way
from netlib.worlds.relay.report import BY_HAND, FULL, STRANGER, RelayReport, Tally
from netlib.worlds.relay.sockets import DRAIN, Port, now

OVERSLEEP = 50e-6  # seconds that Linux lets a sleeper sleep longer than asked (its timer slack)
IDLE = 1.0  # seconds: the longest wait
ROOM = 256 * 2**20  # bytes that may be on their way at once, each datagram with its bookkeeping
BOOKKEEPING = 500  # bytes


class Plan(NamedTuple):
    """What a relay is told when it starts; its hosts and the destination are numeric addresses."""

    family: int
    host: str  # where clients find it
    far_family: int
    far_host: str  # where the destination sees it
    destination: Address
    forward: Link
    backward: Link
    record: bool
    max_clients: int


class Loop:
    """Carry datagrams between clients and one destination until told to stop.

    `tell` it (number, verb, ...) from any thread; it calls `answer` with (number, answer). Answer
    number 0 is its address, once it runs. What it records are rows (time, way, action, payload,
    client's address, note, number of the datagram).
    """

    def __init__(self, plan: Plan, answer: Callable[[tuple], object]):
        self._plan, self._answer = plan, answer
        self._began, self._tally, self._order = now(), Tally(), count()
        self._forward = Way("forward", plan.forward)
        self._backward = Way("backward", plan.backward, self._forward)
        self._on_way: list[tuple] = []  # a heap: the next to leave comes first
        self._settled = 0.0  # nothing can arrive any more that would have to leave before this
        self._held, self._ended, self._cpu = 0, False, 0.0
        self._rows: list[tuple] | None = [] if plan.record else None
        self._requests: deque[tuple] = deque()
        self._front = Port(plan.family, plan.host, self._backward.drops)
        self._clients = Clients(plan.max_clients, self._open_port)
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._doors = [self._ear.fileno(), self._front.fileno()]
        self._verbs = {"report": self._report, "rows": self._told_rows, "dial": self._dial}
        self._verbs |= {"stop": self._stop, "refuse": _refuse}
        self._verbs |= {"tamper": self._meddle, "rows_since": self._news}

    def tell(self, *request):
        """Ask for something, from any thread: a number, a verb, its arguments."""
        self._requests.append(request)
        with contextlib.suppress(OSError):  # BlockingIOError: it rings already; or it has ended
            self._bell.send(b"!")

    def run(self):
        """Relay until told to stop."""
        self._cpu = time.thread_time()
        try:
            self._answer((0, self._front.address))
            while not self._ended:
                self._turn()
        finally:
            self._close()

    def _turn(self):
        ready = self._wait()
        if len(ready) == 1:
            arrivals = self._arrivals(ready[0])
        else:  # a link counts datagrams in the order of their arrival, in whichever socket
            arrivals = merge(*map(self._arrivals, ready), key=itemgetter(0))
        for at, way, payload, client in arrivals:
            self._enter(at, way, payload, client)
        if self._on_way:
            self._depart()

    def _wait(self) -> list[int]:
        """Wait until there is something to do; return the file descriptors to take from."""
        sources, wait = self._doors + self._clients.ports, IDLE
        if self._on_way:
            wait, left = 0.0, self._on_way[0][0] - now() - OVERSLEEP
            if left > 0:
                select(self._urgent(), (), (), min(left, LEISURE))
        self._settled = now()  # what is not in these sockets by now cannot be due before
        return select(sources, (), (), wait)[0]

    def _urgent(self) -> list[int]:
        ear, front = self._doors
        urgent = [ear] if self._forward.leisurely else [ear, front]
        return urgent if self._backward.leisurely else urgent + self._clients.ports

    def _arrivals(self, source: int) -> list[tuple[float, Way, bytes, Client]]:
        """Take what has come to a file descriptor: requests, done at once, or datagrams."""
        ear, front = self._doors
        if source == ear:
            self._obey()
            return []
        if source == front:
            way, find = self._forward, self._clients.find
            return [(at, way, load, find(who, at)) for at, load, who in self._take(self._front)]
        client = self._clients.behind(source)
        return self._answers(client) if client else []  # else: evicted in this turn

    def _take(self, port: Port) -> list[tuple[float, bytes, Address]]:
        arrivals = port.arrivals()
        if len(arrivals) == DRAIN:  # there may be more, later than the last of these
            self._settled = min(self._settled, arrivals[-1][0])
        return arrivals

    def _answers(self, client: Client) -> list[tuple[float, Way, bytes, Client]]:
        answers, way, destination = [], self._backward, self._plan.destination
        for at, payload, sender in self._take(client.port):
            if sender == destination:
                answers.append((at, way, payload, client))
            else:
                way.lose(STRANGER)
        return answers

    def _enter(self, at: float, way: Way, payload: bytes, client: Client):
        size, note = len(payload), ""
        number = way.arrived
        at, departures = way.carry(size, at)
        if self._rows is not None:
            self._note(at, way, "send", payload, client, number)
            if not departures:
                self._note(at, way, "lost", payload, client, number, way.link.why_lost)
        for due in departures:
            if self._held + size > ROOM:
                way.lose(FULL)
                continue
            self._held += size + BOOKKEEPING
            way.in_flight += 1
            flight = due, next(self._order), way, payload, client, note, number
            heappush(self._on_way, flight)
            note = "copy"

    def _depart(self):
        on_way, settled, forward = self._on_way, self._settled, self._forward
        for _ in range(DRAIN):
            if not on_way or on_way[0][0] > settled:
                return
            due, _, way, payload, client, note, number = heappop(on_way)
            self._held -= len(payload) + BOOKKEEPING
            way.in_flight -= 1
            at = now()
            self._tally.add(at - due)
            if way is forward:
                gone = client.port.send(payload, self._plan.destination)
            else:
                gone = self._front.send(payload, client.address)
            way.sent += gone
            if gone and self._rows is not None:
                self._note(at, way, "receive", payload, client, number, note)

    def _note(self, at, way: Way, action: str, payload: bytes, client: Client, number, note=""):
        row = (at - self._began, way.name, action, payload, client.address, note, number)
        self._rows.append(row)

    def _open_port(self) -> Port:
        plan = self._plan
        return Port(plan.far_family, plan.far_host, self._forward.drops)

    # requests: each answers one, between two turns

    def _obey(self):
        self._ear.recv(4096)
        while self._requests:
            number, verb, *arguments = self._requests.popleft()
            try:
                answer = self._verbs[verb](*arguments)
            except Exception as refusal:  # a link that cannot be dialled is no reason to stop
                answer = refusal
            self._answer((number, answer))

    def _dial(self, wanted: dict[str, Link]):
        ways = self._forward, self._backward
        for way in ways:
            if way.name in wanted:
                way.dial(wanted[way.name])
        for way in ways:  # both, for they may share a link
            way.look()

    def _meddle(self, name: str, number: int, what: str, seconds: float) -> bool:
        """Drop, delay or duplicate a datagram; return whether it was still on its way."""
        way = self._forward if name == "forward" else self._backward
        found = [f for f in self._on_way if f[2] is way and f[6] == number]
        if found:
            self._handle(min(found), what, seconds)
        return bool(found)

    def _handle(self, flight: tuple, what: str, seconds: float):
        due, _, way, payload, client, _, number = flight
        if what == "duplicate":
            way.copies += 1
            self._launch((due, next(self._order), way, payload, client, "copy", number))
            return
        self._on_way.remove(flight)
        heapify(self._on_way)
        self._held -= len(payload) + BOOKKEEPING
        way.in_flight -= 1
        if what == "delay":
            self._launch((due + seconds, *flight[1:]))
            return
        way.lose(BY_HAND)
        if self._rows is not None:
            self._note(now(), way, "lost", payload, client, number, BY_HAND)

    def _launch(self, flight: tuple):
        self._held += len(flight[3]) + BOOKKEEPING
        flight[2].in_flight += 1
        heappush(self._on_way, flight)

    def _news(self, since: int) -> tuple[float, list[tuple]]:
        return now() - self._began, (self._rows or [])[since:]

    def _report(self) -> RelayReport:
        return RelayReport(
            self._forward.counts(self._front.overflowed()),
            self._backward.counts(self._clients.overflowed()),
            self._tally.lateness(),
            len(self._clients),
            self._clients.evicted,
            time.thread_time() - self._cpu,
            now() - self._began,
        )

    def _told_rows(self) -> list[tuple]:
        return list(self._rows or ())

    def _stop(self) -> tuple[RelayReport, list[tuple]]:
        self._ended = True
        return self._report(), self._told_rows()

    def _close(self):
        for each in (self._front, self._clients, self._bell, self._ear):
            each.close()


def _refuse(failure: Exception):
    raise failure
