"""The buttons of the ladder: what the panel is for beside its title, the rest folded."""

from typing import Any, Protocol

import ipywidgets as ipw

from netlib.panels.panel import WIDE, button, in_rows
from netlib.panels.panel import tasks as menu

CHOICES = ("drop", "delay", "duplicate")
SPEEDS = {"× ¼": 0.25, "× 1": 1.0, "× 4": 4.0, "× 16": 16.0}
LONGEST = 5.0  # seconds one way
Tasks = dict[str, dict[str, Any]]
SETTINGS = ("delay", "click", "sender", "receiver")
TASKS: Tasks = {
    "as it began: a click drops": {},
    "a click delays": {"click": "delay"},
    "3 s each way": {"delay": 3.0},
}


class Owner(Protocol):
    """What the controls drive: a LadderPanel."""

    def if_open(self, action): ...
    def start(self): ...
    def pace(self, paused: bool): ...
    def step(self): ...
    def send_new(self): ...
    def act(self, what: str): ...
    def set_task(self, task: dict): ...
    def dial(self, delay: float): ...


class Controls:
    """Make the controls, and wire them to the panel."""

    def __init__(self, panel: Owner, tasks: Tasks, delay: float):
        self._panel = panel
        tip = "one more message for the sender, while the conversation runs"
        self.start = self._button("Start", panel.start, "begin anew, at any moment", main=True)
        self.pause = self._button("Pause", self._turn, "hold all datagrams and timers, or let go")
        self.step = self._button("Step", panel.step, "until the next arrival or timer, then pause")
        self.new = self._button("Send new", panel.send_new, tip)
        self.speed = ipw.Dropdown(options=SPEEDS, value=1.0, **_look("speed", "9em"))
        self.speed.add_class("netlib-speed").observe(self._heard(self._change_speed), "value")
        self.task = menu(TASKS | tasks, panel.if_open(panel.set_task))
        self.click = ipw.ToggleButtons(options=CHOICES).add_class("netlib-click")
        self.delay = ipw.BoundedFloatText(
            delay, min=0.2, max=max(LONGEST, delay), step=0.1, **_look("one-way delay [s]", "13em")
        )
        self.delay.add_class("netlib-delay").observe(self._heard(panel.dial), "value")
        self.presses = [self._act(what, key) for what, key in zip(CHOICES, "DLU", strict=True)]
        self.main = [self.start, self.pause, self.step, self.speed]
        clicks = [ipw.Label("A click will"), self.click]
        (self.row,) = in_rows([*clicks, self.task])
        label = ipw.Label("The chosen datagram, or the last one:")
        self.folded = in_rows([self.delay, self.new], [label, *self.presses])
        self.show(False, False, False)

    def show(self, running: bool, paused: bool, extensible: bool):
        """Name and enable the buttons as the conversation is."""
        if running:
            self.start.description = "Restart"
        self.pause.description = "Resume" if paused else "Pause"
        self.pause.disabled, self.new.disabled = not running, not (running and extensible)

    def _turn(self):
        self._panel.pace(paused=self.pause.description == "Pause")

    def _change_speed(self, _):
        if self.pause.description == "Pause":
            self._panel.pace(paused=False)

    def _button(self, label: str, action, tip: str, *, main: bool = False) -> ipw.Button:
        return button(label, self._panel.if_open(lambda _: action()), tip, main=main)

    def _act(self, what: str, key: str) -> ipw.Button:
        tip = f"{what} the chosen datagram, or the last one on its way (key {key} in the picture)"
        return self._button(what.capitalize(), lambda: self._panel.act(what), tip)

    def _heard(self, action):
        return self._panel.if_open(lambda event: action(event["new"]))


def expect_tasks(tasks: Tasks) -> Tasks:
    """Raise ValueError for a task that sets what is no setting."""
    for name, settings in tasks.items():
        for key in settings:
            if key not in SETTINGS:
                known = ", ".join(SETTINGS)
                raise ValueError(f"a task may set {known}; {name!r} sets {key!r}")
    return tasks


def _look(label: str, width: str) -> dict:
    return {"description": label, "style": WIDE, "layout": {"width": width}}
