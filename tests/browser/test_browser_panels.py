"""Each other panel in a real browser, once: its cell alone is run, and it does what it is for."""

import chat
import pytest
from playwright.sync_api import expect

from browser.lab import ASK, HOSTILE, Lab, part

pytestmark = pytest.mark.usefixtures("no_complaint")


def test_the_connection_panel_lights_the_state_of_each_end(lab: Lab):
    notebook = lab.open_panel("05-*.ipynb")
    panel = notebook.panel(run=True)
    part(panel, "connect").click()
    expect(part(panel, "diagram")).to_contain_text("client")
    for side in ("server", "client"):
        panel.locator(f".netlib-close.netlib-{side}").click()
    expect(part(panel, "status")).to_contain_text("server: LISTEN, TIME-WAIT")
    notebook.keep_picture()
    part(panel, "stop").click()
    expect(part(panel, "connect")).to_be_disabled()


STRANGER = """
import socket
from netlib.panels.chat import ChatPanel
panel = ChatPanel.running[ChatPanel]
with socket.create_connection(panel.address) as stranger:
    stranger.sendall((panel.code + "\\n" + {text!r} + "\\n").encode())
"""


def test_a_chat_is_heard_and_what_a_stranger_says_is_shown_as_text(lab: Lab):
    notebook = lab.open_panel("06-*.ipynb")
    notebook.ask("\n".join(cell.source for cell in chat.cells()))
    panel = notebook.panel(run=True)
    part(panel, "text").fill("good morning")
    part(panel, "send").click()
    expect(part(panel, "arrivals")).to_contain_text("good morning")
    for text in HOSTILE:
        notebook.ask(STRANGER.format(text=text))
        expect(part(panel, "arrivals")).to_contain_text(text)
    expect(panel.locator("img, script")).to_have_count(0)
    notebook.keep_picture()
    part(panel, "stop").click()
    expect(part(panel, "send")).to_be_disabled()


def test_each_request_of_the_slow_panel_says_where_it_waited(lab: Lab):
    notebook = lab.open_panel("07-*.ipynb")
    panel = notebook.panel(run=True)
    part(panel, "send").click()
    expect(part(panel, "times").locator("tbody tr")).to_have_count(4)
    notebook.keep_picture()
    part(panel, "stop").click()
    expect(part(panel, "send")).to_be_disabled()


SHORT = """
from netlib.panels import page
page.PATIENCE = dict.fromkeys(page.PATIENCE, 3.0)
"""
CLOSE = """() => {
    const widget = jupyterapp.shell.currentWidget;
    widget.context.model.dirty = false;
    widget.close();
}"""
CLOSED = """
from netlib.panels.udp import UDPPanel
print(not UDPPanel.running[UDPPanel].is_open)
"""


def test_a_panel_whose_notebook_is_closed_closes_its_sockets(lab: Lab):
    beside = lab.open_panel("07-*.ipynb")
    notebook = lab.open_panel("01-*.ipynb")
    notebook.ask(SHORT)
    notebook.panel(run=True)
    notebook.page.evaluate(CLOSE)
    notebook.page.wait_for_function(f"async () => (await ({ASK})({CLOSED!r})).includes('True')")
    assert beside.page.title().startswith("panel-of-07")
