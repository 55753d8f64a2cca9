"""The panel in which a reader drops, delays or doubles real datagrams in flight."""

import html
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anywidget
import ipywidgets as ipw
import traitlets

from netlib.endpoint import Endpoint
from netlib.links.link import Link
from netlib.panels.ladder.flights import Flight, Flights
from netlib.panels.ladder.talk import Alarm, LiveTalk, Progress
from netlib.panels.panel import Panel, button, in_rows, slider
from netlib.panels.pump import Pump
from netlib.panels.session import STUCK, End
from netlib.show.ladder.ladder import Ladder
from netlib.show.ladder.pairing import labelled
from netlib.show.style import GREY, LOSS, RECEIVER, SENDER, YELLOW
from netlib.trace import Trace, printable

PER_SECOND = 10.0  # messages to the page, at most; it draws the frames between them by itself
LINES, SHOWN = 8, 20  # of the text twin; timers in the picture
FRAME = 100_000  # bytes on the wire around each datagram
CHOICES = ("drop", "delay", "duplicate")
DONE = {"drop": "dropped", "delay": "delayed", "duplicate": "duplicated"}
COLORS = {"forward": SENDER, "backward": RECEIVER, "wrong": LOSS, "grey": GREY, "chosen": YELLOW}
STYLE = f"""<style>
.netlib-flights {{width: 100%; max-width: 900px; display: block; font: 14px system-ui, sans-serif}}
.netlib-flights:focus-visible {{outline: 3px solid {SENDER}; outline-offset: -3px}}
.netlib-said pre {{margin: 4px 0; line-height: 1.4; white-space: pre; overflow-x: auto}}
</style>"""


class FlightsView(anywidget.AnyWidget):
    """The picture in the page: it is told numbers, and says which arrow was clicked."""

    _esm = (Path(__file__).parent / "view.js").read_text(encoding="utf-8")
    roles = traitlets.List().tag(sync=True)
    colors = traitlets.Dict(COLORS).tag(sync=True)
    arrows = traitlets.List().tag(sync=True)
    timers = traitlets.List().tag(sync=True)
    deadlines = traitlets.List([None, None]).tag(sync=True)
    now = traitlets.Float(0.0).tag(sync=True)
    run = traitlets.Int(0).tag(sync=True)
    running = traitlets.Bool(False).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)


class LadderPanel(Panel):
    """Click a datagram in flight, and the relay drops, delays or duplicates that real one.

    sender, receiver: functions without arguments, each of which makes a fresh Endpoint, at every
    Start. label: a function from a payload to what stands at its arrow ("DATA 3"). delay [s]: one
    way, to begin with. spacing [s]: how long the link transmits each datagram, while the others of
    a window wait. By keyboard: Tab to the picture, the arrow keys choose a datagram, D drops, L
    delays and U duplicates it. After a run, `sender`, `receiver` and `trace` say what came of it.
    """

    def __init__(
        self,
        sender: Callable[[], Endpoint],
        receiver: Callable[[], Endpoint],
        *,
        label: Callable[[bytes], str] | None = None,
        delay: float = 1.5,
        spacing: float = 0.35,
    ):
        _expect_functions(sender=sender, receiver=receiver)
        self._make, self._text = (sender, receiver), partial(labelled, label)
        self.sender: Endpoint | None = None
        self.receiver: Endpoint | None = None
        self.trace, self._ending = Trace(), ""
        self._talk: LiveTalk | None = None
        self._timers: list[list] = []
        self._deadlines: list[float | None] = [None, None]
        self._drawn: tuple | None = None
        self._chosen: tuple[str, int] | None = None
        self._link = _slow(delay, spacing)
        self._flights = Flights(self._link, self._text)
        self.view = FlightsView(roles=["sender", "receiver"])
        self.view.on_msg(self.if_open(lambda _, content, __: self._hear(content)))
        self.start_button = button("Start", self.if_open(lambda _: self._start()), "begin anew")
        self.said = ipw.HTML(STYLE).add_class("netlib-said")
        super().__init__("Ladder panel", *self._rows(delay), self.view, self.said)
        self.pump = Pump(self._show, PER_SECOND)
        self.set_status("Press Start: then click an arrow while it is on its way.")

    def act(self, what: str):
        """Drop, delay or duplicate the chosen datagram, or the last one sent."""
        if what not in CHOICES:
            raise ValueError(f"what must be one of {', '.join(CHOICES)}, got {what!r}")
        flight = self._flights.flying(*self._chosen) if self._chosen else None
        on_the_way = self._flights.on_the_way()
        if flight is None and not on_the_way:
            return self.set_status("Nothing is on its way now.")
        self._tamper(flight or on_the_way[-1], what)

    def close_sockets(self) -> str:
        """End the conversation, its relay and its thread."""
        return self._end("")

    def _rows(self, delay: float) -> list[ipw.HBox]:
        tip = "of the datagrams to come, in both directions"
        self.delay = slider("one-way delay [s]", delay, 5, 0.1, tip)
        self.delay.min = 0.2
        self.delay.observe(lambda _: self._dial(), "value")
        self.click = ipw.ToggleButtons(options=CHOICES).add_class("netlib-click")
        self.click.style.button_width = "7em"
        self.buttons = [self._button(what, key) for what, key in zip(CHOICES, "DLU", strict=True)]
        clicks = [ipw.Label("A click on an arrow will"), self.click]
        presses = [ipw.Label("The chosen datagram, or the last one:"), *self.buttons]
        return in_rows([self.delay, self.start_button], clicks, presses)

    def _button(self, what: str, key: str) -> ipw.Button:
        tip = f"{what} the chosen datagram, or the last one on its way (key {key} in the picture)"
        return button(what.capitalize(), self.if_open(lambda _: self.act(what)), tip)

    def _start(self):
        self._end("")
        try:
            self.sender, self.receiver = ends = self._endpoints()
        except Exception as failure:  # a callback has nobody to raise it to
            return self.set_status(f"{type(failure).__name__}: {failure}")
        self._link = self._link.copy(delay=self.delay.value)
        self._flights, self._chosen = Flights(self._link, self._text), None
        self._timers, self._deadlines = [], [None, None]
        with self.view.hold_sync():  # the page's clock begins anew, too
            self.view.now, self.view.running = 0.0, True
            self.view.run += 1
        self._talk = LiveTalk(ends, self._link, self.pump.put)
        self._talk.session.start()
        self.start_button.description = "Restart"
        self.set_status("The datagrams are on their way: click one.")

    def _endpoints(self) -> tuple[Endpoint, Endpoint]:
        make_sender, make_receiver = self._make
        return _endpoint(make_sender), _endpoint(make_receiver)

    def _dial(self):
        self._flights.dial(self.delay.value)
        if self._talk:
            self._talk.dial(self.delay.value)

    def _hear(self, content: dict):
        """Take what the page says: an arrow was chosen, or something is to be done to it."""
        match content:
            case {"choose": [str() as way, int() as number]}:
                self._chosen = way, number
            case {"act": str() as what, "on": [str() as way, int() as number]}:
                self._chosen, what = (way, number), what or self.click.value
                if what not in CHOICES:
                    return
                if flight := self._flights.flying(way, number):
                    self._tamper(flight, what)
                else:
                    self.set_status("Too late: it has arrived.")

    def _tamper(self, flight: Flight, what: str):
        if self._talk is None:
            return
        seconds = self.delay.value if what == "delay" else 0.0
        done = self._talk.tamper(flight.way, flight.number, what, seconds)
        if done:
            self._flights.tampered(flight, what, self._talk.now(), seconds)
            longer = f" by {seconds:g} s" if seconds else ""
            self.set_status(f"{flight.label} was {DONE[what]}{longer}, by you.")
        else:
            self.set_status(f"Too late: {flight.label} has arrived.")
        self._draw()

    def _show(self, items: list):
        for item in items:
            match item:
                case Alarm(side, at):
                    self._timers.append([side, round(at, 3)])
                case Progress(rows, deadlines):
                    self._deadlines = [d if d is None else round(d, 3) for d in deadlines]
                    for row in rows:
                        self._flights.take(row)
                case End(why):
                    self._ending = why
        self._draw()
        if self._ending and self._talk:
            self._end(self._ending)

    def _draw(self):
        """Tell the page what has changed; the clock goes with it, and at least once a second."""
        drawn = self._flights.newest(), self._timers[-SHOWN:], self._deadlines
        now = self._talk.now() if self._talk else self.view.now
        if drawn == self._drawn and now < self.view.now + 1:
            return
        self._drawn = drawn
        with self.view.hold_sync():
            self.view.arrows, self.view.timers, self.view.deadlines = drawn
            self.view.now = now
        self._write()

    def _write(self):
        trace = self._talk.trace if self._talk else self.trace
        text = Ladder(trace, label=self._text, last=LINES).text() if len(trace) else ""
        self.said.value = f'{STYLE}<pre role="log">{html.escape(text)}</pre>'

    def _end(self, why: str) -> str:
        talk, self._talk = self._talk, None
        remark = ""
        if talk:
            remark = "" if talk.session.stop() else STUCK
            self.trace = talk.trace
            self.pump.flush()
            self.view.running = False
            self._drawn, self._deadlines = None, [None, None]
            self._draw()
            delivered = getattr(self.receiver, "delivered", None)
            what = f" Delivered: {_listed(delivered)}." if isinstance(delivered, list) else ""
            words = f"The conversation is over: {why}.{what} {remark}"
            self.set_status(f"{words.strip()} Press Restart for a new one.")
        self._ending = ""
        return remark


def _expect_functions(**makers: Callable):
    for name, make in makers.items():
        if not callable(make):
            raise TypeError(f"{name} must be a function that makes an Endpoint, got {make!r}")


def _slow(delay: float, spacing: float) -> Link:
    if not spacing:
        return Link(delay)
    return Link(delay, rate=8 * FRAME / spacing, overhead=FRAME)  # hardly more for a longer one


def _endpoint(make: Callable[[], Endpoint]) -> Endpoint:
    endpoint = make()
    if not isinstance(endpoint, Endpoint):
        raise TypeError(f"expected an Endpoint (deadline, receive, wake), got {endpoint!r}")
    return endpoint


def _listed(messages: list) -> str:
    first = (m if isinstance(m, bytes) else repr(m).encode() for m in messages[:10])
    shown = ", ".join(printable(message, 12) for message in first)
    more = f" and {len(messages) - 10} more" if len(messages) > 10 else ""
    return f"{shown or 'nothing'}{more}"
