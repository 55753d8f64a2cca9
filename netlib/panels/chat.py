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

from netlib.panels.invitation import LOOPBACK, Invitation, refuse_other_than_ipv4
from netlib.panels.panel import Panel, message_line, payload_of
from netlib.panels.pump import Pump
from netlib.panels.session import End, Session
from netlib.sockets.background import Background
from netlib.sockets.framing import Delimited
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
        invitation = None if join is None else Invitation.parse(join)
        refuse_other_than_ipv4(host)
        self.name = ipw.Text(name or f"guest {next(_guests)}", description="name")
        self.name.layout.width = "16em"
        self.text, line = message_line(self.if_open(self._send))
        self.how, self.lines = ipw.HTML(), ipw.HTML().add_class("netlib-arrivals")
        super().__init__("Chat panel", self.how, self.name, line, self.lines)
        self.pump, self._over = Pump(self._show), ""
        self._recent: deque[str] = deque(maxlen=SHOWN)
        self._server: ChatServer | None = None
        self._opened = ExitStack()
        self._session = Session(self._hear, self.pump.put, patience=inf)
        try:
            self._enter(invitation or self._serve(serve, host))
        except BaseException:
            self.stop("not open: see the error")
            raise
        self._explain(host)

    def _serve(self, serve, host: str) -> Invitation:
        self._server = ChatServer(serve, host)
        self._opened.callback(self._server.close)
        return Invitation(reachable(host), self._server.address[1])

    def _enter(self, invitation: Invitation):
        self.code, self.address = str(invitation), (invitation.host, invitation.port)
        self._connection = TCPConnection.connect(self.address, timeout=PATIENCE)
        for undo in (self._connection.close, self._session.stop, self._connection.interrupt):
            self._opened.callback(undo)  # the last one first
        self._session.start()
        self._say(self.code.encode())
        self._show([])

    def _explain(self, host: str):
        where, port = self.address
        how = f"Code <b style='font-size:1.3em'>{html.escape(self.code)}</b>. Others join with "
        how += f'<code>ChatPanel(join="{self.code}")</code>, or in a terminal with '
        how += f"<code>nc {html.escape(where)} {port}</code> and the code as the first line."
        if self._server is None:
            self.set_status(f"You have joined the chat at {named(self.address)}.")
        elif ipaddress.IPv4Address(host).is_loopback:
            self.set_status("The server listens on loopback: only this machine can reach it.")
        else:
            opened = named(self._server.address)
            self.set_status(
                f"OPEN TO OTHER MACHINES: TCP, {opened}, no encryption, no password, until Stop."
            )
        self.how.value = how

    def _send(self):
        try:
            self._say(payload_of(f"{self.name.value}: {self.text.value}"))
        except (OSError, ValueError) as error:
            self.set_status(f"Not sent: {self._over or error}")
        else:
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
                self._over = f"The chat is over: {item.why}."
                self.set_status(self._over)
                self._connection.close()
            else:
                self._recent.append(item)
        rows = [[line] for line in self._recent]
        self.lines.value = html_table([["what was said (oldest first)"], *rows])

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
