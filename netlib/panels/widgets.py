"""Panels that send real messages over loopback. Nothing else in the course depends on them."""

import html
import select
from collections import Counter, deque

import ipywidgets as ipw

from netlib.kernel.gauge import gauge
from netlib.panels.panel import Panel, button, message_line, number, toggle, typed
from netlib.panels.pump import Pump
from netlib.sockets.background import Collector
from netlib.sockets.tcp import TCPConnection, TCPListener
from netlib.sockets.udp import Datagram, UDPReceiver, UDPSender
from netlib.trace import html_table, printable

SHOWN = 12  # arrivals kept on the screen
TAPE = 72  # bytes of a stream kept on the screen: as many as fit beside a laptop's file list


class UDPPanel(Panel):
    """Send datagrams from one socket to one or more receivers, and see what each of them got."""

    def __init__(self, receivers: int = 1):
        self.text, line = message_line(self.while_open(self._send))
        self.copies = number("copies", 1, 1, 5000, "how often to send the message")
        self.size = number("size [B]", 0, 0, 70000, "0: as typed; else repeated or cut to this")
        self.max_size = number("receive up to [B]", 65535, 1, 65535, "room for one datagram")
        self.max_size.observe(self._resize, "value")
        paused = toggle("pause receivers", self.while_open(self._pause))
        controls = ipw.HBox([self.copies, self.size, self.max_size, paused])
        controls.layout.flex_flow = "row wrap"
        self.counts, self.arrivals = ipw.HTML(), ipw.HTML().add_class("netlib-arrivals")
        super().__init__("UDP panel", line, controls, self.counts, self.arrivals)
        self._sent, self._totals, self._recent = 0, Counter(), deque(maxlen=SHOWN)
        self.pump = Pump(self._show)
        self._sender = UDPSender()
        self._receivers = [UDPReceiver() for _ in range(receivers)]
        self._collectors = [self._collect(*pair) for pair in enumerate(self._receivers, 1)]
        self._show([])

    def _collect(self, index: int, receiver: UDPReceiver) -> Collector:
        def arrived(datagram: Datagram):
            self.pump.put((index, datagram))

        return Collector(receiver, self.max_size.value, arrived).start()

    def _send(self):
        payload = typed(self.text.value, self.size.value)
        try:
            for _ in range(self.copies.value):
                for receiver in self._receivers:
                    self._sender.send(payload, receiver.address)
                self._sent += 1
        except OSError as error:
            self.say(f"Not sent: {error.strerror or error}")
        else:
            self.say(f"Sent {self.copies.value} × {len(payload)} bytes to each receiver.")
        self.pump.put(None)  # the counts may change even if nothing arrives

    def _pause(self, paused: bool):
        for collector in self._collectors:
            collector.pause(paused)

    def _resize(self, change):
        for collector in self._collectors:
            collector.max_size = change["new"]

    def _show(self, items: list):
        for index, datagram in filter(None, items):
            self._totals["arrived", index] += 1
            self._totals["truncated", index] += datagram.truncated
            self._recent.appendleft(self._row(index, datagram))
        self.counts.value = html_table(self._counts())
        self.arrivals.value = html_table([["at", "bytes", "payload", "from", ""], *self._recent])

    def _row(self, index: int, datagram: Datagram) -> list[str]:
        known = datagram.source == self._sender.address
        source = "sender" if known else "a stranger at {}:{}".format(*datagram.source)
        note = "truncated: the rest is gone" if datagram.truncated else ""
        text = printable(datagram.payload) or "(empty)"
        return [f"receiver {index}", str(len(datagram.payload)), text, source, note]

    def _counts(self) -> list[list[str]]:
        rows = [["", "sent to it", "arrived", "truncated", "dropped by the kernel"]]
        for index, receiver in enumerate(self._receivers, 1):
            seen = gauge(receiver)
            drops = "not told by this system" if seen is None else str(seen.drops)
            got = [str(self._totals[key, index]) for key in ("arrived", "truncated")]
            rows.append([f"receiver {index}", str(self._sent), *got, drops])
        return rows

    def close_sockets(self):
        """Collect what has arrived, show it, and close every socket."""
        for collector in self._collectors:
            collector.stop()
        self.pump.flush()
        for owner in [self._sender, *self._receivers]:
            owner.close()


class TCPPanel(Panel):
    """Send messages into one connection; see where sends and receives cut the stream of bytes."""

    def __init__(self):
        self.text, line = message_line(self.while_open(self._send))
        self.copies = number("copies", 1, 1, 100, "how many sends, one after the other")
        self.max_size = number("receive up to [B]", 65535, 1, 65535, "most bytes a receive returns")
        self.max_size.observe(self._resize, "value")
        by_hand = toggle("receive by hand", self.while_open(self._pause))
        receive = self.while_open(lambda _: self._receive_once())
        once = button("Receive once", receive, "one receive, if bytes wait")
        controls = ipw.HBox([self.copies, self.max_size, by_hand, once])
        controls.layout.flex_flow = "row wrap"
        self.tape = ipw.HTML().add_class("netlib-tape")
        self.arrivals = ipw.HTML().add_class("netlib-arrivals")
        super().__init__("TCP panel", line, controls, self.tape, self.arrivals)
        self.sends: list[bytes] = []
        self.receives: list[bytes] = []
        self.pump = Pump(self._show)
        with TCPListener() as listener:
            self._client = TCPConnection.connect(listener.address, timeout=0.5)
            self._server = listener.accept()
        self._collector = Collector(self._server, self.max_size.value, self.pump.put).start()
        self._show([])

    def _send(self):
        data = typed(self.text.value)
        try:
            for _ in range(self.copies.value):
                self._client.send_all(data)
                self.sends.append(data)
        except OSError as error:
            self.say(f"Not all sent: {error}")
        else:
            self.say(f"{self.copies.value} × {len(data)} bytes were sent.")
        self.pump.put(b"")

    def _receive_once(self):
        waiting, _, _ = select.select([self._server], [], [], 0)
        if not self._collector.paused:
            self.say("The panel receives by itself; press “receive by hand” first.")
        elif not waiting:
            self.say("Nothing waits: a receive would block now.")
        else:
            self.pump.put(self._server.receive(self.max_size.value))

    def _pause(self, paused: bool):
        self._collector.pause(paused)

    def _resize(self, change):
        self._collector.max_size = change["new"]

    def _show(self, pieces: list):
        self.receives += filter(None, pieces)
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
    rows = [("sends", sends, "#0072B2"), ("receives", receives, "#009E73")]
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
