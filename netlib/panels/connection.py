"""A panel with one connection, step by step: press what either side does, see both its states."""

import asyncio
import contextlib
import select

import ipywidgets as ipw

from netlib.kernel.states import sides, state
from netlib.panels.panel import Panel, button, tasks
from netlib.show.state_diagram import StateDiagram
from netlib.sockets.tcp import TCPConnection, TCPListener
from netlib.trace import Address, html_table, printable

SHOWN = 3  # calls kept on the screen
ACTIONS = {"Send": "5 bytes", "Receive": "at most 5 bytes, without waiting"}
ACTIONS |= {"Half-close": "say that no more will come", "Close": "close the socket"}
SIDES = "client", "server"
TASKS = {  # after Connect
    "half-close, then a send": [
        ("client", "Half-close"), ("server", "Send"), ("client", "Receive"),
    ],
    "server closes, then client": [("server", "Close"), ("client", "Close")],
    "client sends, server closes": [("client", "Send"), ("server", "Close")],
}  # fmt: skip
HELLO = b"hello"
LATER = 0.25  # when to look once more [s]: an ACK may be delayed, on Linux by 40 ms


class ConnectionPanel(Panel):
    """Open one connection, use it and close it from both ends; its real states are lit.

    The calls never wait: what would wait says so.
    """

    def __init__(self):
        self.diagram = ipw.HTML().add_class("netlib-diagram")
        self.calls = ipw.HTML().add_class("netlib-arrivals")
        self.task = tasks(TASKS, self.if_open(self._play))
        left = ipw.VBox([self._first_row(), self._sides(), self.task])
        both = ipw.HBox([left.add_class("netlib-left"), self.diagram])
        super().__init__("Connection panel", both.add_class("netlib-beside"), self.calls)
        self._ends: dict[str, TCPConnection | None] = {"client": None, "server": None}
        self._notes: list[list[str]] = []
        self._clients: list[Address] = []
        self._listener = TCPListener(timeout=0.5)
        self.look()

    def _first_row(self) -> ipw.HBox:
        press = self.if_open(lambda _: self._connect())
        connect = button("Connect", press, "a new connection", main=True)
        look = button("Look again", self.if_open(lambda _: self.look()), "ask the kernel again")
        return ipw.HBox([connect, look])

    def _sides(self) -> ipw.HBox:
        return ipw.HBox([self._column(side) for side in SIDES]).add_class("netlib-sides")

    def _column(self, side: str) -> ipw.VBox:
        name = ipw.Label(side).add_class(f"netlib-is-{side}")
        return ipw.VBox([name, *(self._button(side, action) for action in ACTIONS)])

    def _button(self, side: str, action: str) -> ipw.Button:
        press = self.if_open(lambda _: self._press(side, action))
        return button(action, press, f"{side}: {ACTIONS[action]}").add_class(f"netlib-{side}")

    def _play(self, steps: list[tuple[str, str]]):
        self._connect()
        for side, action in steps:
            self._press(side, action)

    def _connect(self):
        self._close_ends()
        self._notes, address = [], self._listener.address
        try:
            self._ends["client"] = client = TCPConnection.connect(address, timeout=0.5)
            self._ends["server"] = self._listener.accept()
        except OSError as error:  # nobody would see it: a button's action has no cell to raise in
            self._close_ends()
            self._ends = {"client": None, "server": None}
            self._note("client", "connect()", f"{type(error).__name__}: {error}")
            return
        self._clients = [client.local]
        self._note("client", "connect()", "connected; the server has accepted")

    def _press(self, side: str, action: str):
        connection = self._ends[side]
        if connection is None:
            self._note(side, action.lower(), "not connected: press Connect")
            return
        try:
            outcome = self._do(connection, action)
        except OSError as error:
            outcome = f"{type(error).__name__}: {error}"
        self._note(side, action.lower(), outcome)

    def _do(self, connection: TCPConnection, action: str) -> str:
        match action:
            case "Send":
                return f"{connection.send(HELLO)} bytes taken by this kernel"
            case "Receive":
                return self._received(connection)
            case "Half-close":
                connection.send_eof()
                return "FIN queued; receiving goes on"
            case _:
                connection.close()
                return "this program has let the socket go"

    def _received(self, connection: TCPConnection) -> str:
        is_open = connection.fileno() >= 0  # a closed one says so itself
        if is_open and not select.select([connection], [], [], 0)[0]:
            return "nothing yet: it would wait"
        data = connection.receive(len(HELLO))
        return printable(data) if data else "b'': the end of the stream"

    def _note(self, side: str, call: str, outcome: str):
        self._notes.insert(0, [str(len(self._notes) + 1), side, call, outcome])
        self.look()
        with contextlib.suppress(RuntimeError):  # no event loop: in a test
            asyncio.get_running_loop().call_later(LATER, self.if_open(self.look))

    def look(self):
        """Ask the kernel for the states, and show them."""
        states = self._states()
        self.diagram.value = StateDiagram(states)._repr_svg_()
        self.calls.value = html_table([["#", "side", "call", "outcome"], *self._notes[:SHOWN]])
        self.set_status(
            "; ".join(f"{s}: {', '.join(each) or 'none'}" for s, each in states.items())
        )

    def _states(self) -> dict[str, list[str]]:
        try:
            return sides(self._listener.address, self._clients)
        except OSError:  # Linux without /proc: it still tells of the sockets that are held here
            held = {s: [end] if end and end.fileno() >= 0 else [] for s, end in self._ends.items()}
            states = {side: [state(end) for end in ends] for side, ends in held.items()}
            return {side: [s for s in each if s != "unknown"] for side, each in states.items()}

    def _close_ends(self):
        for side, connection in self._ends.items():
            if connection is not None:
                connection.close()
            self._ends[side] = None

    def close_sockets(self):
        """Close both ends and the listener."""
        self._close_ends()
        self._listener.close()
