"""A stream of datagrams through a real relay, and what its Link says of it in virtual time."""

import os
import secrets
import signal
import time
from collections.abc import Callable
from typing import NamedTuple

from netlib.links.link import Link
from netlib.panels.session import Session
from netlib.sockets.background import Collector
from netlib.sockets.udp import UDPReceiver, UDPSender
from netlib.trace import Address
from netlib.worlds.relay import Relay
from netlib.worlds.traffic import NUMBER

PER_SECOND, SIZE = 50, 200  # datagrams a second, bytes of payload in each: 80 kbit/s
BETWEEN_DIALS, BETWEEN_LOOKS = 0.1, 0.5  # seconds, at least
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has the second only
TRIES = 50  # looks at the relay until it must have read what was sent


class Sending(NamedTuple):
    """A datagram was sent at `at` [s]; the Link lets it arrive at `due`, or loses it: None."""

    number: int
    at: float
    due: float | None


class Arrival(NamedTuple):
    """A datagram has arrived, on the clock by which it was sent."""

    number: int
    at: float


class Lateness(NamedTuple):
    """All but 1 % of the datagrams left the relay within `p99` [s] of their time."""

    p99: float


class LiveStream:
    """Send numbered datagrams at a steady rate through a Relay to a receiver, all on loopback.

    The session's thread owns the sender and the relay, another the receiver. What happens is
    `report`ed from them, as Sending, Arrival, Lateness and at last End. Each Sending brings what
    the same Link says in virtual time. The two worlds are dialled at the same datagram: the thread
    that sends also dials, once the relay has read all that was sent.
    """

    def __init__(self, link: Link, report: Callable[[object], object]):
        self.session = Session(self._stream, report)
        self.paused = False
        self.pid: int | None = None
        self._link = self._wanted = link.copy()
        self._virtual = link.copy()
        self._filling = secrets.token_bytes(SIZE - NUMBER)  # which no stranger knows
        self._count, self._next_dial, self._next_look = 0, 0.0, 0.0

    def dial(self, link: Link):
        """Ask for another link from one of the next datagrams on; of many, the last one counts."""
        self._wanted = link
        self.session.touch()

    def pause(self, paused: bool):
        """Send nothing for a while; the relay stays as it is."""
        self.paused = paused
        self.session.touch()

    def stop(self) -> bool:
        """End the thread, the relay and the sockets; return whether that worked. Idempotent."""
        return self.session.stop(force=self._kill)

    def _kill(self):
        if self.pid:  # the thread waits for an answer of the relay's
            os.kill(self.pid, KILL)

    def _stream(self) -> str:
        way_back = self._link.reverse()  # nothing takes it
        with (
            UDPReceiver() as receiver,
            Collector(receiver, on_arrival=self._note),
            Relay(receiver.address, self._link, way_back) as relay,
            UDPSender() as sender,
        ):
            self.pid = relay.pid
            try:
                return self._send_steadily(sender, relay)
            finally:
                self.pid = None

    def _send_steadily(self, sender: UDPSender, relay: Relay) -> str:
        due = time.perf_counter()
        while not (why := self.session.over(max(0.0, due - time.perf_counter()))):
            if not self.paused:
                self._send(sender, relay.address)
            self._look_after(relay)
            # a late stream goes on from now: a burst to catch up would be another experiment
            due = max(due + 1 / PER_SECOND, time.perf_counter())
        return why

    def _send(self, sender: UDPSender, address: Address):
        payload = self._count.to_bytes(NUMBER, "big") + self._filling
        at = time.perf_counter()
        sender.send(payload, address)
        due = self._virtual.carry(SIZE, at)
        self.session.report(Sending(self._count, at, due[0] if due else None))
        self._count += 1

    def _note(self, datagram):
        at, payload = time.perf_counter(), datagram.payload
        if payload[NUMBER:] == self._filling:
            self.session.report(Arrival(int.from_bytes(payload[:NUMBER], "big"), at))

    def _look_after(self, relay: Relay):
        now, wanted = time.perf_counter(), self._wanted
        if wanted is not self._link and now >= self._next_dial:
            self._next_dial = now + BETWEEN_DIALS
            self._dial(relay, wanted)
        elif now >= self._next_look:  # also the way to learn that the relay has died
            self._next_look = now + BETWEEN_LOOKS
            if late := relay.report.lateness:
                self.session.report(Lateness(late.p99))

    def _dial(self, relay: Relay, link: Link):
        for _ in range(TRIES):  # what it has not read yet would meet the new link, not the old one
            if relay.report.forward.arrived >= self._count:
                break
        relay.dial(forward=link)
        self._virtual.change(**vars(link.settings))
        self._link = link
