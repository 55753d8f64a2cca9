"""The panel that sends real datagrams over loopback, to one receiver or several."""

from collections import Counter, deque

import ipywidgets as ipw

from netlib.kernel.gauge import gauge
from netlib.panels.panel import (
    GRACE,
    Panel,
    button,
    message_line,
    number,
    payload_of,
    tasks,
    toggle,
)
from netlib.panels.pump import Pump
from netlib.sockets.background import Collector
from netlib.sockets.udp import Datagram, UDPReceiver, UDPSender
from netlib.trace import html_table, printable

SHOWN = 8  # arrivals kept on the screen
AS_BEGUN = {"copies": 1, "size": 0, "max_size": 65535, "paused": False}
TASKS = {
    "2000 × 1000 B, paused": {"copies": 2000, "size": 1000, "paused": True},
    "too large: 70000 B": {"size": 70000},
    "room for 3 B only": {"max_size": 3},
    "one datagram, as typed": {},
}


class UDPPanel(Panel):
    """Send datagrams from one socket to one or more receivers, and see what each of them got."""

    def __init__(self, receivers: int = 1):
        self.text, line = message_line(self.if_open(self._send))
        say = self.set_status
        self.copies = number("copies", 1, 1, 5000, "how often to send the message", say)
        tip = "0: as typed; else repeated or cut to this"
        self.size = number("size [B]", 0, 0, 70000, tip, say)
        self.max_size = number("receive up to [B]", 65535, 1, 65535, "room for one datagram", say)
        self.max_size.observe(self._resize, "value")
        self.paused = toggle("pause receivers", self.if_open(self._pause))
        self.task = tasks(TASKS, self.if_open(self._set))
        clear = button("Clear", self.if_open(lambda _: self._clear()), "new sockets, all counts 0")
        controls = ipw.HBox([self.copies, self.size, self.max_size, self.paused])
        self.counts, self.arrivals = ipw.HTML(), ipw.HTML().add_class("netlib-arrivals")
        line.children = [*line.children, self.task, clear]
        super().__init__("UDP panel", line, controls, self.counts, self.arrivals)
        self._count = receivers
        self.pump = Pump(self._show)
        self._open()

    def _open(self):
        self._sent = 0
        self._totals: Counter[tuple[str, int]] = Counter()
        self._recent: deque[list[str]] = deque(maxlen=SHOWN)
        self._sender = UDPSender()
        self._receivers = [UDPReceiver() for _ in range(self._count)]
        self._collectors = [self._collect(*pair) for pair in enumerate(self._receivers, 1)]
        self._pause(self.paused.value)
        self._show([])

    def _clear(self):
        self.close_sockets()
        self._open()
        self.set_status("All counts are 0, and the sockets are new.")

    def _set(self, task: dict):
        for name, value in (AS_BEGUN | task).items():
            getattr(self, name).value = value
        self.set_status("Set. Press Send.")

    def _collect(self, index: int, receiver: UDPReceiver) -> Collector:
        totals = self._totals

        def arrived(datagram):  # counted here: the pump may have to leave some out
            totals["arrived", index] += 1
            totals["truncated", index] += datagram.truncated
            self.pump.put(self._row(index, datagram))

        return Collector(receiver, self.max_size.value, arrived, grace=GRACE).start()

    def _send(self):
        payload = payload_of(self.text.value, self.size.value)
        try:
            for _ in range(self.copies.value):
                for receiver in self._receivers:
                    self._sender.send(payload, receiver.address)
                self._sent += 1
        except OSError as error:
            self.set_status(f"Not sent: {error.strerror or error}")
        else:
            self.set_status(f"Sent {self.copies.value} × {len(payload)} bytes to each receiver.")
        self.pump.put(None)  # the counts may change even if nothing arrives

    def _pause(self, paused: bool):
        for collector in self._collectors:
            collector.pause(paused)

    def _resize(self, change):
        for collector in self._collectors:
            collector.max_size = change["new"]

    def _show(self, items: list):
        self._recent.extendleft(filter(None, items))
        self.counts.value = html_table(self._counts())
        heading = ["at", "bytes", "payload", "from", "remark"]
        self.arrivals.value = html_table([heading, *self._recent])

    def _row(self, index: int, datagram: Datagram) -> list[str]:
        is_ours = datagram.source == self._sender.address
        source = "sender" if is_ours else "a stranger at {}:{}".format(*datagram.source)
        note = "truncated: the rest is gone" if datagram.truncated else ""
        text = printable(datagram.payload) or "(empty)"
        return [f"receiver {index}", str(len(datagram.payload)), text, source, note]

    def _counts(self) -> list[list[str]]:
        rows = [["receiver", "sent to it", "arrived", "truncated", "dropped by the kernel"]]
        for index, receiver in enumerate(self._receivers, 1):
            queue = gauge(receiver)
            drops = "not told by this system" if queue is None else str(queue.drops)
            totals = [str(self._totals[key, index]) for key in ("arrived", "truncated")]
            rows.append([f"receiver {index}", str(self._sent), *totals, drops])
        return rows

    def close_sockets(self):
        """Collect what has arrived, show it, and close every socket."""
        for collector in self._collectors:
            collector.stop()
        self.pump.flush()
        for owner in [self._sender, *self._receivers]:
            owner.close()
