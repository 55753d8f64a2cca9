"""The panel that makes a fast network slow: small writes, Nagle's algorithm, a long way."""

import socket
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10

import ipywidgets as ipw

from netlib.kernel.tcp_info import tcp_info
from netlib.panels.panel import WIDE, Panel, button, number, slider, tasks
from netlib.panels.pump import Pump
from netlib.panels.session import STUCK, End, Session
from netlib.show.style import LOSS, PALE, SKY
from netlib.sockets.background import Background
from netlib.sockets.tcp import TCPListener
from netlib.trace import html_table
from netlib.worlds.tcp_relay.relay import TCPRelay

SIZE = 120  # bytes of a request, however many writes it takes
REQUESTS = 4  # sent at a press: on Linux, the first of them finds a receiver that ACKs at once
LOOK = 0.001  # seconds between two looks at what Nagle's algorithm holds back
TIMEOUT = 2.0  # seconds
TICKS = 1, 2, 5, 10  # times a power of ten [ms]: between two marks below the bars
TASKS = {
    "two writes, Nagle": {"writes": 2, "nagle": True, "rtt": 0.0},
    "one write": {"writes": 1, "nagle": True, "rtt": 0.0},
    "two writes, TCP_NODELAY": {"writes": 2, "nagle": False, "rtt": 0.0},
    "two writes, Nagle, 30 ms": {"writes": 2, "nagle": True, "rtt": 30.0},
    "two writes, Nagle, 100 ms": {"writes": 2, "nagle": True, "rtt": 100.0},
}
KEY = {"held by Nagle": LOSS, "path": SKY, "rest": PALE}


@dataclass(frozen=True)
class Timing:
    """Where the time of one request went [s]; held: None where the system does not tell."""

    total: float
    held: float | None
    path: float

    @property
    def rest(self) -> float:
        """What is neither: the two programs, the relay, the kernel."""
        return max(0.0, self.total - self.path - (self.held or 0.0))


class SlowPanel(Panel):
    """Send requests in one or more writes, with or without Nagle, over a path of some delay.

    Each press opens a server, a TCPRelay and a connection on loopback, sends four requests, one
    after the other, and closes them again. Held is the time in which the kernel had bytes of the
    request that it did not send.
    """

    def __init__(self):
        tip = "the same bytes in so many sends"
        self.writes = number("writes per request", 2, 1, 10, tip, self.set_status)
        self.rtt = slider("round trip [ms]", 0.0, 100, 5, "there and back, through the relay")
        self.rtt.style.description_width = "initial"
        self.nagle = ipw.Checkbox(True, description="Nagle's algorithm", indent=False, style=WIDE)
        self.nagle.add_class("netlib-nagle").layout.width = "auto"
        press = self.if_open(lambda _: self._send())
        self.send_button = button("Send", press, "send four requests", main=True)
        self.task = tasks(TASKS, self.if_open(self._set))
        first = ipw.HBox([self.send_button, self.task])
        second = ipw.HBox([self.writes, self.nagle, self.rtt])
        self.view = ipw.HTML().add_class("netlib-times")
        self.timings: list[Timing] = []
        self.pump, self._session, self._client = Pump(self._show), None, None
        super().__init__("Slow panel", first, second, self.view)
        self.set_status(
            "Press Send: four requests, one after the other, and where each of them waited."
        )

    def close_sockets(self) -> str:
        """End the requests that are on their way, if any are."""
        session, self._session = self._session, None
        is_over = session is None or session.stop(force=self._hang_up, farewell=0)
        self.pump.flush()
        return "" if is_over else STUCK

    def _hang_up(self):
        with suppress(OSError, AttributeError):  # closed already, or not yet open
            self._client.shutdown(socket.SHUT_RDWR)

    def _set(self, task: dict):
        for name, value in task.items():
            getattr(self, name).value = value
        self._send()

    def _send(self):
        if self._session:
            return
        self._busy(True)
        nagle = "with Nagle's algorithm" if self.nagle.value else "with TCP_NODELAY"
        writes = f"{self.writes.value} write{'s' * (self.writes.value > 1)} each"
        words = f"{REQUESTS} requests of {SIZE} bytes, {writes}, {nagle}"
        self.set_status(f"Sending: {words} …")
        arguments = self.writes.value, self.nagle.value, self.rtt.value / 1000

        def work() -> str:
            try:
                self.pump.put(exchange(*arguments, opened=self._opened))
            except OSError as error:
                return f"Not all answered: {error}"
            return words

        self._session = Session(work, self.pump.put)
        self._session.start()

    def _opened(self, client: socket.socket):
        self._client = client
        if not self.is_open:  # stopped before there was a connection to hang up
            self._hang_up()

    def _busy(self, is_busy: bool):
        self.send_button.disabled = is_busy
        (self.box.add_class if is_busy else self.box.remove_class)("netlib-busy")

    def _show(self, items: list[list[Timing] | End]):
        for item in items:
            if isinstance(item, End):
                self._session = None
                self._busy(False)
                self.set_status(f"{item.why}.")
            else:
                self.timings = item
                self.view.value = html_table(rows(item)) + bars(item)


def exchange(writes: int, nagle: bool, rtt: float, opened=lambda client: None) -> list[Timing]:
    """Send the requests over a path of this round trip [s]; return where their times went.

    `opened` is called with the client's socket.
    """
    with _client(rtt / 2) as client:
        opened(client)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, not nagle)
        return [Timing(*_request(client, writes), rtt) for _ in range(REQUESTS)]


@contextmanager
def _client(delay: float):
    with (
        TCPListener(timeout=TIMEOUT) as listener,
        TCPRelay(listener.address, delay=delay) as relay,
        Background(_serve, listener),
        socket.create_connection(relay.address, TIMEOUT) as client,
    ):
        yield client


def _serve(listener: TCPListener):
    with listener.accept() as server:
        for _ in range(REQUESTS):
            server.receive_exactly(SIZE)
            server.send_all(b"!")


def _request(client: socket.socket, writes: int) -> tuple[float, float | None]:
    began = time.perf_counter()
    for start, stop in pairwise(SIZE * n // writes for n in range(writes + 1)):
        client.sendall(bytes(stop - start))
    held = _held(client)
    if client.recv(1) != b"!":
        raise ConnectionResetError("the server went away")
    return time.perf_counter() - began, held


def _held(client: socket.socket) -> float | None:
    """Watch until the kernel has sent all; return how long that took [s]."""
    began = time.perf_counter()
    if tcp_info(client) is None:  # not told by this system
        return None
    while (info := tcp_info(client)) is not None and info.not_sent:
        if time.perf_counter() > began + TIMEOUT:
            raise TimeoutError(f"the request was not sent within {TIMEOUT:g} s")
        time.sleep(LOOK)
    return time.perf_counter() - began


def rows(timings: list[Timing]) -> list[list[str]]:
    """Return the table of the requests, in milliseconds."""
    table = [["request", "took", "held by Nagle", "path", "rest"]]
    for index, each in enumerate(timings, 1):
        held = "not told by this system" if each.held is None else _ms(each.held)
        table.append([str(index), _ms(each.total), held, _ms(each.path), _ms(each.rest)])
    return table


def bars(timings: list[Timing]) -> str:
    """Return a bar for each request, as long as it took, coloured by where it waited."""
    longest = 1000 * max(each.total for each in timings)
    step = _step(longest)
    end = step * ceil(longest / step)
    lines = []
    for index, each in enumerate(timings, 1):
        times = each.held or 0.0, each.path, each.rest
        parts = zip(KEY.values(), times, strict=True)
        drawn = "".join(_part(color, 100_000 * time / end) for color, time in parts)
        lines.append(f'<span>{index}</span><span class="netlib-bar">{drawn}</span>')
    ticks = [step * n for n in range(round(end / step) + 1)]
    marks = [f'<span style="left:{100 * t / end:.1f}%">{_tick(t, end)}</span>' for t in ticks]
    lines.append(f'<span class="netlib-axis">{"".join(marks)}</span>')
    key = "".join(f'<span><i style="background:{c}"></i>{word}</span>' for word, c in KEY.items())
    return f'<div class="netlib-bars">{"".join(lines)}</div><div class="netlib-key">{key}</div>'


def _step(longest: float) -> float:
    """Return the distance of four to eight marks up to here [ms]."""
    power = 10.0 ** floor(log10(longest / 4))
    return next(n * power for n in TICKS if n * power >= longest / 8)


def _tick(at: float, end: float) -> str:
    return f"{at:g} ms" if at == end else f"{at:g}"


def _part(color: str, percent: float) -> str:
    return f'<span style="width:{percent:.1f}%;background:{color}"></span>'


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
