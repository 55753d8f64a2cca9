"""What every panel shares: its frame, its controls, and the promise to close what it opened."""

import html
import re
from typing import ClassVar

import ipywidgets as ipw

STYLE = """<style>
.netlib-panel table {line-height: 1.5; border-spacing: 0}
.netlib-panel th, .netlib-panel td {padding: 0 16px 0 0}
</style>"""


class Panel:
    """A box of controls around some sockets, stoppable, and replaced when its cell runs again.

    A kind of panel implements `close_sockets` and opens its sockets after `__init__` returns.
    """

    running: ClassVar[dict[type, "Panel"]] = {}

    def __init__(self, title: str, *rows: ipw.Widget):
        self.title, self.is_open = title, True
        self.status = ipw.HTML().add_class("netlib-status")
        self.stop_button = button("Stop", lambda _: self.stop(), "close the sockets")
        name = ipw.HTML(f"{STYLE}<b>{html.escape(title)}</b>")
        heading = ipw.HBox([name, self.stop_button])
        heading.layout.justify_content = "space-between"
        self.box = ipw.VBox([heading, *rows, self.status]).add_class("netlib-panel")
        self.box.layout = {"border": "1px solid #999", "padding": "8px"}
        for control in _controls(self.box):
            _keep_in_order(control)
        before = Panel.running.get(type(self))
        if before is not None:
            before.stop("replaced by a newer one; run this cell again to use it here")
        Panel.running[type(self)] = self

    def while_open(self, action):
        """Return `action` made harmless once the panel has stopped: a press may be on its way."""
        return lambda *given: action(*given) if self.is_open else None

    def say(self, text: str):
        """Show one line of plain text below the controls."""
        self.status.value = html.escape(text)

    def stop(self, why: str = "stopped; run the cell again for a new one"):
        """Close the sockets, wait for the threads, disable the controls. Harmless when repeated."""
        if self.is_open:
            self.is_open = False
            self.close_sockets()
            for control in _controls(self.box):
                control.disabled = True
            self.say(f"This panel is {why}.")

    def close_sockets(self):
        """Release what the panel opened."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs) -> dict:
        bundle = dict(self.box._repr_mimebundle_(**kwargs))
        bundle["text/plain"] = f"{self.title}: live controls; run this cell to use them"
        return bundle


def typed(text: str, size: int = 0) -> bytes:
    r"""Return typed text as bytes: UTF-8, with `\xff` for a byte; `size` > 0 repeats or cuts it."""
    encoded = text.encode(errors="replace")  # a page may leave half an emoji, which has no bytes
    payload = re.sub(rb"\\x([0-9a-fA-F]{2})", lambda m: bytes.fromhex(m[1].decode()), encoded)
    return payload if not size else ((payload or b".") * (size // (len(payload) or 1) + 1))[:size]


def button(label: str, action, tooltip: str) -> ipw.Button:
    """Return a button; tests find it by the class `netlib-` and its label's first word."""
    made = ipw.Button(description=label, tooltip=tooltip)
    made.on_click(action)
    return made.add_class("netlib-" + label.split()[0].lower())


def message_line(send) -> tuple[ipw.Text, ipw.HBox]:
    """Return a text field and the line it stands in; Enter and the Send button both call `send`."""
    wide = {"description_width": "initial"}
    text = ipw.Text("hello", description="message", layout={"width": "30em"}, style=wide)
    text.add_class("netlib-text")
    # the page's own submit event: it comes after the last letter, which a quick click may overtake
    text.on_msg(lambda _, content, __: send() if content.get("event") == "submit" else None)
    sending = button("Send", lambda _: send(), "send the message (Enter does it too)")
    return text, ipw.HBox([text, sending])


def number(label: str, value: int, low: int, high: int, tooltip: str) -> ipw.BoundedIntText:
    """Return a field for a whole number between `low` and `high`."""
    wide = {"description_width": "initial"}
    room = {"width": f"{len(label) // 2 + 9}em"}  # for the label, six digits and two arrows
    made = ipw.BoundedIntText(value, min=low, max=high, description=label, layout=room, style=wide)
    made.tooltip = tooltip
    return made


def toggle(label: str, change) -> ipw.ToggleButton:
    """Return a button that stays down; `change(is_down)` is called at each press."""
    made = ipw.ToggleButton(False, description=label)
    made.observe(lambda event: change(event["new"]), "value")
    return made.add_class("netlib-pause")


def _keep_in_order(control: ipw.Widget):
    """Have the kernel's main thread handle what the page says of a control.

    JupyterLab asks for a second thread (a subshell), and ipykernel 7.4 obeys for some widgets only:
    a click on a button overtakes the text that was typed before it.
    """
    control.comm._reply_subshell_for = lambda content, asked: None


def _controls(widget: ipw.Widget):
    for child in getattr(widget, "children", ()):
        yield from _controls(child)
        if hasattr(child, "disabled"):
            yield child
