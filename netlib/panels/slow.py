"""The panel that makes a fast network slow: small writes, Nagle's algorithm, a long way."""

import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import ipywidgets as ipw

from netlib.kernel.tcp_info import tcp_info
from netlib.panels.panel import WIDE, Panel, button, in_rows, number, slider
from netlib.show.style import LOSS, PALE, SKY
from netlib.sockets.background import Background
from netlib.sockets.tcp import TCPListener
from netlib.trace import html_table
from netlib.worlds.tcp_relay.relay import TCPRelay

SIZE = 120  # bytes of a request, however many writes it takes
REQUESTS = 4  # sent at a press: on Linux, the first of them finds a receiver that ACKs at once
LOOK = 0.001  # seconds between two looks at what Nagle's algorithm holds back
TIMEOUT = 2.0  # seconds
BAR = 260  # pixels for the slowest request
HELD, PATH, REST = LOSS, SKY, PALE


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
        self.writes = number("writes per request", 2, 1, 10, "the same bytes in so many sends")
        self.rtt = slider("round trip [ms]", 0.0, 100, 5, "there and back, through the relay")
        self.nagle = ipw.Checkbox(True, description="Nagle's algorithm", indent=False, style=WIDE)
        self.nagle.add_class("netlib-nagle")
        sending = button("Send", self.if_open(lambda _: self._send()), "send four requests")
        (controls,) = in_rows([self.writes, self.nagle, self.rtt, sending])
        self.view = ipw.HTML().add_class("netlib-times")
        self.timings: list[Timing] = []
        super().__init__("Slow panel", controls, self.view)
        self.set_status(
            "Press Send: four requests, one after the other, and where each of them waited."
        )

    def close_sockets(self):
        """Nothing is open between two presses."""

    def _send(self):
        rtt, writes = self.rtt.value / 1000, self.writes.value
        try:
            self.timings = exchange(writes, self.nagle.value, rtt)
        except OSError as error:
            self.set_status(f"Not all answered: {error}")
            return
        self.view.value = html_table(rows(self.timings)) + bars(self.timings)
        nagle = "with Nagle's algorithm" if self.nagle.value else "with TCP_NODELAY"
        self.set_status(f"{REQUESTS} requests of {SIZE} bytes, {writes} writes each, {nagle}.")


def exchange(writes: int, nagle: bool, rtt: float) -> list[Timing]:
    """Send the requests over a path of this round trip [s]; return where their times went."""
    with _client(rtt / 2) as client:
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
    longest = max(each.total for each in timings)
    lines = []
    for index, each in enumerate(timings, 1):
        parts = [(HELD, each.held or 0.0), (PATH, each.path), (REST, each.rest)]
        drawn = "".join(_part(color, BAR * time / longest) for color, time in parts)
        lines.append(f"{index} {drawn}")
    words = [(HELD, "held by Nagle"), (PATH, "path"), (REST, "rest")]
    key = " ".join(f"{_part(color, 12)} {word}&emsp;" for color, word in words)
    return f'<div style="line-height:1.5">{"<br>".join(lines)}<br>{key}</div>'


def _part(color: str, width: float) -> str:
    style = f"display:inline-block;height:0.8em;width:{width:.0f}px;background:{color}"
    return f'<span style="{style}"></span>'


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
