"""The loop that runs an endpoint over a real UDP socket: what the simulator does, in real time."""

import contextlib
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from math import inf
from time import perf_counter

from netlib.endpoint import Endpoint, expect_endpoint
from netlib.sockets.base import readable, resolved
from netlib.sockets.udp import UDPSender
from netlib.trace import Address, Trace
from netlib.worlds.clock import Clock

DRAIN = 64  # datagrams taken from one socket before the deadlines have their turn


class Driver(UDPSender):
    """Give one endpoint a UDP socket and a clock, which starts at 0.0 with the first `run`.

    What the endpoint returns goes to `peer`; None: to whoever sends the first datagram. Datagrams
    from anybody else are dropped and counted (`strangers`). The socket is bound at once, to
    loopback unless `host` says otherwise. Events go to `trace`, if one is given. clock: what its
    time is told by, if not by real time.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        peer: Address | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        trace: Trace | None = None,
        role: str = "endpoint",
        clock: Clock | None = None,
    ):
        expect_endpoint(endpoint)
        super().__init__(host, port, trace=trace, role=role)
        self.endpoint, self.strangers, self.interrupted = endpoint, 0, False
        self._clock = clock or Clock()
        self._start: float | None = None  # on that clock
        try:
            family, self.peer = self._socket.family, peer
            if peer is not None:
                self.peer = resolved(peer, socket.SOCK_DGRAM, family, "peer")[1]
        except BaseException:
            self.close()
            raise

    def run(self, limit: float, until: Callable[[], object] | None = None) -> bool:
        """Run for at most `limit` seconds; return whether `until()` has become true before."""
        return drive(self, limit=limit, until=until)

    def interrupt(self):
        """End a run of another thread at once, and every later one; it returns False."""
        self.interrupted = True
        with contextlib.suppress(OSError):  # a datagram to itself ends the wait, as in UDPReceiver
            self._socket.sendto(b"", self.address)

    def begin(self, at: float):
        """Let the endpoint's clock be 0.0 at the time `at` of perf_counter, if it stands still."""
        if self._start is None:
            self._start = self._clock.at(at)

    @property
    def now(self) -> float:
        """The endpoint's time [s]; 0.0 until the first run."""
        return 0.0 if self._start is None else self._clock.now() - self._start

    def due(self) -> float:
        """Return when the endpoint is to be woken, on the clock of perf_counter; inf: never."""
        return self._clock.when(self.due_on_clock())

    def due_on_clock(self) -> float:
        """Return when its own clock will show that; inf: never."""
        deadline = self.endpoint.deadline
        return inf if deadline is None or self._start is None else self._start + deadline

    def take(self):
        """Give the endpoint what waits in the socket."""
        for _ in range(DRAIN):
            try:
                datagram, source = self._socket.recvfrom(65535)
            except BlockingIOError:
                return
            except ConnectionError:  # Windows: nobody listened to what was sent; that is a loss
                continue
            self._hand_over(datagram, source)

    def wake_if_due(self):
        """Wake the endpoint if its deadline has come. Raises RuntimeError if that stays put."""
        due, now = self.endpoint.deadline, self.now
        if due is None or due > now:
            return
        self._send_all(self.endpoint.wake(now))
        if self.endpoint.deadline == due:
            left = f"wake({now!r}) left the deadline at {due!r}"
            raise RuntimeError(f"{self.role}: {left}, and would be called for ever")

    def _hand_over(self, datagram: bytes, source: Address):
        if self.peer is None:
            self.peer = source
        if source != self.peer:
            self.strangers += 1
            return
        if self._trace is not None:
            self._trace.record(self.role, "receive", datagram, source)
        self._send_all(self.endpoint.receive(datagram, self.now))

    def _send_all(self, datagrams: list[bytes]):
        for datagram in datagrams:
            if type(datagram) is not bytes:
                raise TypeError(f"{self.role} must return a list of bytes, got {datagrams!r}")
            if self.peer is None:
                raise ValueError(f"{self.role} must know its peer before it sends, got peer=None")
            self.send(datagram, self.peer)


def drive(*drivers: Driver, limit: float, until: Callable[[], object] | None = None) -> bool:
    """Run several endpoints in this thread, for at most `limit` seconds.

    Return True as soon as `until()` is true, False if the time was up or a driver interrupted. As
    in the simulator, what has arrived is handed over before a deadline of the same instant.
    """
    if not limit > 0:
        raise ValueError(f"limit must be a number of seconds above 0, got {limit!r}")
    now = perf_counter()
    end = now + limit
    for driver in drivers:
        driver.begin(now)
    while not any(driver.interrupted for driver in drivers):
        if until is not None and until():
            return True
        if (now := perf_counter()) >= end:
            return False
        wait = min(end, *(driver.due() for driver in drivers)) - now
        by_fd = {driver.fileno(): driver for driver in drivers}
        for fd in readable(list(by_fd), max(0.0, wait)):
            by_fd[fd].take()
        for driver in drivers:
            driver.wake_if_due()
    return False


def converse(
    sender: Endpoint,
    receiver: Endpoint,
    limit: float = 10.0,
    *,
    until: Callable[[], object] | None = None,
    through: Callable[[Address], AbstractContextManager] | None = None,
) -> Trace:
    """Run two endpoints over two real sockets, as `simulate` does over links; return the trace.

    It ends when `until()` is true (None: when `sender.done` is), at the latest after `limit`
    seconds. `through` makes what stands between them from the receiver's address: something with
    an `address` to send to instead, such as a Relay. In the trace it passes for the other end.
    """
    ends: list[Driver] = []
    trace = Trace(lambda: ends[0].now if ends else 0.0, show_times=True)
    finished = until or (lambda: getattr(sender, "done", False))
    with ExitStack() as stack:
        there = stack.enter_context(Driver(receiver, trace=trace, role="receiver"))
        middle = stack.enter_context(through(there.address)) if through else there
        here = stack.enter_context(Driver(sender, middle.address, trace=trace, role="sender"))
        ends += [here, there]
        drive(*ends, limit=limit, until=finished)
    trace.roles |= {middle.address: there.role, there.peer or here.address: here.role}
    return trace
