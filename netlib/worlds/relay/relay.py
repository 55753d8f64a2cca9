"""World 2: the same link in front of real UDP sockets, on any system, without any privilege."""

import queue
import socket
import threading
import time
from math import isfinite
from operator import itemgetter

from netlib.links.link import Link
from netlib.sockets.background import opening
from netlib.sockets.base import bound_socket, explained, named, resolved
from netlib.trace import Address, Trace
from netlib.worlds.clock import Clock
from netlib.worlds.relay.hosts import ENDED, ProcessHost, ThreadHost
from netlib.worlds.relay.loop import RelayConfig
from netlib.worlds.relay.report import Record, RelayReport

START, ANSWER, STOP = 10.0, 5.0, 3.0  # seconds until something is wrong; usually 5 ms
FETCH = 30.0  # seconds to hand over what was recorded
DIRECTIONS, TAMPERING = ("forward", "backward"), ("drop", "delay", "duplicate")


class RelayDied(RuntimeError):
    """The relay ended although nobody stopped it; what it counted is lost with it."""


class Relay:
    """Stand in for `destination`, behind a bad network: `forward` is the link on the way there,
    `backward` the link on the way back.

    Inside its `with` block, whatever is sent to `address` goes on to the destination, and what the
    destination answers goes back to the client that asked. The n-th datagram into a direction meets
    the fate that Link.carry gives it, and it never leaves before its time; how much later it left
    is in `report`. The links given stay as they are: each block begins with fresh copies. A message
    that the destination cannot be reached (ICMP) is counted, and no client hears of it; DSCP and
    ECN begin anew behind the relay.

    host, port: where clients find it; loopback and any free port unless they say otherwise. At
    "0.0.0.0", answers come from the address that was asked (on Linux). record: keep a `trace`, with
    all payloads, of up to 256 MiB. max_clients: the client that was silent for longest makes room
    for one more, also where no more files may be open. idle: forget a client that has sent nothing
    for so many seconds (within a second more), as a home router would; None: never.
    thread: run here and not in a process of its own. That takes models of loss and delay that a
    notebook defines, and it is a trap: a busy Python program lets its relay thread wait, so that
    datagrams are seconds late or lost at a few thousand per second. Look at `report` then.
    clock: in whose time the links delay, and all is recorded, if not in seconds since the relay
    began; only a thread can share it.
    """

    def __init__(
        self,
        destination: Address,
        forward: Link,
        backward: Link,
        *,
        host: str | None = None,
        port: int = 0,
        record: bool = False,
        max_clients: int = 128,
        idle: float | None = None,
        thread: bool = False,
        clock: Clock | None = None,
    ):
        _expect_links({"forward": forward, "backward": backward})
        if max_clients < 1:
            raise ValueError(f"max_clients must be 1 or more, got {max_clients!r}")
        if idle is not None and not (isfinite(idle) and idle > 0):
            raise ValueError(f"idle must be seconds above 0, or None: never; got {idle!r}")
        self.destination, self.forward, self.backward = destination, forward, backward
        if clock and not thread:
            raise ValueError("a clock needs thread=True: a process of its own cannot share it")
        self._host, self._port, self._record, self._clock = host, port, record, clock
        self._max_clients, self._idle = max_clients, idle
        self._kind = ThreadHost if thread else ProcessHost
        self._runner: ProcessHost | ThreadHost | None = None
        self._address: Address | None = None
        self._final: tuple[RelayReport, list[Record]] | None = None
        self._lock, self._number, self._death = threading.RLock(), 0, ""
        self._config()  # so that a mistake in an address is an error where it is made

    def start(self) -> "Relay":
        """Begin to relay, and return once that works; a `with` block calls this."""
        if self._runner is not None:
            raise RuntimeError(f"this relay is running already, at {named(self.address)}")
        self._final, self._number, self._death = None, 0, ""
        with opening(lambda: self._end(0)):
            self._runner = self._kind(self._config())
        try:
            self._address = self._answer(0, START)
        except BaseException:
            self._end(0)
            raise
        return self

    def close(self):
        """Stop relaying; what is on its way is gone. Closing twice is harmless.

        Raises RelayDied if it crashed and no earlier call has reported it.
        """
        with self._lock:
            if self._runner is None:
                return
            patience = 0.0
            try:
                self._final = self._ask("stop", patience=FETCH if self._record else STOP)
                patience = STOP
            finally:
                self._end(patience)

    @property
    def address(self) -> Address:
        """Where to send what is for the destination."""
        if self._address is None:
            raise _not_running()
        return self._address

    @property
    def report(self) -> RelayReport:
        """What was lost, by cause, and how late it was; after the block, of all of it."""
        with self._lock:
            return self._final[0] if self._final else self._ask("report")

    @property
    def trace(self) -> Trace:
        """What became of each datagram, if the relay was asked to record.

        As in the simulator: send is when it came to the relay, lost says why, receive is when it
        left, a duplicate is noted "copy", a flipped bit "corrupt". Times are in seconds since the
        relay began. What there was no room for is counted in `report.unrecorded`.
        """
        if not self._record:
            raise RuntimeError("expected Relay(..., record=True): this one keeps no trace")
        with self._lock:
            final = self._final or self._ask("rows_since", 0, patience=FETCH)
        return _trace(final[1], self.destination)

    @property
    def pid(self) -> int | None:
        """The relay's process; None if it runs in a thread, or not at all."""
        return self._runner.pid if self._runner else None

    def dial(self, forward: Link | None = None, backward: Link | None = None):
        """Change to the settings of other links, from the next datagram on; None leaves one as is.

        What is on its way or in the queue goes on, and so do the numbers of the datagrams: number
        n meets the fate that the new settings give to number n.
        """
        links = {"forward": forward, "backward": backward}
        changes = {name: link for name, link in links.items() if link is not None}
        _expect_links(changes)
        self._ask("dial", changes)
        self.forward = changes.get("forward", self.forward)
        self.backward = changes.get("backward", self.backward)

    def tamper(
        self, way: str, number: int, what: str, seconds: float = 0.0, copy: int | None = None
    ) -> bool:
        """Do something to a datagram on its way; return False if it was not there any more.

        way: "forward" or "backward"; number: of the datagram in that direction, the first is 0.
        what: "drop"; "delay", by so many seconds more; "duplicate", and the copy follows at once.
        copy: which one of it, 0 for itself, n for the n-th copy made in that direction; None: of
        those on their way, the one that leaves first.
        """
        for name, value, choices in (("way", way, DIRECTIONS), ("what", what, TAMPERING)):
            if value not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
        if not (isfinite(seconds) and seconds >= 0):
            raise ValueError(f"seconds must be a number of seconds, 0 or more, got {seconds!r}")
        return self._ask("tamper", way, number, what, seconds, copy)

    def rows_since(self, since: int = 0) -> tuple[float, list[Record]]:
        """Return the relay's time now [s] and, if it records, what it has from `since` on."""
        return self._ask("rows_since", since)

    def next_due(self) -> float | None:
        """Return when the next datagram will leave [s, the relay's time], or None."""
        return self._ask("next_due")

    def __enter__(self) -> "Relay":
        return self.start()

    def __exit__(self, kind, exception, traceback):
        try:
            self.close()
        except RelayDied:
            if exception is None:
                raise

    def __repr__(self) -> str:
        where = named(self.address) if self._runner else "not running"
        return f"Relay({where} → {named(self.destination)}: {self.forward!r}, {self.backward!r})"

    def _config(self) -> RelayConfig:
        far_family, destination, far_host = _route(self.destination)
        loopback = "::1" if far_family == socket.AF_INET6 else "127.0.0.1"
        with bound_socket(socket.SOCK_DGRAM, self._host or loopback, self._port, None) as near:
            family, (host, *_) = near.family, near.getsockname()
        if (host, self._port) == destination[:2]:
            raise ValueError(f"destination must not be the relay itself, got {self.destination!r}")
        near_end, far_end = (family, host, self._port), (far_family, far_host, destination)
        links, clients = (self.forward, self.backward), (self._max_clients, self._idle)
        return RelayConfig(*near_end, *far_end, *links, self._record, *clients, self._clock)

    def _ask(self, *request, patience: float = ANSWER):
        with self._lock:
            if self._runner is None:
                raise RelayDied(self._death) if self._death else _not_running()
            self._number += 1
            self._runner.tell(self._number, *request)
            return self._answer(self._number, patience)

    def _answer(self, number: int, patience: float):
        assert self._runner  # both callers have seen to it
        deadline = time.monotonic() + patience
        arrived = None
        while arrived != number:  # an earlier answer was waited for in vain, or interrupted
            try:
                item = self._runner.answers.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"the relay did not answer within {patience:g} s") from None
            if item is ENDED:
                self._end(STOP)
                raise RelayDied(self._death)
            arrived, answer = item
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _end(self, patience: float):
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.end(patience)
            if self._final is None:
                self._death = f"the relay has died ({runner.exit_reason}); start another one"


def _not_running() -> RuntimeError:
    return RuntimeError("the relay runs inside its `with` block, or from start() to close()")


def _expect_links(links: dict[str, Link]):
    for name, link in links.items():
        if not isinstance(link, Link):
            raise TypeError(f"{name} must be a Link, got {link!r}")


def _route(destination: Address) -> tuple[int, Address, str]:
    """Return the destination's family, its numeric address, and the local host that faces it."""
    family, numeric = resolved(destination, socket.SOCK_DGRAM)
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(numeric)  # sends nothing: it only looks up the way
            return family, numeric, probe.getsockname()[0]
    except OSError as error:
        raise explained(error, f"cannot relay to {named(destination)}") from None


def _trace(records: list[Record], destination: Address) -> Trace:
    trace = Trace(lambda: 0.0, show_times=True)
    trace.losses_recorded = True
    trace.name(destination, "receiver")
    for at, way, action, payload, client, note, _, copy in sorted(records, key=itemgetter(0)):
        if action == "lost" and copy:  # a trace knows a copy by its arrival; its datagram goes on
            continue
        sender = trace.roles.get(client) or trace.name(client, "sender")
        ends = ((sender, client), ("receiver", destination))
        (source, source_address), (target, address) = ends if way == "forward" else ends[::-1]
        if action == "receive":
            trace.record_at(at, target, action, payload, source_address, note)
        else:
            role = "link" if action == "lost" else source
            trace.record_at(at, role, action, payload, address, note)
    return trace
