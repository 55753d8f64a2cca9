"""All panels on one page: each fits a projector, reads well and bars nobody; pictures are kept."""

import chat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from browser.lab import ARTEFACTS, TIMEOUT, Lab, OpenNotebook, part

pytestmark = pytest.mark.usefixtures("no_complaint")

PANELS = {
    "udp": "UDPPanel(receivers=2)",
    "tcp": "TCPPanel()",
    "connection": "ConnectionPanel()",
    "slow": "SlowPanel()",
    "link": "LinkPanel(loss=0.1, jitter=0.01)",
    "chat": "ChatPanel(asynchronous, name='Ana')",
    "ladder": "LadderPanel(lambda: StopAndWaitSender([b'a'], 5.0), StopAndWaitReceiver)",
}
FRONT = ".jp-NotebookPanel:not(.lm-mod-hidden)"
FITS = 560  # pixels: what JupyterLab leaves of 720 is about 600
SMALLEST = 11  # device pixels of a label
# of each panel: its height, its smallest text, what hangs over its right edge, and the sizes of
# its first button, table and picture text
MEASURE = """() => [...document.querySelectorAll(
  '.jp-NotebookPanel:not(.lm-mod-hidden) .netlib-panel')].map(panel => {
    const size = element => {
      const shape = element.ownerSVGElement && element.getScreenCTM();
      const scale = shape ? Math.hypot(shape.a, shape.b) : 1;
      return parseFloat(getComputedStyle(element).fontSize) * scale;
    };
    const speaks = element => element.tagName !== 'STYLE' && element.getClientRects().length
      && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    const all = [...panel.querySelectorAll('*')], edge = panel.getBoundingClientRect().right + 1;
    const scrolls = element => element.closest('.widget-html-content, .slider-container');
    const first = selector => all.filter(e => e.matches(selector) && speaks(e)).map(size)[0];
    return {
      name: panel.getAttribute('aria-label'), height: panel.offsetHeight,
      smallest: Math.min(...all.filter(speaks).map(size)),
      over: all.filter(e => e.getBoundingClientRect().right > edge && !scrolls(e))
        .map(e => e.className),
      sizes: ['button', 'th', 'svg text'].map(first),
    };
  })"""
RUN = "() => jupyterapp.commands.execute('notebook:run-all-cells')"
PRESENT = "() => jupyterapp.commands.execute('application:toggle-presentation-mode')"
THEME = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# the kernel draws the link's picture anew, as wide as the panel has become: 16 units are one em
FITTED = """() => {
    const live = document.querySelector('.netlib-live .widget-html-content > svg');
    const em = parseFloat(getComputedStyle(live.parentElement).fontSize);
    return Math.abs(live.getScreenCTM().a * 16 / em - 1) < 0.1;
  }"""
SIZE = """
from netlib.panels.panel import Panel
for panel in Panel.running.values():
    panel.box.remove_class("netlib-{before}").add_class("netlib-{after}")
"""


@pytest.fixture(scope="module")
def everything(lab: Lab) -> OpenNotebook:
    """Show every panel, with something in it, in a cell of one notebook."""
    server = "\n".join(cell.source for cell in chat.cells())
    classes = {name: made.split("(")[0] for name, made in PANELS.items()}
    imports = [f"from netlib.panels.{name} import {kind}" for name, kind in classes.items()]
    imports.append("from netlib.protocols import StopAndWaitReceiver, StopAndWaitSender")
    notebook = lab.open_cells("panels", ["\n".join([*imports, server]), *PANELS.values()])
    wide(notebook, 1280)
    notebook.page.evaluate(RUN)
    for name in PANELS:
        use(name, panel_of(notebook, name))
    yield notebook
    lab.page.set_viewport_size({"width": 1280, "height": 900})


def panel_of(notebook: OpenNotebook, name: str) -> Locator:
    return notebook.page.locator(FRONT).get_by_role("group", name=f"{name} panel")


def use(name: str, panel: Locator):
    match name:
        case "udp" | "tcp" | "chat":
            for _ in range(9):
                part(panel, "text").fill("good morning")
                part(panel, "text").press("Enter")
                if name == "chat":
                    expect(part(panel, "text")).to_have_value("")
            expect(part(panel, "arrivals").locator("tbody tr")).to_have_count(8)
        case "connection" | "slow":
            part(panel, "task").locator("select").select_option(index=2)
            table = "arrivals" if name == "connection" else "times"
            expect(part(panel, table).locator("tbody tr").nth(2)).to_be_visible()
        case "ladder":
            part(panel, "start").click()
            expect(part(panel, "flights").get_by_text("timer")).to_be_visible()
            part(panel, "pause").click()
        case "link":
            part(panel, "preset").locator("select").select_option("satellite")
            part(panel, "start").click()
            expect(part(panel, "live")).to_contain_text("99 %", timeout=TIMEOUT * 1000)
            part(panel, "start").click()


def wide(notebook: OpenNotebook, width: int):
    """Make the page so wide, and so high that every panel is drawn."""
    notebook.page.set_viewport_size({"width": width, "height": 5000})


def measured(notebook: OpenNotebook) -> list[dict]:
    notebook.page.evaluate(DRAWN)
    notebook.page.wait_for_function(FITTED)
    panels = notebook.page.evaluate(MEASURE)
    assert [panel["name"].split()[0].lower() for panel in panels] == list(PANELS)
    return panels


def test_in_presentation_mode_every_panel_is_seen_whole(everything):
    everything.page.evaluate(PRESENT)
    try:
        wide(everything, 1280)
        for panel in measured(everything):
            assert panel["height"] <= FITS, panel
            assert panel["smallest"] >= SMALLEST, panel
            assert panel["over"] == [], panel
    finally:
        everything.page.evaluate(PRESENT)


@pytest.mark.parametrize("zoom, width", [(1, 800), (1.25, 1024), (2, 640)])
def test_no_label_is_too_small_and_nothing_hangs_over(everything, zoom, width):
    wide(everything, width)
    for panel in measured(everything):
        assert panel["smallest"] * zoom >= SMALLEST, panel
        assert panel["over"] == [], panel


def test_a_large_room_makes_controls_tables_and_pictures_larger(everything):
    wide(everything, 1280)
    before = measured(everything)
    everything.ask(SIZE.format(before="normal", after="large"))
    front = everything.page.locator(FRONT)
    expect(front.locator(".netlib-large")).to_have_count(len(PANELS))
    try:
        for small, large in zip(before, measured(everything), strict=True):
            *texts, picture = zip(small["sizes"], large["sizes"], strict=True)
            assert all(size is None or larger > 1.25 * size for size, larger in texts), large
            assert picture[0] is None or picture[1] > 1.2 * picture[0], large
    finally:
        everything.ask(SIZE.format(before="large", after="normal"))


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_no_barrier_is_found_and_a_picture_of_each_panel_is_kept(everything, theme):
    wide(everything, 1280)
    everything.page.evaluate(THEME, f"JupyterLab {theme}")
    ground = "() => document.body.dataset.jpThemeLight"
    everything.page.wait_for_function(f"{ground} === '{str(theme == 'Light').lower()}'")
    try:
        found = Axe().run(everything.page, f"{FRONT} .netlib-panel").response["violations"]
        assert [(f["id"], [node["html"] for node in f["nodes"]]) for f in found] == []
        ARTEFACTS.mkdir(exist_ok=True)
        for name in PANELS:
            path = ARTEFACTS / f"{name}-{theme.lower()}.png"
            panel_of(everything, name).screenshot(path=path)
    finally:
        everything.page.evaluate(THEME, "JupyterLab Light")
