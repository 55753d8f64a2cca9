"""The panel that shows where sends and receives cut a TCP connection's stream of bytes."""

import html
import select

import ipywidgets as ipw

from netlib.panels.panel import Panel, button, in_rows, message_line, number, payload_of, toggle
from netlib.panels.pump import Pump
from netlib.show.style import RECEIVER, SENDER
from netlib.sockets.background import Collector
from netlib.sockets.tcp import TCPConnection, TCPListener
from netlib.trace import html_table, printable

SHOWN = 12  # arrivals kept on the screen
TAPE = 72  # bytes of a stream kept on the screen: as many as fit beside a laptop's file list


class TCPPanel(Panel):
    """Send messages into one connection; see where sends and receives cut the stream of bytes."""

    def __init__(self):
        self.text, line = message_line(self.if_open(self._send))
        self.copies = number("copies", 1, 1, 100, "how many sends, one after the other")
        self.max_size = number("receive up to [B]", 65535, 1, 65535, "most bytes a receive returns")
        self.max_size.observe(self._resize, "value")
        by_hand = toggle("receive by hand", self.if_open(self._pause))
        receive = self.if_open(lambda _: self._receive_once())
        once = button("Receive once", receive, "one receive, if bytes wait")
        (controls,) = in_rows([self.copies, self.max_size, by_hand, once])
        self.tape = ipw.HTML().add_class("netlib-tape")
        self.arrivals = ipw.HTML().add_class("netlib-arrivals")
        super().__init__("TCP panel", line, controls, self.tape, self.arrivals)
        self.sends: list[bytes] = []
        self.receives: list[bytes] = []
        self.pump = Pump(self._show)
        with TCPListener() as listener:
            self._client = TCPConnection.connect(listener.address, timeout=0.5)
            self._server = listener.accept()
        self._collector = Collector(self._server, self.max_size.value, self._arrived).start()
        self._show([])

    def _arrived(self, piece):  # kept here: the pump may have to leave some out
        if piece:
            self.receives.append(piece)
        self.pump.put(None)

    def _send(self):
        data = payload_of(self.text.value)
        try:
            for _ in range(self.copies.value):
                self._client.send_all(data)
                self.sends.append(data)
        except OSError as error:
            self.set_status(f"Not all sent: {error}")
        else:
            self.set_status(f"{self.copies.value} × {len(data)} bytes were sent.")
        self.pump.put(None)

    def _receive_once(self):
        waiting, _, _ = select.select([self._server], [], [], 0)
        if not self._collector.paused:
            self.set_status("The panel receives by itself; press “receive by hand” first.")
        elif not waiting:
            self.set_status("Nothing waits: a receive would block now.")
        else:
            self._arrived(self._server.receive(self.max_size.value))

    def _pause(self, paused: bool):
        self._collector.pause(paused)

    def _resize(self, change):
        self._collector.max_size = change["new"]

    def _show(self, _):
        self.tape.value = tape(self.sends, self.receives)
        last = list(enumerate(self.receives, 1))[: -SHOWN - 1 : -1]
        rows = [[str(n), str(len(p)), printable(p)] for n, p in last]
        self.arrivals.value = html_table([["receive", "bytes", "data"], *rows])

    def close_sockets(self):
        """Collect what has arrived, show it, and close both ends."""
        self._collector.stop()
        self.pump.flush()
        self._client.close()
        self._server.close()


def tape(sends: list[bytes], receives: list[bytes]) -> str:
    """Return the end of a stream as two rows of characters, with a border wherever it was cut."""
    start = max(0, sum(map(len, sends)) - TAPE)
    rows = [("sends", sends, SENDER), ("receives", receives, RECEIVER)]
    return "".join(_tape_row(name, pieces, start, color) for name, pieces, color in rows)


def _tape_row(name: str, pieces: list[bytes], start: int, color: str) -> str:
    spans, position = [], 0
    for piece in pieces:
        shown = piece[max(0, start - position) :]
        position += len(piece)
        if shown:
            # shadows take no room, so that both rows have the same byte in the same column
            style = f"box-shadow:0 0 0 1px {color},-2px 0 {color};letter-spacing:2px"
            spans.append(f'<span style="{style}">{html.escape(_one_each(shown))}</span>')
    more = "…" if start else ""
    label = f'<span style="display:inline-block;width:6em;color:{color}">{name}</span>'
    style = "font-family:monospace;line-height:1.8;white-space:pre"
    return f'<div style="{style}">{label}{more}{"".join(spans)}</div>'


def _one_each(data: bytes) -> str:
    return "".join(chr(b) if 32 <= b < 127 else "·" for b in data)  # one character for each byte
