"""Each other panel in a real browser, once: its cell alone is run, and it does what it is for."""

import pytest
from lab import Lab, part
from playwright.sync_api import expect

pytestmark = pytest.mark.usefixtures("no_complaint")


def test_each_request_of_the_slow_panel_says_where_it_waited(lab: Lab):
    notebook = lab.open("07-*.ipynb")
    panel = notebook.panel(run=True)
    part(panel, "send").click()
    expect(part(panel, "times").locator("tbody tr")).to_have_count(4)
    notebook.keep_picture()
    part(panel, "stop").click()
    expect(part(panel, "send")).to_be_disabled()
