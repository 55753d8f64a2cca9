"""The relay's loop: take what arrives, ask the link, send it on when its time has come.

The plain idea: a heap of departures, the next one first. Each turn waits in `select` until
something arrives or the next departure is due, takes what has arrived, asks the link when each
datagram is to leave, puts it into the heap, and sends what is due. The departure is computed from
the kernel's arrival stamp, not from when Python came round to it: a relay that wakes up late still
sends on time, unless the delay is over by then.

What the rest brings (datagrams of 1200 bytes, 20 ms; medians of four runs on two busy cores):
- `select` has exact timeouts; those of epoll and asyncio are rounded up: asyncio's p90 is 1.1 ms.
- It wakes up OVERSLEEP early and polls until the time has come: p50 0.07 instead of 0.14 ms.
- It takes up to DRAIN datagrams in a turn: at 20 000/s, 19 instead of 24 us of processor time each.
- Arrivals that are not due soon linger in the kernel until a departure wakes the relay anyhow
  (`Direction.may_linger`): at 1000/s, 69 instead of 82 us.
- One epoll stands for all clients' sockets: at 800 clients a datagram costs 23 us instead of 127,
  at one client 21.
"""

import contextlib
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush, merge
from itertools import count
from operator import itemgetter
from typing import NamedTuple

from netlib.links.link import Link
from netlib.sockets.base import readable
from netlib.trace import Address
from netlib.worlds.clock import Clock
from netlib.worlds.relay.report import (
    BY_HAND,
    FULL,
    ITSELF,
    LEISURE,
    NO_SOCKET,
    STRANGER,
    Direction,
    Record,
    RelayReport,
    Tally,
)
from netlib.worlds.relay.sockets import DRAIN, Client, Clients, RelaySocket, now

OVERSLEEP = 50e-6  # seconds that Linux lets a sleeper sleep longer than asked (its timer slack)
IDLE = 1.0  # seconds: the longest wait
ROOM = 256 * 2**20  # bytes that may be on their way at once, each datagram with its bookkeeping
TRACE_ROOM = 256 * 2**20  # bytes that a trace may take, likewise
BOOKKEEPING = 500  # bytes


class RelayConfig(NamedTuple):
    """All that a loop needs to start; its hosts and the destination are numeric addresses."""

    family: int
    host: str  # where clients find it
    port: int
    far_family: int
    far_host: str  # where the destination sees it
    destination: Address
    forward: Link
    backward: Link
    record: bool
    max_clients: int
    idle: float | None
    clock: Clock | None  # in whose time the links delay, and all is recorded


class Flight(NamedTuple):
    """A datagram on its way; of two that are due [s] at the same time, `order` decides."""

    due: float
    order: int
    direction: Direction
    number: int  # of the datagram in its direction
    payload: bytes
    client: Client
    note: str  # "corrupt", or nothing
    copy: int  # 0 for the datagram itself


Arrival = tuple[float, Direction, bytes, Client]


class Loop:
    """Carry datagrams between clients and one destination until told to stop.

    `tell` it (number, name of a request, its arguments) from any thread; it calls `answer` with
    (number, answer). Answer number 0 is its address, once it runs.
    """

    def __init__(self, config: RelayConfig, answer: Callable[[tuple], object]):
        self._config, self._answer = config, answer
        latest, shared = [0.0], config.backward is config.forward
        self._forward = Direction("forward", config.forward, latest)
        self._backward = Direction("backward", config.backward, latest if shared else [0.0])
        self._on_way: list[Flight] = []  # a heap: the next to leave comes first
        self._complete_until = 0.0  # all that arrived before this has been taken
        self._clock, self._tally, self._order = config.clock or Clock(), Tally(), count()
        self._records: list[Record] = []
        self._bytes_on_way = self._bytes_recorded = self._unrecorded = 0
        self._ended, self._cpu_before = False, 0.0
        self._requests: deque[tuple] = deque()
        self._front = RelaySocket(config.family, config.host, config.port, self._backward.drops)
        self._clients = Clients(config.max_clients, self._open_socket, config.idle)
        self._waker, self._wakeup = socket.socketpair()
        self._waker.setblocking(False)
        self._doors = [self._wakeup.fileno(), self._front.fileno()]

    def tell(self, *request):
        """Ask for something, from any thread: a number, its name, its arguments."""
        self._requests.append(request)
        with contextlib.suppress(OSError):  # BlockingIOError: it will wake up already; or has ended
            self._waker.send(b"!")

    def run(self):
        """Relay until told to stop."""
        self._cpu_before = time.thread_time()
        try:
            self._answer((0, self._front.address))
            while not self._ended:
                self._turn()
        finally:
            for each in (self._front, self._clients, self._waker, self._wakeup):
                each.close()

    def _turn(self):
        batches: list[Iterable[Arrival]] = []
        since, ready = self._complete_until, self._wait()
        self._clients.expire(self._complete_until)
        wakeup, front = self._wakeup.fileno() in ready, self._front.fileno() in ready
        if wakeup:
            self._obey()
        if len(ready) > wakeup + front:
            batches += [self._answers(client, since) for client in self._clients.ready()]
        if front:  # last, because a newcomer may evict a client
            batches.append(self._questions(since))
        # a link counts datagrams in the order of their arrival, in whichever socket
        for arrival in batches[0] if len(batches) == 1 else merge(*batches, key=itemgetter(0)):
            self._enter(*arrival)
        self._depart()

    def _wait(self) -> list[int]:
        """Wait until there is something to do; return the file descriptors to take from."""
        fds, patience = self._doors + self._clients.fds, IDLE
        if self._on_way:
            patience, left = 0.0, self._clock.when(self._on_way[0].due) - now() - OVERSLEEP
            if left > 0:
                readable(self._urgent(), min(left, LEISURE))
        self._complete_until = now()
        return readable(fds, patience)

    def _urgent(self) -> list[int]:
        doors = self._doors[:1] if self._forward.may_linger else self._doors
        return doors if self._backward.may_linger else doors + self._clients.fds

    def _take(self, sock: RelaySocket, since: float) -> list[tuple[float, bytes, Address]]:
        arrivals = sock.arrivals(since)
        if len(arrivals) == DRAIN:  # there may be more, later than the last of these
            self._complete_until = min(self._complete_until, arrivals[-1][0])
        return arrivals

    def _questions(self, since: float) -> list[Arrival]:
        questions, forward = [], self._forward
        for at, payload, source in self._take(self._front, since):
            if self._front.is_at(source):  # forged: the answer would come in here again
                forward.drops[ITSELF] += 1
            elif client := self._clients.find(source, at):
                questions.append((at, forward, payload, client))
            else:
                forward.drops[NO_SOCKET] += 1
        return questions

    def _answers(self, client: Client, since: float) -> list[Arrival]:
        answers, backward = [], self._backward
        for at, payload, source in self._take(client.socket, since):
            if source == self._config.destination:
                answers.append((at, backward, payload, client))
            else:
                backward.drops[STRANGER] += 1
        return answers

    def _enter(self, at: float, direction: Direction, payload: bytes, client: Client):
        number, copy = direction.arrived, 0
        at, departures, arriving = direction.carry(payload, self._clock.at(at))
        if self._config.record:
            self._record(at, "send", direction, number, payload, client)
            if not departures:
                why = direction.link.why_lost
                self._record(at, "lost", direction, number, payload, client, why)
        note = "" if arriving is payload else "corrupt"
        for due in departures:
            order = next(self._order)
            self._schedule(Flight(due, order, direction, number, arriving, client, note, copy))
            copy = direction.copies

    def _depart(self):
        until = self._clock.at(self._complete_until)
        for _ in range(DRAIN):
            if not self._on_way or self._on_way[0].due > until:
                return
            flight = self._on_way[0]
            self._unschedule(flight)
            self._send(flight)

    def _send(self, flight: Flight):
        due, _, direction, number, payload, client, note, copy = flight
        at = self._clock.now()
        self._tally.add(at - due)
        if direction is self._forward:
            sent = client.socket.send(payload, self._config.destination)
        else:
            sent = self._front.send(payload, client.address)
        direction.sent += sent
        if sent and self._config.record:
            note = "copy" if copy else note
            self._record(at, "receive", direction, number, payload, client, note, copy)

    def _schedule(self, flight: Flight):
        size = len(flight.payload)
        if self._bytes_on_way + size > ROOM:
            flight.direction.drops[FULL] += 1
            return
        self._bytes_on_way += size + BOOKKEEPING
        flight.direction.in_flight += 1
        heappush(self._on_way, flight)

    def _unschedule(self, flight: Flight):
        if flight is self._on_way[0]:
            heappop(self._on_way)
        else:
            self._on_way.remove(flight)
            heapify(self._on_way)
        self._bytes_on_way -= len(flight.payload) + BOOKKEEPING
        flight.direction.in_flight -= 1

    def _record(self, at, action, direction: Direction, number, payload, client, note="", copy=0):
        if self._bytes_recorded + len(payload) > TRACE_ROOM:
            self._unrecorded += 1
            return
        self._bytes_recorded += len(payload) + BOOKKEEPING
        name, source = direction.name, client.address
        self._records.append(Record(at, name, action, payload, source, note, number, copy))

    def _open_socket(self) -> RelaySocket:
        config = self._config
        return RelaySocket(config.far_family, config.far_host, 0, self._forward.drops)

    def _obey(self):
        self._wakeup.recv(4096)
        while self._requests:
            number, name, *arguments = self._requests.popleft()
            try:
                answer = getattr(self, name)(*arguments)
            except Exception as refusal:  # a link that cannot be dialled is no reason to stop
                answer = refusal
            self._answer((number, answer))

    # Requests, answered between two turns

    def report(self) -> RelayReport:
        """Return what has been counted so far."""
        return RelayReport(
            self._forward.counts(self._front.overflowed()),
            self._backward.counts(self._clients.overflowed()),
            self._tally.lateness(),
            len(self._clients),
            self._clients.evicted,
            time.thread_time() - self._cpu_before,
            self._clock.now(),
            self._unrecorded,
            self._clients.expired,
        )

    def rows_since(self, since: int) -> tuple[float, list[Record]]:
        """Return the time now, and what has been recorded from number `since` on."""
        return self._clock.now(), self._records[since:]

    def next_due(self) -> float | None:
        """Return when the next datagram will leave [s], or None if none is on its way."""
        return self._on_way[0].due if self._on_way else None

    def dial(self, links: dict[str, Link]):
        """Change the settings of the links, by the names of their directions."""
        directions = self._forward, self._backward
        for direction in directions:
            if direction.name in links:
                direction.dial(links[direction.name])
        for direction in directions:  # both, because they may share a link
            direction.review()

    def tamper(self, name: str, number: int, what: str, seconds: float, copy: int | None) -> bool:
        """Drop, delay or duplicate a datagram; return whether it was still on its way."""
        direction = self._forward if name == "forward" else self._backward
        flights = (f for f in self._on_way if f.direction is direction and f.number == number)
        flight = min((f for f in flights if copy in (None, f.copy)), default=None)
        if flight is None:
            return False
        if what == "duplicate":
            direction.copies += 1
            self._schedule(flight._replace(order=next(self._order), copy=direction.copies))
            return True
        self._unschedule(flight)
        if what == "delay":
            self._schedule(flight._replace(due=flight.due + seconds))
        else:
            direction.drops[BY_HAND] += 1
            if self._config.record:
                self._record(self._clock.now(), "lost", *flight[2:-2], BY_HAND, flight.copy)
        return True

    def stop(self) -> tuple[RelayReport, list[Record]]:
        """End the loop; return the last report and all that was recorded."""
        self._ended = True
        return self.report(), self._records

    def refuse(self, failure: Exception):
        """Answer a request that could not be read."""
        raise failure
