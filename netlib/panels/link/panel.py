"""The panel that turns a Link's knobs under a running stream, beside the same Link computed."""

import html
from math import isclose
from uuid import uuid4

import ipywidgets as ipw

from netlib.links.link import Link
from netlib.panels.link.plot import Window, key, picture
from netlib.panels.link.presets import PRESETS, SOURCES, preset
from netlib.panels.link.stream import LiveStream
from netlib.panels.panel import WIDE, Panel, button, choice, slider, tasks
from netlib.panels.pump import Pump
from netlib.panels.session import STUCK, End
from netlib.trace import html_table

PER_SECOND = 6.0  # updates of the picture, at most
RATES = (40e3, 50e3, 60e3, 70e3, 76e3, 80e3, 90e3, 100e3, 120e3, 200e3, 500e3, 1e6)  # bits/s
QUEUES = (0, 1, 2, 3, 5, 10, 20, 50)  # datagrams
NO_LIMIT = ("no limit", None)
PLAIN = {"loss": 0.0, "delay": 20.0, "jitter": 0.0, "rate": None, "queue": None}
TASKS = {
    "a load above 1": {"rate": 70e3},
    "a load above 1, a short queue": {"rate": 70e3, "queue": 10},
    "jitter 10 ms": {"delay": 40.0, "jitter": 10.0},
    "jitter 30 ms": {"delay": 40.0, "jitter": 30.0},
    "rate 76, queue 50": {"delay": 40.0, "rate": 76e3, "queue": 50},
    "loss 10 %": {"loss": 10.0},
}


class LinkPanel(Panel):
    """Dial a bad network while a real stream of datagrams runs through it.

    50 datagrams of 200 bytes a second (80 kbit/s) go over loopback through a Relay, a process of
    its own. In grey behind each stands what the same Link says in virtual time. The arguments are
    those of Link, as the sliders begin. Nothing is opened before Start; a stream that nobody has
    touched for three minutes ends by itself. Loss by the coin meets the same datagrams in both
    worlds; when a queue overflows, the two may pick neighbours: the clocks differ by microseconds.

    A preset is a whole link of its own, towards the user: the sliders show it as far as they can,
    and take over once one of them is moved.
    """

    def __init__(
        self,
        loss: float = 0.0,
        delay: float = 0.02,
        jitter: float = 0.0,
        rate: float | None = None,
        queue: int | None = None,
        seed: int = 0,
    ):
        Link(delay, jitter, loss, rate=rate, queue=queue, seed=seed)  # so that a slip is named here
        self.seed, self._ending = seed, ""
        self._stream: LiveStream | None = None
        self._preset: Link | None = None
        self._window = Window()
        self._name = (
            f"live{uuid4().hex}"  # of the marks in its picture: one page shows many kernels
        )
        self._make_sliders(100 * loss, 1000 * delay, 1000 * jitter, rate, queue)
        names = [("none: the sliders", ""), *((name, name) for name in PRESETS)]
        self.preset = ipw.Dropdown(options=names, description="preset", style=WIDE)
        self.preset.layout.width = "17em"
        self.preset.add_class("netlib-preset").observe(lambda _: self._choose(), "value")
        tip, press = "start, pause or resume", self.if_open(lambda _: self._press())
        self.start_button = button("Start", press, tip, main=True)
        self.task = tasks(TASKS, self.if_open(self._set))
        self.source = ipw.HTML().add_class("netlib-source")
        first = ipw.HBox([self.start_button, self.task, self.preset, self.source])
        sliders = ipw.HBox(self.sliders).add_class("netlib-grid")
        self.view = ipw.HTML().add_class("netlib-live")
        super().__init__("Link panel", first, sliders, self.view)
        self.page.observe(lambda _: self._draw(), "width")
        self.pump = Pump(self._show, PER_SECOND)
        self._draw()
        self.set_status("Press Start: then a real stream runs, and each slider acts on it at once.")

    @property
    def link(self) -> Link:
        """A fresh Link: the preset's, or as the sliders stand."""
        if self._preset:
            return self._preset.copy()
        delay, jitter = self.delay.value / 1000, self.jitter.value / 1000
        rate, queue = self.rate.value, self.queue.value
        return Link(delay, jitter, self.loss.value / 100, rate=rate, queue=queue, seed=self.seed)

    @property
    def pid(self) -> int | None:
        """The relay's process, or None."""
        return self._stream.pid if self._stream else None

    def close_sockets(self) -> str:
        """End the stream, its relay and its threads."""
        return self._end("")

    def _make_sliders(self, loss, delay, jitter, rate, queue):
        self.loss = slider("loss [%]", loss, 50, 0.5, "of the datagrams, by the coin")
        self.delay = slider("delay [ms]", delay, 300, 1, "one way")
        self.jitter = slider("jitter [ms]", jitter, 100, 1, "delay ± jitter, all equally likely")
        rates = [(f"{r / 1000:g}", r) for r in sorted({*RATES, rate or RATES[0]})]
        tip = "the stream needs 80 kbit/s"
        self.rate = choice("rate [kbit/s]", [*rates, NO_LIMIT], rate, tip)
        queues = [(str(n), n) for n in sorted({*QUEUES, QUEUES[0] if queue is None else queue})]
        tip = "room to wait for the rate, in packets"
        self.queue = choice("queue [pkt]", [*queues, NO_LIMIT], queue, tip)
        self.sliders = [self.loss, self.delay, self.jitter, self.rate, self.queue]
        for each in self.sliders:
            each.observe(self._moved, "value")

    def _choose(self):
        """Take a preset's own link, and put the sliders as near to it as they go."""
        name, self._preset = self.preset.value, None
        if name:
            link = preset(name, seed=self.seed)
            numbers = (100 * link.loss.p, 1000 * link.delay.mean, 1000 * link.delay.jitter)
            for each, value in zip(self.sliders, (*numbers, link.rate, link.queue), strict=True):
                _put_near(each, value)
            self._preset = link  # only now: what moves a slider ends a preset
        self.source.value = _sources(name) if name else ""
        self.set_status(f"{self._rule()}.")
        self._dial()

    def _set(self, task: dict):
        """Put the sliders as a task of the notebooks wants them, and start."""
        self.preset.value = ""
        for name, value in (PLAIN | task).items():
            each = getattr(self, name)
            if isinstance(each, ipw.FloatSlider):
                each.value = value
            else:  # by index: to ipywidgets, the value None is no choice
                each.index = [number for _, number in each.options].index(value)
        if self._stream is None or self._stream.paused:
            self._press()

    def _rule(self) -> str:
        """Return in words what the stream obeys."""
        if not self._preset:
            return "The stream follows the sliders"
        name = self.preset.value
        return f"The stream follows {name}: the sliders show what they can, and rule once moved"

    def _moved(self, change):
        old, new = change["old"], change["new"]
        if isinstance(new, float) and isinstance(old, float) and isclose(old, new, abs_tol=1e-9):
            return  # the page sends 260 back as 259.99999999999994
        if self._preset:
            self.preset.value = ""
        elif not self.preset.value:  # else it is the preset that moves it
            self._dial()

    def _dial(self):
        if self._stream:
            self._stream.dial(self.link)

    def _press(self):
        if self._stream is None:
            self._window = Window()
            self._stream = LiveStream(self.link, self.pump.put)
            self._stream.session.start()
        else:
            self._stream.pause(not self._stream.paused)
        paused = self._stream.paused
        self.start_button.description = "Resume" if paused else "Pause"
        running = self._rule() if self._preset else "The stream runs: move a slider"
        self.set_status("The stream pauses." if paused else f"{running}.")

    def _show(self, items: list):
        for item in items:
            if isinstance(item, End):
                self._ending = item.why
            else:
                self._window.take(item)
        self._window.forget()
        self._draw()
        if self._ending and self._stream:
            self._end(self._ending)

    def _draw(self):
        words = self._window.comparison()
        if self.pump.left_out:
            words += f" Not counted, while a cell ran: {self.pump.left_out} reports."
        table = html_table(self._window.rows())
        below = f"{table}{html.escape(words)}&nbsp;"
        self.view.value = key() + picture(self._window, self._name, self.page.width) + below

    def _end(self, why: str) -> str:
        stream, self._stream = self._stream, None
        remark = "" if stream is None or stream.stop() else STUCK
        self.pump.flush()
        self._ending = ""
        self.start_button.description = "Start"
        words = f"The stream is over: {why}. {remark}".strip()
        self.set_status(f"{words} Press Start for a new one.")
        return remark


def _sources(name: str) -> str:
    words = html.escape(f"{name}: {PRESETS[name][0]}, in order. {SOURCES[name]}")
    return f"<details><summary>sources</summary>{words}</details>"


def _put_near(widget: ipw.FloatSlider | ipw.SelectionSlider, value: float):
    """Put a slider where it can stand that is nearest; elsewhere, the page would move it there."""
    if isinstance(widget, ipw.FloatSlider):
        widget.value = widget.step * round(value / widget.step)
        return
    distances = [abs((number or 0) - value) for _, number in widget.options[:-1]]  # the last: None
    widget.index = distances.index(min(distances))
