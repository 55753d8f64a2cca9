"""A panel's other half: a page that goes is noticed, one that stays is not mistaken for gone."""

import asyncio
import time

import pytest

from netlib.panels import page, room
from netlib.panels.page import Page
from netlib.panels.panel import Panel
from netlib.panels.slow import SlowPanel
from netlib.panels.style import ROOMS, STYLE, VARIABLE
from netlib.panels.udp import UDPPanel

pytestmark = pytest.mark.usefixtures("nothing_left_open")


@pytest.fixture(autouse=True)
def short_patience(monkeypatch):
    monkeypatch.setattr(page, "PATIENCE", {"here": 0.2, "leaving": 0.2, "hidden": 0.6})
    monkeypatch.setattr(page, "TICK", 0.02)


def until_gone(*words: str, meanwhile=None) -> float:
    """Let a page say these words, and others do something; return how long until it was gone."""

    async def live() -> float:
        gone = asyncio.Event()
        watched, began = Page("a panel", gone.set), time.monotonic()
        for word in words:
            watched.hear(word, "a page")
        if meanwhile:
            await meanwhile(watched)
            assert not gone.is_set()
        await asyncio.wait_for(gone.wait(), 5)
        return time.monotonic() - began

    return asyncio.run(live())


async def say_on(watched: Page):
    for _ in range(20):
        watched.hear("here", "another page")
        await asyncio.sleep(0.02)


async def keep_the_kernel_busy(_: Page):
    for _ in range(2):  # two cells in a row: what the page says waits behind them
        time.sleep(0.15)
        await asyncio.sleep(0)


def test_a_page_that_says_nothing_any_more_is_gone():
    assert 0.2 <= until_gone("here") < 1


def test_a_hidden_page_may_be_silent_for_longer_unless_it_has_said_that_it_leaves():
    assert until_gone("here", "hidden") >= 0.6
    assert until_gone("hidden", "leaving") < 0.6


def test_a_second_page_keeps_the_panel_when_the_first_has_left():
    assert until_gone("leaving", meanwhile=say_on) >= 0.4


def test_silence_does_not_count_while_the_kernel_is_busy():
    assert until_gone("here", meanwhile=keep_the_kernel_busy) >= 0.3 + 0.2


def test_without_a_page_there_is_nothing_to_miss_and_a_strange_word_is_none():
    watched = Page("a panel", lambda: pytest.fail("nobody was there to go"))
    watched.hear("hello", "a stranger")  # would need an event loop if it counted
    assert not watched._is_watching


def test_a_panel_whose_page_has_gone_closes_its_sockets_and_can_be_opened_again():
    async def live():
        panel = UDPPanel()
        panel.page.hear("here", "a page")
        while panel.is_open:
            await asyncio.sleep(0.01)
        assert "no page has shown it" in panel.status.value
        panel.new_button.click()
        assert panel.is_open and Panel.running[UDPPanel] is panel
        panel.stop()

    asyncio.run(asyncio.wait_for(live(), 5))


def test_a_new_panel_in_the_place_of_a_stopped_one_is_a_fresh_one_with_the_same_arguments():
    panel = UDPPanel(receivers=2)
    frame, text = panel.box, panel.text
    panel.copies.value = 7
    panel.stop()
    assert panel.new_button.layout.display == "" and not panel.new_button.disabled
    panel.renew()
    assert panel.box is frame and panel.text is not text and text.comm is None
    assert len(panel._receivers) == 2 and panel.copies.value == 1
    panel.stop()


def test_a_panel_that_cannot_be_opened_anew_says_why(monkeypatch):
    panel = UDPPanel()
    panel.stop()

    def fail():
        raise OSError("no socket is left")

    monkeypatch.setattr("netlib.panels.udp.UDPSender", fail)
    panel.new_button.click()
    assert panel.status.value == "Not opened: no socket is left" and not panel.is_open


def test_a_rooms_size_is_chosen_by_a_call_or_by_the_environment(monkeypatch):
    monkeypatch.setattr("netlib.panels.style._chosen", [])
    monkeypatch.delenv(VARIABLE, raising=False)
    assert room() == "normal"
    monkeypatch.setenv(VARIABLE, "large")
    assert room() == "large"
    panel = SlowPanel()
    assert "netlib-large" in panel.box._dom_classes
    panel.stop()
    assert room("normal") == room() == "normal"
    with pytest.raises(ValueError, match="size must be one of normal, large, got 'huge'"):
        room("huge")


def test_every_size_of_a_room_is_one_number_in_the_style():
    for name, size in ROOMS.items():
        assert f".netlib-{name} {{--netlib-scale: {size:g}}}" in STYLE
