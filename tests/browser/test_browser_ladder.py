"""The live ladder in a real browser: a reader's click or key meets a real datagram in flight."""

import pytest
from playwright.sync_api import Locator, expect

from browser.lab import HOSTILE, Lab, OpenNotebook, part

pytestmark = pytest.mark.usefixtures("no_complaint")


@pytest.fixture(scope="module")
def ladder(lab: Lab) -> OpenNotebook:
    return lab.open_panel("08-*.ipynb")


DROPPED = """
from netlib.panels.ladder import LadderPanel
panel = LadderPanel.running[LadderPanel]
print([event.note for event in panel._talk.trace.only("lost")])
"""


def first_flight(panel: Locator) -> Locator:
    """Start a conversation, and return its first arrow, which is on its way."""
    part(panel, "start").click()
    flight = panel.locator('.netlib-flight[data-way="forward"][data-number="0"]')
    flight.locator("text").wait_for()  # it has left: before, it waits for its turn
    return flight


def test_a_click_on_an_arrow_in_flight_drops_that_real_datagram(ladder):
    panel = ladder.panel(run=True)
    first_flight(panel).click(force=True)  # it moves, and Playwright would wait for it to rest
    expect(part(panel, "status")).to_contain_text("was dropped, by you")
    assert ladder.ask(DROPPED) == "['dropped by hand']\n"
    expect(panel.locator('.netlib-flight[data-way="forward"][data-number="0"]')).to_have_count(0)
    ladder.keep_picture()


def test_the_keyboard_alone_chooses_an_arrow_and_drops_that_datagram(ladder):
    panel, keyboard = ladder.panel(run=True), ladder.page.keyboard
    flight = first_flight(panel)
    part(panel, "duplicate").focus()
    keyboard.press("Tab")
    expect(part(panel, "flights")).to_be_focused()
    keyboard.press("ArrowDown")
    expect(flight).to_have_attribute("aria-selected", "true")
    keyboard.press("d")
    expect(part(panel, "status")).to_contain_text("was dropped, by you")
    assert ladder.ask(DROPPED) == "['dropped by hand']\n"


def test_the_keys_of_the_live_ladder_are_not_the_notebooks(ladder):
    panel = ladder.panel(run=True)
    cells = "jupyterapp.shell.currentWidget.content.model.cells.length"
    before = ladder.page.evaluate(cells)
    part(panel, "flights").focus()
    for key in "ddlu":  # d d deletes a cell of a notebook in command mode
        ladder.page.keyboard.press(key)
    assert ladder.page.evaluate(cells) == before
    part(panel, "stop").click()
    expect(part(panel, "start")).to_be_disabled()


HOSTILE_LABELS = """
from netlib.panels.ladder import LadderPanel
LadderPanel.running[LadderPanel]._text = lambda payload: {text!r}
"""


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_label_is_shown_as_text_at_its_arrow(ladder, text):
    panel = ladder.panel(run=True)
    ladder.ask(HOSTILE_LABELS.format(text=text))
    expect(first_flight(panel).locator("text")).to_have_text(text)
    expect(part(panel, "said")).to_contain_text(text[:20])  # cut to fit its line
    expect(panel.locator("img, script")).to_have_count(0)
    assert ladder.page.evaluate("typeof window.pwned") == "undefined"
