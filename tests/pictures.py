"""Take the still pictures of the panels, for readers without a kernel: python tests/pictures.py

GitHub, a page made by nbconvert and a notebook that is not trusted show no widgets. They show what
is stored beside the widget in the output of its cell: here a picture of it in use, taken in a real
browser from the notebook itself. It lies in notebooks/images, too, for the README and the prose.
Run this last: a notebook that runs anew loses them. Numbers of notebooks (08 09) take only theirs.

Each stored figure also gets the words that stand folded below it as its `alt`; and the README a
figure from the outputs of a notebook.
"""

import base64
import html
import json
import re
import sys
from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from browser.lab import ASK, OPEN, RUN_ALL, SHOW_CELL, Lab, part, running_lab
from kernels import NOTEBOOKS
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from netlib.show.stills import small

IMAGES, LARGEST = NOTEBOOKS / "images", 80_000  # bytes
WIDGET, PNG = "application/vnd.jupyter.widget-view+json", "image/png"
DESCRIPTION = re.compile(r"<summary>Description of the figure</summary>(.*?)</details>", re.S)
FIGURE = "09", 'xlabel="loss p"', "efficiency.png"  # the README's: notebook, words in its cell
IN_FRONT = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell.jp-mod-active .jp-OutputArea"
CLOSE = """async () => {
    const notebook = jupyterapp.shell.currentWidget;
    await notebook.sessionContext.shutdown();
    notebook.dispose();
}"""


class Scene(NamedTuple):
    """A panel in use: its notebook, its picture's name, a description, and what a reader does."""

    notebook: str
    name: str
    words: str
    play: Callable[[Locator, Page], object]

    @property
    def path(self) -> Path:
        (path,) = NOTEBOOKS.glob(f"{self.notebook}-*.ipynb")
        return path


def slide(panel: Locator, page: Page):
    slider = panel.get_by_role("slider")
    for _ in range(3):
        slider.press("PageUp")
    expect(panel).to_contain_text("µs")


def send(panel: Locator, text: str, *, seen: str = "arrivals"):
    part(panel, "text").fill(text)
    part(panel, "send").click()
    expect(part(panel, seen)).to_contain_text(text[:3])


def cut(panel: Locator, page: Page):
    send(panel, "hello")
    send(panel, "over loopback")
    page.evaluate(ASK, "panel.max_size.value = 3")
    send(panel, "cut after three bytes")
    expect(part(panel, "arrivals")).to_contain_text("truncated")


def stream(panel: Locator, page: Page):
    part(panel, "start").click()
    part(panel, "live").get_by_role("img").wait_for()
    page.wait_for_timeout(10_000)  # as many seconds as its picture shows


def glue(panel: Locator, page: Page):
    part(panel, "pause").click()
    for text in ("one, ", "two"):
        send(panel, text, seen="tape")
    part(panel, "receive").click()
    expect(part(panel, "arrivals")).to_contain_text("one, two")
    send(panel, "three", seen="tape")


def close(panel: Locator, page: Page):
    part(panel, "connect").click()
    expect(part(panel, "diagram")).to_contain_text("client")
    panel.locator(".netlib-close.netlib-client").click()
    expect(part(panel, "status")).to_contain_text("FIN-WAIT-2")


def chat(panel: Locator, page: Page):
    for text in ("good morning", "is anybody here?"):
        send(panel, text)


def request(panel: Locator, page: Page):
    part(panel, "send").click()
    expect(part(panel, "times").locator("tbody tr")).to_have_count(4)


def talk(panel: Locator, page: Page):
    part(panel, "start").click()
    page.wait_for_timeout(8_000)  # the first answer is back, and the second message on its way


def kill(panel: Locator, page: Page):
    part(panel, "start").click()
    flight = panel.locator('.netlib-flight[data-way="forward"][data-number="3"]')
    flight.locator("text").wait_for()
    flight.click(force=True)  # it moves, and Playwright would wait for it to rest
    page.wait_for_timeout(4_000)  # three ACKs that say the same are back, and it was sent again


SCENES = [
    Scene("00", "slider.png", "A slider for the size, and the time of one round trip.", slide),
    Scene("01", "udp-cut.png", "The UDP panel: three messages, the last cut to 3 bytes.", cut),
    Scene("02", "link-panel.png", "The link panel: real delays on grey virtual ones.", stream),
    Scene("03", "link-delays.png", "The link panel: delays of 40 ± 10 ms, over time.", stream),
    Scene("04", "tcp-panel.png", "The TCP panel: two sends came out of one receive.", glue),
    Scene("05", "connection-panel.png", "The connection panel: the client has closed.", close),
    Scene("06", "chat-panel.png", "The chat panel: two lines, and who said them.", chat),
    Scene("07", "slow-panel.png", "The slow panel: where four requests have waited.", request),
    Scene("08", "ladder-panel.png", "The live ladder: a message on its way.", talk),
    Scene("09", "window-panel.png", "The live ladder: a window of four on its way.", talk),
    Scene("10", "segments-panel.png", "The live ladder: ten segments, one was dropped.", kill),
]


def main(*chosen: str):
    """Take all pictures, or those of the notebooks chosen."""
    with running_lab(scale=2) as lab:
        lab.page.set_viewport_size({"width": 1280, "height": 1400})  # higher than any panel
        for scene in SCENES:
            if not chosen or scene.notebook in chosen:
                picture = taken(lab, scene)
                (IMAGES / scene.name).write_bytes(picture)
                change(scene.path, lambda cells: store(cells, picture, scene.words))  # noqa: B023
    for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        change(path, describe)
    if not chosen or FIGURE[0] in chosen:
        (IMAGES / FIGURE[-1]).write_bytes(figure(*FIGURE[:2]))


def taken(lab: Lab, scene: Scene) -> bytes:
    """Run a notebook in the browser, use its panel, and return a picture of twice its size."""
    cells = json.loads(scene.path.read_text(encoding="utf-8"))["cells"]
    place = next(n for n, cell in enumerate(cells) if outputs([cell], WIDGET))
    lab.page.evaluate(OPEN, [scene.path.name, None])
    if problems := lab.page.evaluate(RUN_ALL):
        raise RuntimeError(f"{scene.path.name} did not run: {problems}")
    lab.page.evaluate(SHOW_CELL, place)
    panel = lab.page.locator(f"{IN_FRONT} .jupyter-widgets").first
    scene.play(panel, lab.page)
    picture = panel.screenshot()
    lab.page.evaluate(CLOSE)
    return shrunk(picture)


def shrunk(picture: bytes) -> bytes:
    """Return a picture with as many colours as its size allows."""
    image, colors = Image.open(BytesIO(picture)).convert("RGBA"), 256
    while len(few := small(image, colors)) > LARGEST:
        colors //= 2
    return few


def change(path: Path, act: Callable[[list[dict]], object]):
    """Have `act` change a notebook's cells, and write it as it was read but for that."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    act(notebook["cells"])
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def store(cells: list[dict], picture: bytes, words: str):
    """Put a picture beside each widget among the outputs, at half its size, with words for it."""
    width, height = Image.open(BytesIO(picture)).size
    look = {"alt": words, "height": height // 2, "width": width // 2}
    for output in outputs(cells, WIDGET):
        written = base64.b64encode(picture).decode()
        output["data"] = dict(sorted({**output["data"], PNG: written}.items()))
        output["metadata"] = {**output["metadata"], PNG: look}


def describe(cells: list[dict]):
    """Give each picture the words that stand folded below it, unless it has some of its own."""
    for cell, below in pairwise(cells):
        if found := DESCRIPTION.search("".join(below["source"])):
            words = html.unescape(re.sub("<[^>]+>", "", found[1])).strip()
            for output in outputs([cell], PNG):
                look = {"alt": words, **output["metadata"].get(PNG, {})}
                output["metadata"][PNG] = dict(sorted(look.items()))


def outputs(cells: list[dict], kind: str) -> list[dict]:
    """Return the outputs of some cells that hold this kind of data."""
    every = [output for cell in cells for output in cell.get("outputs", [])]
    return [output for output in every if kind in output.get("data", {})]


def figure(number: str, words: str) -> bytes:
    """Return the stored picture of the cell of a notebook that has these words in its source."""
    (path,) = NOTEBOOKS.glob(f"{number}-*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    (cell,) = (c for c in cells if c["cell_type"] == "code" and words in "".join(c["source"]))
    return shrunk(base64.b64decode(outputs([cell], PNG)[0]["data"][PNG]))


if __name__ == "__main__":
    main(*sys.argv[1:])
