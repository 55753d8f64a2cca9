"""The panel that shows where sends and receives cut a TCP connection's stream of bytes."""

import html
import select
import threading
from collections import deque

import ipywidgets as ipw

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
from netlib.sockets.tcp import TCPConnection, TCPListener
from netlib.trace import html_table, printable

SHOWN = 8  # arrivals kept on the screen
TAPE = 52  # bytes of a stream kept on the screen: as many as fit on a projector
AS_BEGUN = {"copies": 1, "max_size": 65535, "by_hand": False}
TASKS = {
    "3 sends at once": {"copies": 3},
    "3 sends, received by hand": {"copies": 3, "by_hand": True},
    "by hand, 3 B at a time": {"copies": 3, "by_hand": True, "max_size": 3},
    "one send, as typed": {},
}


class Pieces:
    """The pieces of a stream: all counted, the last ones kept, enough for the tape."""

    def __init__(self, *pieces: bytes):
        self.count = self.bytes = 0
        self._kept: deque[bytes] = deque(maxlen=TAPE)  # none is empty, so they hold its length
        self._lock = threading.Lock()
        for piece in pieces:
            self.add(piece)

    def add(self, piece: bytes):
        """Take the next piece, from any thread; an empty one cuts nothing."""
        if piece:
            with self._lock:
                self.count, self.bytes = self.count + 1, self.bytes + len(piece)
                self._kept.append(piece)

    def last(self) -> tuple[list[bytes], int]:
        """Return the pieces that are kept, and where in the stream they begin."""
        with self._lock:
            return list(self._kept), self.bytes - sum(map(len, self._kept))


class TCPPanel(Panel):
    """Send messages into one connection; see where sends and receives cut the stream of bytes."""

    def __init__(self):
        self.text, line = message_line(self.if_open(self._send))
        say = self.set_status
        self.copies = number("copies", 1, 1, 100, "how many sends, one after the other", say)
        tip = "most bytes a receive returns"
        self.max_size = number("receive up to [B]", 65535, 1, 65535, tip, say)
        self.max_size.observe(self._resize, "value")
        self.by_hand = toggle("receive by hand", self.if_open(self._pause))
        receive = self.if_open(lambda _: self._receive_once())
        once = button("Receive once", receive, "one receive, if bytes wait", main=True)
        self.task = tasks(TASKS, self.if_open(self._set))
        clear = button("Clear", self.if_open(lambda _: self._clear()), "a new connection")
        line.children = [*line.children, self.task, clear]
        controls = ipw.HBox([self.copies, self.max_size, self.by_hand, once])
        self.tape = ipw.HTML().add_class("netlib-tape")
        self.arrivals = ipw.HTML().add_class("netlib-arrivals")
        super().__init__("TCP panel", line, controls, self.tape, self.arrivals)
        self.pump = Pump(self._show)
        self._open()

    def _open(self):
        self.sends, self.receives = Pieces(), Pieces()
        with TCPListener() as listener:
            self._client = TCPConnection.connect(listener.address, timeout=0.5)
            self._server = listener.accept()
        size = self.max_size.value
        self._collector = Collector(self._server, size, self._arrived, grace=GRACE).start()
        self._pause(self.by_hand.value)
        self._show([])

    def _clear(self):
        self.close_sockets()
        self._open()
        self.set_status("A new connection: nothing has been sent.")

    def _set(self, task: dict):
        for name, value in (AS_BEGUN | task).items():
            getattr(self, name).value = value
        self.set_status("Set. Press Send.")

    def _arrived(self, piece):  # kept here: the pump may have to leave some out
        self.receives.add(piece)
        self.pump.put(None)

    def _send(self):
        data = payload_of(self.text.value)
        try:
            for _ in range(self.copies.value):
                self._client.send_all(data)
                self.sends.add(data)
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
        pieces, _ = self.receives.last()
        first = self.receives.count - len(pieces) + 1
        last = list(enumerate(pieces, first))[: -SHOWN - 1 : -1]
        rows = [[str(n), str(len(p)), printable(p)] for n, p in last]
        self.arrivals.value = html_table([["receive", "bytes", "data"], *rows])

    def close_sockets(self) -> str:
        """Collect what has arrived, for a moment, show it, and close both ends."""
        self._collector.stop()
        self.pump.flush()
        self._client.close()
        self._server.close()
        left = self.sends.bytes - self.receives.bytes
        return f"{left} bytes had not been received." if left > 0 else ""


def tape(sends: Pieces, receives: Pieces) -> str:
    """Return the end of a stream as two rows of characters, with a border wherever it was cut."""
    start = max(0, sends.bytes - TAPE)
    rows = [("sends", sends, "sender"), ("receives", receives, "receiver")]
    return "".join(_tape_row(name, pieces, start, color) for name, pieces, color in rows)


def _tape_row(name: str, pieces: Pieces, start: int, color: str) -> str:
    kept, position = pieces.last()
    spans = []
    for piece in kept:
        shown = piece[max(0, start - position) :]
        position += len(piece)
        if shown:
            spans.append(f"<span>{html.escape(_one_each(shown))}</span>")
    more = "…" if start else ""
    return f'<div class="netlib-{color}"><span>{name}</span>{more}{"".join(spans)}</div>'


def _one_each(data: bytes) -> str:
    return "".join(chr(b) if 32 <= b < 127 else "·" for b in data)  # one character for each byte
