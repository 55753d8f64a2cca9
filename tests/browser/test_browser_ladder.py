"""The live ladder in a real browser: a reader's click or key meets a real datagram in flight."""

import re

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
    dropped = panel.locator('.netlib-flight[data-way="forward"][data-number="0"]')
    expect(dropped).to_have_attribute("aria-label", re.compile("lost on its way"))
    ladder.keep_picture()


def test_the_keyboard_alone_chooses_an_arrow_and_drops_that_datagram(ladder):
    panel, keyboard = ladder.panel(run=True), ladder.page.keyboard
    flight = first_flight(panel)
    part(panel, "task").locator("select").focus()
    keyboard.press("Tab")
    expect(part(panel, "flights")).to_be_focused()
    keyboard.press("ArrowDown")
    expect(flight).to_have_attribute("aria-selected", "true")
    keyboard.press("d")
    expect(part(panel, "status")).to_contain_text("was dropped, by you")
    assert ladder.ask(DROPPED) == "['dropped by hand']\n"


@pytest.mark.parametrize("focused", ["start", "flights"])
def test_the_keys_of_the_live_ladder_are_not_the_notebooks(ladder, focused):
    panel = ladder.panel(run=True)
    cells = "jupyterapp.shell.currentWidget.content.model.cells.length"
    before = ladder.page.evaluate(cells)
    part(panel, "start").click()
    part(panel, focused).focus()
    for key in "ddlub":  # in command mode, d d deletes a cell and b makes one
        ladder.page.keyboard.press(key)
    assert ladder.page.evaluate(cells) == before
    part(panel, "stop").click()
    expect(part(panel, "start")).to_be_disabled()


def test_restart_shows_the_new_run_at_any_moment(ladder):
    panel = ladder.panel(run=True)
    part(panel, "start").click()
    for passed in (r"1\d\.\d s", "over"):
        part(panel, "speed").locator("select").select_option("× 16")
        shown = part(panel, "status" if passed == "over" else "time")
        expect(shown).to_contain_text(re.compile(passed))
        part(panel, "speed").locator("select").select_option("× 1")
        first_flight(panel)
        expect(part(panel, "time")).to_contain_text(re.compile(r"^[0-3]\.\d s$"))
        expect(part(panel, "flights").get_by_text("1 s", exact=True)).to_be_visible()
    part(panel, "stop").click()


def test_paused_the_first_is_killed_and_after_resume_it_alone_is_sent_again(ladder):
    panel = ladder.panel(run=True)
    flight = first_flight(panel)
    part(panel, "pause").click()
    expect(part(panel, "pause")).to_have_text("Resume")
    flight.click(force=True)
    expect(part(panel, "status")).to_contain_text("was dropped, by you")
    part(panel, "speed").locator("select").select_option("× 16")
    part(panel, "pause").click()
    expect(part(panel, "status")).to_contain_text("Delivered: H, E, L, L, O.")
    assert ladder.ask("print(panel.sender.retransmissions)") == "1\n"


def test_the_timer_is_seen_as_it_runs_with_its_deadline_in_the_picture(ladder):
    panel = ladder.panel(run=True)
    first_flight(panel)
    frame = part(panel, "flights").bounding_box()
    clock = panel.locator(".netlib-flights circle").bounding_box()
    assert frame["y"] < clock["y"] < frame["y"] + frame["height"] - clock["height"]
    expect(part(panel, "flights").get_by_text(re.compile(r"^timer [0-4]\.\d s$"))).to_be_visible()


def test_after_the_run_any_time_can_be_seen_again_and_each_datagram_is_told(ladder):
    panel = ladder.panel(run=True)
    part(panel, "speed").locator("select").select_option("× 16")
    part(panel, "start").click()
    expect(part(panel, "status")).to_contain_text("is over")
    first = panel.locator('.netlib-flight[data-way="forward"][data-number="0"]')
    expect(first).to_have_count(0)  # scrolled out of sight
    slider = part(panel, "time").get_by_role("slider")
    slider.press("Home")
    for _ in range(20):
        slider.press("ArrowRight")
    expect(part(panel, "time")).to_contain_text(re.compile(r"^1\.0 s of \d\d\.\d s$"))
    first.click(force=True)
    expect(part(panel, "status")).to_contain_text("DATA 0 'H': datagram 0 to the receiver, 4 bytes")
    part(panel, "flights").press("End")
    part(panel, "flights").press("ArrowUp")
    expect(part(panel, "status")).to_contain_text("to the")
    ladder.keep_picture()


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
