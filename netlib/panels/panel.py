"""What every panel shares: its frame, its controls, and the promise to close what it opened."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

import ipywidgets as ipw

from netlib.panels.page import Page
from netlib.panels.style import STYLE, room

WIDE = {"description_width": "initial"}
GRACE = 0.2  # seconds in which Stop collects what has arrived
UNSEEN = "closed: no page has shown it for some seconds; New panel opens it again"


class Panel:
    """A box of controls around some sockets, stoppable, and replaced when its cell runs again.

    A kind of panel implements `close_sockets` and opens its sockets after `__init__` returns.
    beside: what stands in the title's row.
    """

    running: ClassVar[dict[type, "Panel"]] = {}
    _again: Callable[[], None]

    def __new__(cls, *arguments, **named):
        panel = super().__new__(cls)
        panel._again = lambda: panel.__init__(*arguments, **named)  # type: ignore[misc]
        return panel

    def __init__(self, title: str, *rows: ipw.Widget, beside: Sequence[ipw.Widget] = ()):
        self.title, self.is_open = title, True
        self.status = ipw.HTML().add_class("netlib-status")
        self.page = Page(title, lambda: self.stop(UNSEEN))
        self.stop_button = button("Stop", lambda _: self.stop(), "close the sockets")
        self.new_button = button("New panel", lambda _: self.renew(), "open it anew", main=True)
        self.new_button.layout.display = "none"
        name = ipw.HTML(f"{STYLE}{html.escape(title)}").add_class("netlib-name")
        heading = ipw.HBox([name, self.page, *beside, self.new_button, self.stop_button])
        self.box = ipw.VBox([heading.add_class("netlib-heading"), *rows, self.status])
        self.box.add_class("netlib-panel").add_class(f"netlib-{room()}")
        for control in [self.page, self.new_button, *self._controls()]:
            _keep_in_order(control)
        before = Panel.running.get(type(self))
        if before is not None and before is not self:
            before.stop("replaced by a newer one; run this cell again to use it here")
            before.freeze()
        Panel.running[type(self)] = self

    def if_open(self, action):
        """Return `action` made harmless once the panel has stopped: a press may be on its way."""
        return lambda *arguments: action(*arguments) if self.is_open else None

    def set_status(self, text: str):
        """Show one line of plain text below the controls."""
        self.status.value = html.escape(text)

    def stop(self, why: str = "stopped"):
        """Close the sockets, wait for the threads, disable the controls. Harmless when repeated."""
        if self.is_open:
            self.is_open = self.page.is_open = False
            try:
                remark = self.close_sockets() or ""
            except Exception as failure:  # such as the chat server's: a button has no cell for it
                remark = f"It ended with {failure!r}."
            for control in self._controls():
                control.disabled = True
            self.stop_button.layout.display, self.new_button.layout.display = "none", ""
            self.set_status(f"This panel is {why}. {remark}".strip())

    def renew(self):
        """Open the panel anew in its place, with the arguments of the first time."""
        self.stop()
        before, widgets = vars(self).copy(), list(_below(self.box))
        try:
            self._again()
        except Exception as failure:  # a button has no cell to raise in
            vars(self).update(before)
            return self.set_status(f"Not opened: {failure}")
        before["box"].children, fresh = self.box.children, self.box
        self.box = before["box"]
        _close([*widgets, fresh])

    def close_sockets(self) -> str | None:
        """Release what the panel opened; return what the reader must know about that, if any."""
        raise NotImplementedError

    def freeze(self):
        """Leave one text of what was shown last, and close the widgets: the kernel keeps others."""
        widgets = list(_below(self.box))
        last = "".join(f"<div>{w.value}</div>" for w in widgets if isinstance(w, ipw.HTML))
        self.box.children = [ipw.HTML(last)]
        _close(widgets)

    def _controls(self) -> list[ipw.Widget]:
        controls = [widget for widget in _below(self.box) if hasattr(widget, "disabled")]
        return [widget for widget in controls if widget is not self.new_button]

    def _repr_mimebundle_(self, **kwargs) -> dict:
        bundle = dict(self.box._repr_mimebundle_(**kwargs))
        bundle["text/plain"] = f"{self.title}: live controls; run this cell to use them"
        return bundle


def payload_of(text: str, size: int = 0) -> bytes:
    r"""Return typed text as bytes: UTF-8, with `\xff` for a byte; `size` > 0 repeats or cuts it."""
    encoded = text.encode(errors="replace")  # a page may leave half an emoji, which has no bytes
    payload = re.sub(rb"\\x([0-9a-fA-F]{2})", lambda m: bytes.fromhex(m[1].decode()), encoded)
    return payload if not size else ((payload or b".") * (size // (len(payload) or 1) + 1))[:size]


def button(label: str, action, tooltip: str, *, main: bool = False) -> ipw.Button:
    """Return a button, in the sender's blue if it is what the panel is for (`main`).

    Tests find it by the class `netlib-` and its label's first word.
    """
    widget = ipw.Button(description=label, tooltip=tooltip)
    widget.on_click(action)
    if main:
        widget.add_class("netlib-main")
    return widget.add_class(_class(label))


def fold(label: str, *rows: ipw.Widget) -> ipw.VBox:
    """Return rows that are hidden until the button with this label is pressed."""
    inside = ipw.VBox(rows, layout={"display": "none"})
    press = ipw.ToggleButton(False, description=label, icon="caret-right").add_class("netlib-fold")

    def turn(event):
        inside.layout.display = "" if event["new"] else "none"
        press.icon = "caret-down" if event["new"] else "caret-right"

    press.observe(turn, "value")
    return ipw.VBox([press, inside])


def message_line(send) -> tuple[ipw.Text, ipw.HBox]:
    """Return a text field and the line it stands in; Enter and the Send button both call `send`."""
    text = ipw.Text("hello", description="message", style=WIDE)
    text.add_class("netlib-text").add_class("netlib-wide")
    # the page's own submit event: it comes after the last letter, which a quick click may overtake
    text.on_msg(lambda _, content, __: send() if content.get("event") == "submit" else None)
    sending = button("Send", lambda _: send(), "send it (Enter does so too)", main=True)
    return text, ipw.HBox([text, sending])


def number(label: str, value: int, low: int, high: int, tooltip: str, say) -> ipw.IntText:
    """Return a field for a whole number from `low` to `high`; `say` tells of what was no such."""
    layout = {"width": f"{len(label) // 2 + 6}em"}  # room for the label, six digits, two arrows
    field = ipw.IntText(value, description=label, tooltip=tooltip, layout=layout, style=WIDE)

    def bound(change):  # the field with bounds of its own would do it without a word
        wanted = change["new"]
        if not low <= wanted <= high:
            field.value = min(max(low, wanted), high)
            say(f"{label}: {wanted} is not from {low} to {high}, so it is {field.value}.")

    field.observe(bound, "value")
    return field


def tasks(settings: dict[str, dict], take) -> ipw.Dropdown:
    """Return a choice among the notebook's tasks; `take` is called with the settings of one."""
    menu = ipw.Dropdown(options=["…", *settings], description="try", style=WIDE)
    menu.layout.width = "15em"

    def chosen(change):
        if change["new"] in settings:
            take(settings[change["new"]])
            menu.index = 0  # so that the same can be chosen again

    menu.observe(chosen, "value")
    return menu.add_class("netlib-task")


def toggle(label: str, change) -> ipw.ToggleButton:
    """Return a button that stays down; `change(is_down)` is called at each press."""
    widget = ipw.ToggleButton(False, description=label)
    widget.observe(lambda event: change(event["new"]), "value")
    return widget.add_class("netlib-pause")


def slider(label: str, value: float, high: float, step: float, tooltip: str) -> ipw.FloatSlider:
    """Return a slider from 0 to `high`, or to its value if that is more."""
    bounds = {"min": 0.0, "max": max(high, value), "step": step, "readout_format": ".1f"}
    return ipw.FloatSlider(value, **bounds, **_look(label, tooltip)).add_class(_class(label))


def choice(label: str, options: list[tuple], value, tooltip: str) -> ipw.SelectionSlider:
    """Return a slider over (name, value) pairs."""
    # by index: to ipywidgets, the value None is no choice
    index = [each for _, each in options].index(value)
    widget = ipw.SelectionSlider(options=options, index=index, **_look(label, tooltip))
    return widget.add_class(_class(label))


def in_rows(*rows: list[ipw.Widget]) -> list[ipw.HBox]:
    """Return each list as a row, which becomes two where the page is narrow."""
    return [ipw.HBox(row, layout={"flex_flow": "row wrap"}) for row in rows]


def _look(label: str, tooltip: str) -> dict:
    style, layout = {"description_width": "6.3em"}, {"width": "20em"}
    return {"description": label, "tooltip": tooltip, "style": style, "layout": layout}


def _class(label: str) -> str:
    return "netlib-" + label.split()[0].lower()


def _keep_in_order(control: ipw.Widget):
    """Have the kernel's main thread handle what the page says of a control.

    JupyterLab asks for a second thread (a subshell), and ipykernel 7.4 obeys for some widgets only:
    a click on a button overtakes the text that was typed before it.
    """
    control.comm._reply_subshell_for = lambda content, asked: None


def _close(widgets: list[ipw.Widget]):
    for widget in widgets:
        for part in (widget, widget.layout, getattr(widget, "style", widget)):
            part.close()


def _below(widget: ipw.Widget) -> Iterator[ipw.Widget]:
    for child in getattr(widget, "children", ()):
        yield from _below(child)
        yield child
