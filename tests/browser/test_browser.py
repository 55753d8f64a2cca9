"""The panels in a real browser: what a reader types, clicks and sees."""

import pytest
from playwright.sync_api import expect

from browser.lab import HOSTILE, TIMEOUT, Lab, OpenNotebook, part

pytestmark = pytest.mark.usefixtures("no_complaint")


@pytest.fixture(scope="module")
def udp(lab: Lab) -> OpenNotebook:
    return lab.open("01-*.ipynb")


@pytest.fixture(scope="module")
def tcp(lab: Lab) -> OpenNotebook:
    return lab.open_panel("04-*.ipynb")


@pytest.fixture(scope="module")
def link(lab: Lab) -> OpenNotebook:
    return lab.open_panel("03-*.ipynb")


def test_a_typed_text_and_the_send_button(udp):
    panel = udp.panel()
    part(panel, "text").fill("over the wire")
    part(panel, "send").click()
    expect(part(panel, "arrivals")).to_contain_text("over the wire")


def test_enter_sends_too(udp):
    panel = udp.panel()
    part(panel, "text").fill("sent by Enter")
    part(panel, "text").press("Enter")
    expect(part(panel, "arrivals")).to_contain_text("sent by Enter")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(udp, text):
    panel = udp.panel()
    part(panel, "text").fill(text)
    part(panel, "send").click()
    expect(part(panel, "arrivals")).to_contain_text(text)
    expect(panel.locator("img, script")).to_have_count(0)
    assert udp.page.evaluate("typeof window.pwned") == "undefined"


def test_a_byte_that_is_no_text_arrives_as_one_byte(udp):
    panel = udp.panel()
    part(panel, "text").fill(r"\xff")
    part(panel, "send").click()
    row = part(panel, "arrivals").locator("tbody tr").first
    expect(row).to_contain_text("1" + r"\xff")
    udp.keep_picture()


def test_the_keyboard_alone_reaches_send_and_stop(udp):
    panel, keyboard = udp.panel(run=True), udp.page.keyboard
    part(panel, "text").focus()
    keyboard.insert_text(", by keyboard")
    keyboard.press("Tab")
    expect(part(panel, "send")).to_be_focused()
    keyboard.press("Space")
    expect(part(panel, "arrivals")).to_contain_text(", by keyboard")
    keyboard.press("Shift+Tab")
    keyboard.press("Shift+Tab")
    expect(part(panel, "stop")).to_be_focused()
    keyboard.press("Enter")
    expect(part(panel, "status")).to_contain_text("stopped")


CELLS = "jupyterapp.shell.currentWidget.content.model.cells.length"


def test_no_key_typed_in_a_panel_reaches_the_notebook(udp):
    panel, keyboard = udp.panel(run=True), udp.page.keyboard
    cells = udp.page.evaluate(CELLS)
    for name in ("send", "pause", "stop", "new"):  # the last two go away under the focus
        part(panel, name).click()
        if name in ("stop", "new"):
            expect(panel).to_be_focused()
        for key in ("d", "d", "x", "Shift+Enter"):  # deletes a cell, cuts one, runs one
            keyboard.press(key)
    assert udp.page.evaluate(CELLS) == cells
    expect(part(panel, "send")).to_be_enabled()
    part(panel, "send").click()
    expect(part(panel, "arrivals")).to_contain_text("hello")


def test_a_number_out_of_bounds_is_said_to_be_so(udp):
    panel = udp.panel(run=True)
    copies = panel.get_by_label("copies")
    copies.fill("1000000")
    copies.press("Tab")
    expect(part(panel, "status")).to_contain_text("copies: 1000000 is not from 1 to 5000")
    expect(copies).to_have_value("5000")


@pytest.mark.parametrize("name", ["udp", "tcp"])
def test_stop_disables_and_running_the_cell_again_gives_a_panel_that_works(request, name):
    notebook = request.getfixturevalue(name)
    panel = notebook.panel(run=True)
    part(panel, "stop").click()
    for control in ("text", "send", "stop", "pause"):
        expect(part(panel, control)).to_be_disabled()
    panel = notebook.panel(run=True)
    part(panel, "text").fill("alive again")
    part(panel, "send").click()
    expect(part(panel, "arrivals")).to_contain_text("alive again")


NOTE_THREADS = """
import threading
from netlib.panels.panel import Panel

handled = set()
text, send = next(iter(Panel.running.values())).box.children[1].children[:2]
text.observe(lambda _: handled.add(threading.current_thread().name), "value")
send.on_click(lambda _: handled.add(threading.current_thread().name))
"""


def test_one_thread_handles_all_controls_so_that_no_click_overtakes_the_text(udp):
    panel = udp.panel(run=True)
    udp.ask(NOTE_THREADS)
    for text in ("first", "second"):  # JupyterLab asks for another thread from the second on
        part(panel, "text").fill(text)
        part(panel, "send").click()
        expect(part(panel, "arrivals")).to_contain_text(text)
    assert udp.ask("print(handled)") == "{'MainThread'}\n"


def test_two_sends_come_out_of_one_receive_by_hand(tcp):
    panel = tcp.panel(run=True)
    part(panel, "pause").click()
    for text in ("one, ", "two"):
        part(panel, "text").fill(text)
        part(panel, "send").click()
        expect(part(panel, "tape")).to_contain_text(text)
    part(panel, "receive").click()
    expect(part(panel, "arrivals").locator("tbody tr")).to_have_text(["18one, two"])
    sends, receives = part(panel, "tape").locator("div div").all()
    assert [row.locator("span").all_inner_texts()[1:] for row in (sends, receives)] == [
        ["one, ", "two"],
        ["one, two"],
    ]
    tcp.keep_picture()


def test_a_stream_through_the_link_is_drawn_follows_a_slider_and_stops(link):
    panel = link.panel(run=True)
    part(panel, "start").click()
    live = part(panel, "live")
    expect(live.get_by_role("img")).to_be_visible(timeout=TIMEOUT * 1000)
    expect(live).not_to_contain_text("Lost in both worlds")  # nothing is, as the panel is opened
    part(panel, "loss").get_by_role("slider").press("End")
    expect(live).to_contain_text("Lost in both worlds")


def test_a_preset_rules_until_a_slider_is_moved_by_hand(link):
    panel = link.panel()
    part(panel, "preset").locator("select").select_option("satellite")
    expect(panel).to_contain_text("RFC 2488, section 2")
    expect(part(panel, "delay")).to_contain_text("260.0")
    for label in ("Resume", "Pause"):  # by then the kernel has heard what the page says to it
        part(panel, "start").click()
        expect(part(panel, "start")).to_have_text(label)
    expect(part(panel, "status")).to_contain_text("follows satellite")
    link.keep_picture()
    part(panel, "delay").get_by_role("slider").press("Home")
    expect(part(panel, "status")).to_contain_text("follows the sliders")
    expect(part(panel, "preset").locator("select")).to_have_value("none: the sliders")


def test_a_stopped_stream_cannot_be_started_again(link):
    panel = link.panel()
    part(panel, "stop").click()
    expect(part(panel, "start")).to_be_disabled()


RESTART = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"


def test_after_a_restart_of_the_kernel_a_panel_says_that_it_is_dead(tcp):
    tcp.show()
    panel = tcp.panel(run=True)
    panel.get_by_role("status").wait_for()
    tcp.page.evaluate(RESTART)
    expect(part(panel, "status")).to_have_text(
        "The kernel has restarted or ended: run this cell again."
    )
    part(panel, "send").click(force=True)  # would throw in the page: Cannot send
    panel = tcp.panel(run=True)
    expect(part(panel, "status")).to_have_text("")
    part(panel, "send").click()
    expect(part(panel, "arrivals")).to_contain_text("hello")
