"""The panel that turns a Link's knobs under a running stream, beside the same Link computed."""

import html
from itertools import count

import ipywidgets as ipw

from netlib.links.link import Link
from netlib.panels.link.plot import Window, picture
from netlib.panels.link.stream import Ended, LiveStream
from netlib.panels.panel import Panel, button
from netlib.panels.pump import Pump
from netlib.trace import html_table

PER_SECOND = 6.0  # updates of the picture, at most
RATES = (40e3, 50e3, 60e3, 70e3, 76e3, 80e3, 90e3, 100e3, 120e3, 200e3, 500e3, 1e6)  # bits/s
QUEUES = (0, 1, 2, 3, 5, 10, 20, 50)  # datagrams
NO_LIMIT = "no limit"

_numbers = count(1)


class LinkPanel(Panel):
    """Dial a bad network while a real stream of datagrams runs through it.

    50 datagrams of 200 bytes a second (80 kbit/s) go over loopback through a Relay, a process of
    its own. In grey behind each stands what the same Link says in virtual time. The arguments are
    those of Link, as the sliders begin. Nothing is opened before Start; a stream that nobody has
    touched for three minutes ends by itself. Loss by the coin meets the same datagrams in both
    worlds; when a queue overflows, the two may pick neighbours, for their clocks differ by
    microseconds.
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
        self.seed, self._stream, self._ending = seed, None, ""
        self._window, self._name = Window(), f"live{next(_numbers)}"
        self.start_button = button("Start", lambda _: self._press(), "start, pause or resume")
        self._make_sliders(100 * loss, 1000 * delay, 1000 * jitter, rate, queue)
        sliders = ipw.HBox([*self.sliders, self.start_button])
        sliders.layout.flex_flow = "row wrap"
        self.view = ipw.HTML().add_class("netlib-live")
        super().__init__("Link panel", sliders, self.view)
        self.pump = Pump(self._show, PER_SECOND)
        self._draw()
        self.say("Press Start: then a real stream runs, and each slider acts on it at once.")

    @property
    def link(self) -> Link:
        """A fresh Link as the sliders stand."""
        delay, jitter = self.delay.value / 1000, self.jitter.value / 1000
        rate, queue = self.rate.value, self.queue.value
        return Link(delay, jitter, self.loss.value / 100, rate=rate, queue=queue, seed=self.seed)

    @property
    def pid(self) -> int | None:
        """The relay's process, or None."""
        return self._stream.pid if self._stream else None

    def close_sockets(self):
        """End the stream, its relay and its threads."""
        self._end("")

    def _make_sliders(self, loss, delay, jitter, rate, queue):
        self.loss = slider("loss [%]", loss, 50, 0.5, "of the datagrams, by the coin")
        self.delay = slider("delay [ms]", delay, 300, 1, "one way")
        self.jitter = slider("jitter [ms]", jitter, 100, 1, "delay ± jitter, all equally likely")
        rates = {rate: f"{rate / 1000:g}" for rate in sorted({*RATES, rate or RATES[0]})}
        self.rate = choice("rate [kbit/s]", rates, rate, "the stream needs 80 kbit/s")
        queues = {n: str(n) for n in sorted({*QUEUES, QUEUES[0] if queue is None else queue})}
        self.queue = choice("queue [packets]", queues, queue, "room to wait for the rate")
        self.sliders = [self.loss, self.delay, self.jitter, self.rate, self.queue]
        for each in self.sliders:
            each.observe(lambda _: self._dial(), "value")

    def _dial(self):
        if self._stream:
            self._stream.dial(self.link)

    def _press(self):
        if self._stream is None:
            self._window = Window()
            self._stream = LiveStream(self.link, self.pump.put).start()
        else:
            self._stream.pause(not self._stream.paused)
        paused = self._stream.paused
        self.start_button.description = "Resume" if paused else "Pause"
        self.say("The stream pauses." if paused else "The stream runs: move a slider.")

    def _show(self, items: list):
        for item in items:
            if isinstance(item, Ended):
                self._ending = item.why
            else:
                self._window.take(item)
        self._window.forget()
        self._draw()
        if self._ending and self._stream:
            self._end(self._ending)

    def _draw(self):
        table, words = html_table(self._window.rows()), html.escape(self._window.comparison())
        below = f'<div style="font-size:1.2em">{table}{words}&nbsp;</div>'
        self.view.value = picture(self._window, self._name) + below

    def _end(self, why: str):
        stream, self._stream = self._stream, None
        if stream:
            stream.stop()
            self.pump.flush()
        self._ending = ""
        self.start_button.description = "Start"
        self.say(f"The stream is over: {why}. Press Start for a new one.")


def slider(label: str, value: float, high: float, step: float, tooltip: str) -> ipw.FloatSlider:
    """Return a slider from 0 to `high`, or to its value if that is more."""
    bounds = {"min": 0.0, "max": max(high, value), "step": step, "readout_format": ".1f"}
    return ipw.FloatSlider(value, **bounds, **_look(label, tooltip)).add_class(_class(label))


def choice(label: str, names: dict, value: float | None, tooltip: str) -> ipw.SelectionSlider:
    """Return a slider over named values, at whose right end there is no limit: None."""
    options = [*((name, known) for known, name in names.items()), (NO_LIMIT, None)]
    # by index: to ipywidgets, the value None is no choice
    index = [known for _, known in options].index(value)
    made = ipw.SelectionSlider(options=options, index=index, **_look(label, tooltip))
    return made.add_class(_class(label))


def _look(label: str, tooltip: str) -> dict:
    style, layout = {"description_width": "9em"}, {"width": "31em"}
    return {"description": label, "tooltip": tooltip, "style": style, "layout": layout}


def _class(label: str) -> str:
    return "netlib-" + label.split()[0]
