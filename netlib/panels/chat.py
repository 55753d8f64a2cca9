"""The panel in which people chat: it runs a server of the notebook's, or joins another's."""

import contextlib
import html
import ipaddress
import socket
from collections import deque
from collections.abc import Callable
from itertools import count

import ipywidgets as ipw

from netlib.panels.invitation import LOOPBACK, Invitation, refuse_other_than_ipv4
from netlib.panels.panel import Panel, message_line, typed
from netlib.panels.pump import Pump
from netlib.sockets.background import Background, Collector
from netlib.sockets.framing import Delimited, FramingError
from netlib.sockets.tcp import TCPConnection
from netlib.trace import Address, html_table, named, printable

SHOWN, WIDEST = 12, 200  # lines on the screen, characters of one
PATIENCE = 2.0  # seconds to connect, and to send
EVERYWHERE = "0.0.0.0"

Serve = Callable[[socket.socket, socket.socket], object]
_guests = count(1)


class ChatServer:
    """Run `serve(listener, stop)` in a thread until it is closed; `address` is where it listens."""

    def __init__(self, serve: Serve, host: str):
        self._stop, self._bell = socket.socketpair()
        try:
            self._listener = socket.create_server((host, 0))
        except OSError:
            self._stop.close()
            self._bell.close()
            raise
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.address: Address = self._listener.getsockname()
        for sock in (self._stop, self._listener):
            sock.setblocking(False)
        self._background = Background(serve, self._listener, self._stop).start()

    def close(self):
        """Stop the server and wait for it; raise what it raised."""
        self._bell.send(b"!")
        try:
            self._background.join()
        finally:
            for sock in (self._listener, self._stop, self._bell):
                sock.close()


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
        invitation = Invitation.parse(join) if join else None
        refuse_other_than_ipv4(host)
        self.name = ipw.Text(name or f"guest {next(_guests)}", description="name")
        self.name.layout.width = "16em"
        self.text, line = message_line(self.while_open(self._send))
        self.how, self.lines = ipw.HTML(), ipw.HTML().add_class("netlib-arrivals")
        super().__init__("Chat panel", self.how, self.name, line, self.lines)
        self.pump, self._framer, self._recent = Pump(self._show), Delimited(), deque(maxlen=SHOWN)
        self._server = self._connection = self._collector = None
        try:
            if serve is not None:
                self._server = ChatServer(serve, host)
                invitation = Invitation(reachable(host), self._server.address[1])
            self._enter(invitation)
        except BaseException:
            self.stop("not open: see the error")
            raise
        self._explain(host)

    def _enter(self, invitation: Invitation):
        self.code, self.address = str(invitation), (invitation.host, invitation.port)
        self._connection = TCPConnection.connect(self.address, timeout=PATIENCE)
        self._collector = Collector(self._connection, on_arrival=self.pump.put).start()
        self._connection.send_all(self._framer.encode(self.code.encode()))
        self._show([])

    def _explain(self, host: str):
        where, port = self.address
        how = f"Code <b style='font-size:1.3em'>{html.escape(self.code)}</b>. Others join with "
        how += f'<code>ChatPanel(join="{self.code}")</code>, or in a terminal with '
        how += f"<code>nc {html.escape(where)} {port}</code> and the code as the first line."
        if self._server is None:
            self.say(f"You have joined the chat at {named(self.address)}.")
        elif ipaddress.IPv4Address(host).is_loopback:
            self.say("The server listens on loopback: only this machine can reach it.")
        else:
            opened = named(self._server.address)
            self.say(
                f"OPEN TO OTHER MACHINES: TCP, {opened}, no encryption, no password, until Stop."
            )
        self.how.value = how

    def _send(self):
        message = typed(f"{self.name.value}: {self.text.value}")
        try:
            self._connection.send_all(self._framer.encode(message))
        except (OSError, ValueError) as error:
            self.say(f"Not sent: {error}")
        else:
            self.text.value = ""

    def _show(self, pieces: list[bytes]):
        for piece in pieces:
            try:
                self._recent += self._framer.feed(piece)
            except FramingError as error:
                self.say(f"The server sent something else than lines: {error}")
            if piece == b"":
                self.say("The chat is over: its server has closed the connection.")
        rows = [[printable(line, WIDEST)] for line in self._recent]
        self.lines.value = html_table([["what was said (oldest first)"], *rows])

    def close_sockets(self):
        """Leave the chat, show what has come, and stop the server if it runs here."""
        with contextlib.suppress(OSError):  # the server may have gone first, and not politely
            if self._collector:
                self._collector.stop()
        self.pump.flush()
        for owner in filter(None, (self._connection, self._server)):
            owner.close()


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
