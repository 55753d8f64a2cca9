"""A stream of datagrams through a real relay, and what its Link says of it in virtual time."""

import os
import secrets
import signal
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from netlib.links.link import Link
from netlib.sockets.background import Collector
from netlib.sockets.udp import Datagram, UDPReceiver, UDPSender
from netlib.trace import Address
from netlib.worlds.relay import Relay
from netlib.worlds.traffic import NUMBER

PER_SECOND, SIZE = 50, 200  # datagrams a second, bytes of payload in each: 80 kbit/s
PATIENCE = 180.0  # seconds without a touch, after which a stream ends by itself
BETWEEN_DIALS, BETWEEN_LOOKS = 0.1, 0.5  # seconds, at least
FAREWELL = 0.5  # seconds until a relay that does not answer is killed
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has the second only
TRIES = 50  # looks at the relay until it must have read what was sent


class Sent(NamedTuple):
    """A datagram was sent at `at` [s]; the Link lets it arrive at `due`, or loses it: None."""

    number: int
    at: float
    due: float | None


class Arrived(NamedTuple):
    """A datagram has arrived, on the clock by which it was sent."""

    number: int
    at: float


class Late(NamedTuple):
    """All but 1 % of the datagrams left the relay within `p99` [s] of their time."""

    p99: float


class Ended(NamedTuple):
    """The stream is over, and everything closed. why: empty if it was asked to stop."""

    why: str


class LiveStream:
    """Send numbered datagrams at a steady rate through a Relay to a receiver, all on loopback.

    One thread owns the sender and the relay, another the receiver. What happens is `report`ed from
    these threads, as Sent, Arrived, Late and at last Ended. Each Sent brings what the same Link
    says in virtual time. The two worlds are dialled at the same datagram, for the thread that
    sends also dials, once the relay has read all that was sent.
    """

    def __init__(self, link: Link, report: Callable[[NamedTuple], object], patience=PATIENCE):
        self.paused, self.pid = False, None
        self._link = self._wanted = link.copy()
        self._virtual, self._report, self._patience = link.copy(), report, patience
        self._filling = secrets.token_bytes(SIZE - NUMBER)  # which no stranger knows
        self._count, self._next_dial, self._next_look = 0, 0.0, 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live stream", daemon=True)
        self.touch()

    def start(self) -> "LiveStream":
        """Begin; return at once, while the thread starts the relay."""
        self._thread.start()
        return self

    def touch(self):
        """Note that somebody is there: the stream's patience begins anew."""
        self._touched = time.monotonic()

    def dial(self, link: Link):
        """Ask for another link from one of the next datagrams on; of many, the last one counts."""
        self._wanted = link
        self.touch()

    def pause(self, paused: bool):
        """Send nothing for a while; the relay stays as it is."""
        self.paused = paused
        self.touch()

    def stop(self):
        """End the thread, the relay and the sockets, and wait for that. Harmless when repeated."""
        self._stopping.set()
        self._thread.join(FAREWELL)
        if self._thread.is_alive() and self.pid:  # it waits for an answer, and we for it
            os.kill(self.pid, KILL)
        self._thread.join()

    def _run(self):
        try:
            why = self._stream()
        except Exception as failure:  # nobody joins this thread to hear of it, so it is reported
            why = str(failure) or repr(failure)
        self._report(Ended(why))

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
        while not self._stopping.wait(max(0.0, due - time.perf_counter())):
            if time.monotonic() > self._touched + self._patience:
                return f"it ended by itself, after {_told(self._patience)} without a touch"
            if not self.paused:
                self._send(sender, relay.address)
            self._look_after(relay)
            # who is late goes on from now: a burst to catch up would be another experiment
            due = max(due + 1 / PER_SECOND, time.perf_counter())
        return ""

    def _send(self, sender: UDPSender, address: Address):
        payload = self._count.to_bytes(NUMBER, "big") + self._filling
        at = time.perf_counter()
        sender.send(payload, address)
        due = self._virtual.carry(SIZE, at)
        self._report(Sent(self._count, at, due[0] if due else None))
        self._count += 1

    def _note(self, datagram: Datagram):
        at, payload = time.perf_counter(), datagram.payload
        if payload[NUMBER:] == self._filling:
            self._report(Arrived(int.from_bytes(payload[:NUMBER], "big"), at))

    def _look_after(self, relay: Relay):
        now, wanted = time.perf_counter(), self._wanted
        if wanted is not self._link and now >= self._next_dial:
            self._next_dial = now + BETWEEN_DIALS
            self._dial(relay, wanted)
        elif now >= self._next_look:  # also the way to learn that the relay has died
            self._next_look = now + BETWEEN_LOOKS
            if late := relay.report.lateness:
                self._report(Late(late.p99))

    def _dial(self, relay: Relay, link: Link):
        for _ in range(TRIES):  # what is yet unread there would meet the new link, not the old one
            if relay.report.forward.arrived >= self._count:
                break
        relay.dial(forward=link)
        self._virtual.change(delay=link.delay, loss=link.loss, rate=link.rate, queue=link.queue)
        self._link = link


def _told(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} seconds"
