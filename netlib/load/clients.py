"""The clients of a load: one loop that plays them all. It runs in a process of its own.

They speak a chat protocol of lines: the first line names a room, and each later one is passed on
to everybody in that room, its sender included. So a client can time its own line's way around.
"""

import errno
import math
import os
import random
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple

from netlib.kernel.open_files import HINT, allow_files, file_limit
from netlib.sockets.base import abort

AT_ONCE = 64  # clients that are connecting at one time: a listen queue is short
PATIENCE = 1.0  # seconds until those that are connected begin without the others
TELL = 0.05  # seconds between two reports of progress
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class LoadConfig(NamedTuple):
    """What the clients are to do; see `load`."""

    address: tuple
    clients: int
    messages: int
    room: int
    size: int
    rate: float | None
    seed: int
    seconds: float


class Client:
    """One client: it joins its room, sends a line, waits for it to come back, sends the next."""

    def __init__(self, number: int, sock: socket.socket, config: LoadConfig):
        self.number, self.sock, self.asked = number, sock, time.monotonic()
        self.sent_at, self.answered, self._rest = 0.0, 0, b""
        room = b"load %d %d" % (os.getpid(), number // config.room)
        self._mark = b"%d: " % number
        self._line = self._mark + b"." * max(0, config.size - len(self._mark) - 1) + b"\n"
        self._first = room + b"\n"

    def send(self, now: float):
        """Send the next line, the first time after the line that joins."""
        self.sent_at, first, self._first = now, self._first, b""
        self.sock.send(first + self._line)  # all of it finds room: nothing else is on its way

    def receive(self) -> tuple[bool, int]:
        """Take what has come; return whether one's own line was there, and how many others' were.

        Raises EOFError at the end of the stream.
        """
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        *lines, self._rest = (self._rest + data).split(b"\n")
        own = sum(line.startswith(self._mark) for line in lines)
        return bool(own), len(lines) - own


class Crowd:
    """All clients of a load, and what became of them."""

    def __init__(self, config: LoadConfig, tell: Callable[[int], object]):
        self.config, self._tell, self.stopped = config, tell, False
        self.connected, self.heard = 0, 0
        self.errors: Counter[str] = Counter()
        self.round_trips: list[float] = []
        self.sent_at: list[float] = []
        self._selector = selectors.DefaultSelector()
        self._open: set[Client] = set()
        self._in_flight, self._area = 0, 0.0  # messages now; their number summed over time [s]
        self._last = 0.0  # when a message last set out or came back
        self._connecting = 0
        self._waiting: list[Client] = []  # until the others are connected, too
        chance = random.Random(config.seed)
        gaps = (
            chance.expovariate(config.rate) if config.rate else 0.0 for _ in range(config.clients)
        )
        self._starts, self._next = list(accumulate(gaps)), 0

    def run(self) -> dict:
        """Play them all, until they are through, stopped, or the time is up; return a report."""
        allow_files(self.config.clients + 8)
        cpu, reported = time.process_time(), 0.0
        self.began = time.monotonic()
        end = self.began + self.config.seconds
        with self._selector:
            while (self._next < self.config.clients or self._open) and not self.stopped:
                if (now := time.monotonic()) > end:
                    break
                self._start_those_due(now)
                for key, _ in self._selector.select(self._pause(now, end)):
                    self._attend(key.data)
                if now > reported + TELL:
                    self._tell(len(self.round_trips))
                    reported = now
            limit = "before the stop" if self.stopped else f"within {self.config.seconds:g} s"
            for client in list(self._open):
                self._leave(client, f"no answer {limit}")
        if self._next < self.config.clients:
            self.errors[f"not begun {limit}"] += self.config.clients - self._next
        return self._report(time.process_time() - cpu)

    def _report(self, cpu: float) -> dict:
        seconds = self._last - min(self.sent_at, default=self._last)
        names = ("connected", "heard", "round_trips", "sent_at", "errors")
        totals = {"seconds": seconds, "cpu": cpu, "in_flight": self._area / (seconds or 1.0)}
        return totals | {name: getattr(self, name) for name in names}

    def _pause(self, now: float, end: float) -> float:
        end = min(end, now + TELL)
        end = min(end, self._next_start())
        if self._waiting:
            end = min(end, self.began + PATIENCE)
        return max(0.0, end - now)

    def _next_start(self) -> float:
        """Return when the next client may connect; infinite: nobody, or not before others have."""
        if self._next == self.config.clients or self._connecting >= AT_ONCE:
            return math.inf
        return self.began + self._starts[self._next]

    def _start_those_due(self, now: float):
        while self._next_start() <= now:
            self._next += 1
            self._connect(self._next - 1)
        all_connected = self._next == self.config.clients and not self._connecting
        if all_connected or now > self.began + PATIENCE:
            self._begin_together()

    def _connect(self, number: int):
        try:
            family = socket.AF_INET6 if ":" in self.config.address[0] else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            full = error.errno in (errno.EMFILE, errno.ENFILE)
            limit = f"the limit of {file_limit()} open files is reached ({HINT})"
            self.errors[limit if full else str(error)] += 1
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = Client(number, sock, self.config)
        self._open.add(client)
        if self.config.rate:
            self._count(+1, client.asked)
        self._connecting += 1
        self._selector.register(sock, WRITE, client)
        failed = sock.connect_ex(self.config.address)
        if failed not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
            self._connecting -= 1
            self._leave(client, os.strerror(failed))

    def _attend(self, client: Client):
        try:
            if client.sent_at:
                self._take(client)
            else:
                self._has_connected(client)
        except EOFError:
            self._leave(client, "the server ended the connection")
        except BlockingIOError:
            pass
        except OSError as error:
            self._leave(client, error.strerror or str(error))

    def _has_connected(self, client: Client):
        self._connecting -= 1
        failed = client.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failed:
            raise OSError(failed, os.strerror(failed))
        self.connected += 1
        self._selector.modify(client.sock, READ, client)
        if self.config.rate:  # it has waited since it asked for the connection
            self._send(client, client.asked)
        else:
            client.sent_at = math.inf
            self._waiting.append(client)

    def _begin_together(self):
        waiting, self._waiting = self._waiting, []
        for client in waiting:
            if client in self._open:
                try:
                    self._send(client, time.monotonic())
                except OSError as error:
                    self._leave(client, error.strerror or str(error))

    def _send(self, client: Client, now: float):
        client.send(now)
        if client.answered or not self.config.rate:  # else it was counted when it asked
            self._count(+1, now)

    def _count(self, change: int, now: float):
        self._area += self._in_flight * (now - self._last)
        self._in_flight += change
        self._last = now

    def _take(self, client: Client):
        own, others = client.receive()
        self.heard += others
        if not own:
            return
        now = time.monotonic()
        self.round_trips.append(now - client.sent_at)
        self.sent_at.append(client.sent_at)
        self._count(-1, now)
        client.answered += 1
        if client.answered == self.config.messages:
            self._leave(client)
        else:
            self._send(client, now)

    def _leave(self, client: Client, error: str = ""):
        self._open.discard(client)
        self._selector.unregister(client.sock)
        # by a reset: thousands of connections in TIME_WAIT would take the ports from what follows
        abort(client.sock)
        if error:
            self.errors[error] += 1


def play(request: Callable, answer: Callable):
    """Be the clients' process: the first item says what to do, another one to stop it."""
    crowd = Crowd(request(), answer)

    def listen():
        request()
        crowd.stopped = True

    threading.Thread(target=listen, daemon=True).start()
    answer(crowd.run())
