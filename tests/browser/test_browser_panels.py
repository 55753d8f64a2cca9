"""Each other panel in a real browser, once: its cell alone is run, and it does what it is for."""

import pytest
from playwright.sync_api import expect

from browser.lab import Lab, part

pytestmark = pytest.mark.usefixtures("no_complaint")


def test_the_connection_panel_lights_the_state_of_each_end(lab: Lab):
    notebook = lab.open("05-*.ipynb")
    panel = notebook.panel(run=True)
    part(panel, "connect").click()
    expect(part(panel, "diagram")).to_contain_text("client")
    for side in ("server", "client"):
        panel.locator(f".netlib-close.netlib-{side}").click()
    expect(part(panel, "status")).to_contain_text("server: LISTEN, TIME-WAIT")
    notebook.keep_picture()
    part(panel, "stop").click()
    expect(part(panel, "connect")).to_be_disabled()


def test_each_request_of_the_slow_panel_says_where_it_waited(lab: Lab):
    notebook = lab.open("07-*.ipynb")
    panel = notebook.panel(run=True)
    part(panel, "send").click()
    expect(part(panel, "times").locator("tbody tr")).to_have_count(4)
    notebook.keep_picture()
    part(panel, "stop").click()
    expect(part(panel, "send")).to_be_disabled()
