"""The panel in which a reader drops, delays or doubles real datagrams in flight."""

import html
from collections.abc import Callable
from functools import partial

import ipywidgets as ipw

from netlib.endpoint import Endpoint
from netlib.panels.ladder.controls import CHOICES, Controls, Tasks, expect_tasks
from netlib.panels.ladder.flights import Flight, Flights
from netlib.panels.ladder.talk import DONE, Alarm, LiveTalk, Progress, slow_link
from netlib.panels.ladder.view import FlightsView
from netlib.panels.panel import Panel, fold
from netlib.panels.pump import Pump
from netlib.panels.session import STUCK, End
from netlib.show.ladder.ladder import Ladder
from netlib.show.ladder.pairing import labelled
from netlib.trace import Trace, printable

PER_SECOND = 10.0  # messages to the page, at most; it draws the frames between them by itself
LINES, SHOWN = 8, 20  # of the text twin; timers in the picture while it runs
FAREWELL = 0.4  # seconds that Stop waits for the thread, which usually ends in 0.1
AFTER = 0.5  # seconds that are seen after the last arrival
BEHIND = 0.3  # seconds by which a copy comes after its datagram, so that each can be clicked
PAST = {"drop": "dropped", "delay": "delayed", "duplicate": "duplicated"}


class LadderPanel(Panel):
    """Click a datagram in flight, and the relay drops, delays or duplicates that real one.

    sender, receiver: functions without arguments, each of which makes a fresh Endpoint, at every
    Start. label: a function from a payload to what stands at its arrow ("DATA 3"). delay [s]: one
    way, to begin with. spacing [s]: how long the link transmits each datagram, while the others of
    a window wait. tasks: more choices under "try": by name, what else than that holds: `delay`,
    `click` (what a click does), `sender`, `receiver`. A sender with a method `add(message)` can be
    given more to send.
    By keyboard: Tab to the picture, the arrow keys choose a datagram, D drops, L delays and U
    duplicates it. After a run, `sender`, `receiver` and `trace` say what came of it.
    """

    def __init__(
        self,
        sender: Callable[[], Endpoint],
        receiver: Callable[[], Endpoint],
        *,
        label: Callable[[bytes], str] | None = None,
        delay: float = 1.5,
        spacing: float = 0.35,
        tasks: Tasks | None = None,
    ):
        _expect_functions(sender=sender, receiver=receiver)
        self._plain = {"sender": sender, "receiver": receiver, "delay": delay, "click": "drop"}
        self._make, self._text = (sender, receiver), partial(labelled, label)
        self.sender: Endpoint | None = None
        self.receiver: Endpoint | None = None
        self.trace, self._ending = Trace(), ""
        self._talk: LiveTalk | None = None
        self._timers: list[list] = []
        self._deadlines: list[float | None] = [None, None]
        self._drawn: tuple | None = None
        self._run, self._now, self._paused, self._new = 0, 0.0, False, 0
        self._chosen: tuple[str, int, int] | None = None
        self._link = slow_link(delay, spacing)
        self._flights = Flights(self._link, self._text)
        self.view = FlightsView()
        self.view.on_msg(self.if_open(lambda _, content, __: self._hear(content)))
        self.said = ipw.HTML().add_class("netlib-said")
        self.controls = Controls(self, expect_tasks(tasks or {}), delay)
        more = fold("More: delay, buttons, text", *self.controls.folded, self.said)
        rows = self.controls.row, self.view, more
        super().__init__("Ladder panel", *rows, beside=self.controls.main)
        self.pump = Pump(self._show, PER_SECOND)
        self.set_status("Press Start: then click an arrow while it is on its way.")

    def start(self, paused: bool = False):
        """End what runs, and begin anew."""
        self._end("")
        try:
            self.sender, self.receiver = ends = _endpoint(self._make[0]), _endpoint(self._make[1])
        except Exception as failure:  # a callback has nobody to raise it to
            return self.set_status(f"{type(failure).__name__}: {failure}")
        self._link = self._link.copy(delay=self.controls.delay.value)
        self._flights, self._chosen = Flights(self._link, self._text), None
        self._timers, self._deadlines, self._drawn, self._new = [], [None, None], None, 0
        self._run, self._now = self._run + 1, 0.0
        self.view.begin(self._run)
        self._talk = LiveTalk(ends, self._link, self.pump.put)
        self.pace(paused)
        self._talk.session.start()
        self.set_status("The datagrams are on their way: click one.")

    def pace(self, paused: bool):
        """Have the conversation stand still, or go on at the chosen speed."""
        self._paused = paused
        if self._talk:
            self._talk.run(0.0 if paused else self.controls.speed.value)
            self._draw()
        self.controls.show(self._talk is not None, paused, hasattr(self.sender, "add"))

    def step(self):
        """Go on until the next datagram leaves the relay or a timer goes off; begin, if need be."""
        if self._talk is None:
            self.start(paused=True)
            return self.set_status("Nothing moves: what was sent lies in the relay.")
        self.pace(paused=True)
        self._talk.step(self.controls.speed.value)

    def send_new(self):
        """Give the sender one more message: a number."""
        if self._talk and hasattr(self.sender, "add"):
            self._new += 1
            self._talk.add(b"%d" % self._new)
            self.set_status(f"The sender has got one more message: {self._new}.")

    def act(self, what: str):
        """Drop, delay or duplicate the chosen datagram, or the last one sent."""
        if what not in CHOICES:
            raise ValueError(f"what must be one of {', '.join(CHOICES)}, got {what!r}")
        flight = self._flights.flying(*self._chosen) if self._chosen else None
        on_the_way = self._flights.on_the_way()
        if flight is None and not on_the_way:
            return self.set_status("Nothing is on its way now.")
        self._tamper(flight or on_the_way[-1], what)

    def set_task(self, task: dict):
        """Set all that a task asks for."""
        settings = self._plain | task
        self._make = settings["sender"], settings["receiver"]
        self.controls.delay.value, self.controls.click.value = settings["delay"], settings["click"]
        start, click = self.controls.start.description, settings["click"]
        self.set_status(f"Set: {settings['delay']:g} s each way, a click will {click}. {start}.")

    def dial(self, delay: float):
        """Change the delay [s] of the datagrams to come."""
        self._flights.dial(delay)
        if self._talk:
            self._talk.dial(delay)

    def close_sockets(self) -> str:
        """End the conversation, its relay and its thread."""
        return self._end("")

    def _hear(self, content: dict):
        """Take what the page says: an arrow was chosen, or something is to be done to it."""
        match content:
            case {"choose": [str() as way, int() as number, int() as copy]}:
                self._chosen = way, number, copy
                if flight := self._flights.find(way, number, copy):
                    self.set_status(flight.told())
            case {"act": str() as what, "on": [str() as way, int() as number, int() as copy]}:
                self._chosen, what = (way, number, copy), what or self.controls.click.value
                if what not in CHOICES:
                    return
                if flight := self._flights.flying(way, number, copy):
                    self._tamper(flight, what)
                else:
                    self.set_status("Too late: it has arrived.")

    def _tamper(self, flight: Flight, what: str):
        if self._talk is None:
            return
        seconds = self.controls.delay.value if what == "delay" else 0.0
        if not self._talk.tamper(flight.name, what, seconds):
            return self.set_status(f"Too late: {flight.label} has arrived.")
        now = self._talk.now()
        if what == "delay":
            flight.reschedule(now, flight.due + seconds)
        elif what == "duplicate":
            copy = self._flights.copied(flight, now)
            if self._talk.tamper(copy.name, "delay", BEHIND):
                copy.reschedule(now, copy.due + BEHIND)
        longer = f" by {seconds:g} s" if seconds else ""
        self.set_status(f"{flight.label} was {PAST[what]}{longer}, by you.")
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
        """Tell the page what has changed; the clock goes with it, and at least once a second.

        While all stands still it is told the whole conversation, to look back.
        """
        talk, still = self._talk, self._talk is None or self._paused
        timers = self._timers if still else self._timers[-SHOWN:]
        course = talk.course if talk else (0.0, None)
        now = self._now = talk.now() if talk else self._now
        drawn = self._flights.drawn(still), timers[:], self._deadlines, course, talk is None
        told = self.view.clock.get("now", 0.0)
        if drawn == self._drawn and now < told + max(1.0, course[0]):
            return
        self._drawn = drawn
        with self.view.hold_sync():
            self.view.arrows, self.view.timers, self.view.deadlines = drawn[:3]
            self.view.tick(self._run, now, course, talk is None)
        trace = talk.trace if talk else self.trace
        text = Ladder(trace, label=self._text, last=LINES).text() if len(trace) else ""
        self.said.value = f'<pre role="log">{html.escape(text)}</pre>'

    def _end(self, why: str) -> str:
        talk, remark = self._talk, ""
        if talk:
            done = self._flights.latest() + AFTER if why == DONE else talk.now()
            self._now = min(talk.now(), done)  # a fast clock went on while nothing happened
            remark = "" if talk.session.stop(farewell=FAREWELL) else STUCK
            self._talk, self.trace = None, talk.trace
            self.pump.flush()
            self._drawn, self._deadlines = None, [None, None]
            self._draw()
            self.controls.show(False, False, False)
            delivered = getattr(self.receiver, "delivered", None)
            what = f" Delivered: {_listed(delivered)}." if isinstance(delivered, list) else ""
            words = f"The conversation is over: {why}.{what} {remark}"
            self.set_status(f"{words.strip()} Click an arrow to read of it.")
        self._ending = ""
        return remark


def _expect_functions(**makers: Callable):
    for name, make in makers.items():
        if not callable(make):
            raise TypeError(f"{name} must be a function that makes an Endpoint, got {make!r}")


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
