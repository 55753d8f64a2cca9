"""The panel in which people chat: it runs a server of the notebook's, or joins another's."""

import html
import ipaddress
import socket
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from math import inf

import ipywidgets as ipw

from netlib.lab.serving import running
from netlib.panels.invitation import LOOPBACK, Invitation, refuse_other_than_ipv4
from netlib.panels.panel import WIDE, Panel, button, message_line, payload_of
from netlib.panels.pump import Pump
from netlib.panels.session import End, Session
from netlib.sockets.framing import Delimited
from netlib.sockets.tcp import TCPConnection
from netlib.trace import html_table, named, printable

SHOWN, WIDEST = 8, 200  # lines on the screen, characters of one
PATIENCE = 2.0  # seconds to connect, and to send
EVERYWHERE = "0.0.0.0"

Serve = Callable[[socket.socket, socket.socket], object]
_guests = count(1)


class ChatPanel(Panel):
    """Chat with whoever has the code: in another notebook, or with nothing but `nc`.

    `serve(listener, stop)` is a server of lines, whose first line names a room; it runs in a thread
    of this process, on loopback unless `host` says otherwise. Or `join` a chat by its code.
    """

    def __init__(
        self,
        serve: Serve | None = None,
        *,
        join: str | None = None,
        host: str = LOOPBACK,
        name: str = "",
    ):
        if (serve is None) == (join is None):
            raise ValueError("expected either a server to run or a code to join, got both or none")
        refuse_other_than_ipv4(host)
        self.name = ipw.Text(name or f"guest {next(_guests)}", description="name", style=WIDE)
        self.text, line = message_line(self.if_open(self._send))
        self.entry = ipw.Text(join or "", description="code", style=WIDE)
        press = self.if_open(lambda _: self._join())
        self._door = ipw.HBox([self.entry, button("Join", press, "join this chat", main=True)])
        line.children = [self.name, *line.children]
        self.how = ipw.HTML()
        self.lines = ipw.HTML().add_class("netlib-arrivals").add_class("netlib-lines")
        super().__init__("Chat panel", self._door, self.how, line, self.lines)
        self.pump, self._opened = Pump(self._show), ExitStack()
        self._begin()
        if serve is None:
            self._join()
        else:
            self._host(serve, host)

    def _begin(self):
        """Forget the chat before."""
        self._connection: TCPConnection | None = None
        self._recent: deque[str] = deque(maxlen=SHOWN)
        self._over, self._unheard = "you have not joined yet", ""
        self._show([])

    def _host(self, serve: Serve, host: str):
        try:
            self.listens = self._opened.enter_context(running(serve, host=host))
            self._enter(Invitation(reachable(host), self.listens[1]))
        except BaseException:
            self.stop("not open: see the error")
            raise
        if ipaddress.IPv4Address(host).is_loopback:
            words = "The server listens on loopback: only this machine can reach it."
        else:
            opened = named(self.listens)
            words = (
                f"OPEN TO OTHER MACHINES: TCP, {opened}, no encryption, no password, until Stop."
            )
        self.set_status(words)

    def _join(self):
        """Join by the code in the field, or say why that cannot be."""
        try:
            self._opened.close()  # a chat that is over
            self._begin()
            self._enter(Invitation.parse(self.entry.value))
        except (OSError, ValueError) as error:
            self._opened.close()
            self.set_status(
                f"Not joined: {error}. Correct the code, or ask for it, and press Join."
            )
        else:
            self.set_status(f"You have joined the chat at {named(self.address)}.")

    def _enter(self, invitation: Invitation):
        self.code, self.address = str(invitation), (invitation.host, invitation.port)
        self._connection = TCPConnection.connect(self.address, timeout=PATIENCE)
        self._session = Session(self._hear, self.pump.put, patience=inf)
        for undo in (self._connection.close, self._session.stop, self._connection.interrupt):
            self._opened.callback(undo)  # the last one first
        self._session.start()
        self._say(self.code.encode())
        self._over, self._door.layout.display = "", "none"
        self._explain()

    def _explain(self):
        (where, port), code = self.address, html.escape(self.code)
        how = f"Code <span class='netlib-code'>{code}</span> Others join with "
        how += f'<code>ChatPanel(join="{code}")</code>, or in a terminal with '
        how += f"<code>nc {html.escape(where)} {port}</code> and the code as the first line."
        self.how.value = how

    def _send(self):
        try:
            if self._over:
                raise ConnectionError(self._over)
            line = payload_of(f"{self.name.value}: {self.text.value}")
            self._say(line)
        except (OSError, ValueError) as error:
            self.set_status(f"Not sent: {self._over or error}")
        else:
            self._unheard, self._typed = printable(line, WIDEST), self.text.value
            self.text.value = ""

    def _say(self, line: bytes):
        self._connection.send_all(Delimited().encode(line))

    def _hear(self) -> str:
        """Hand over the lines that come, short enough to show; return why no more can come."""
        framer = Delimited()
        while not (why := self._session.over()):
            try:
                data = self._connection.receive()
            except TimeoutError:  # nobody says anything
                continue
            for line in framer.feed(data):
                self._session.report(printable(line.removesuffix(b"\r"), WIDEST))
            if not data:
                return "its server has closed the connection"
        return why

    def _show(self, items: list[str | End]):
        for item in items:
            if isinstance(item, End):
                self._end(item.why)
            else:
                self._recent.append(item)
                self._unheard = "" if item == self._unheard else self._unheard
        rows = [[line] for line in self._recent]
        self.lines.value = html_table([["what was said (oldest first)"], *rows])

    def _end(self, why: str):
        self._over, words = f"The chat is over: {why}.", ""
        if self._unheard:  # the kernel took it, and learnt only then that nobody was there
            words = " Your last line did not come back; it stands in the field again."
            self.text.value = self.text.value or self._typed
        self.set_status(self._over + words)
        self._connection.close()
        if self.entry.value:  # a guest can go to another chat
            self._door.layout.display = ""

    def close_sockets(self):
        """Leave the chat, show what has come, and stop the server if it runs here."""
        try:
            self._opened.close()
        finally:
            self.pump.flush()


def reachable(host: str) -> str:
    """Return the address by which others reach a server that listens at `host`."""
    if host != EVERYWHERE:
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it only looks up the way (RFC 5737)
            return probe.getsockname()[0]
        except OSError:  # there is no way out of here
            return LOOPBACK
