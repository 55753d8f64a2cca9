"""A panel's other half, in the page: it says that it is there, and how wide it is."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets

# seconds of silence until a page counts as gone: a reload is over by then, and a browser lets a
# hidden page speak once a minute
PATIENCE = {"here": 10.0, "leaving": 10.0, "hidden": 150.0}
TICK, LATE = 0.5, 0.1  # seconds between two looks; a later one says that the kernel was busy


class Page(anywidget.AnyWidget):
    """Hear from each page that shows the panel every two seconds; call `gone` when none does.

    Before the first word from a page there is nothing to miss. Silence counts only while the
    kernel is idle: while cells run, what the pages say waits behind them.
    """

    _esm = (Path(__file__).parent / "page.js").read_text(encoding="utf-8")
    title = traitlets.Unicode().tag(sync=True)
    is_open = traitlets.Bool(True).tag(sync=True)
    answers = traitlets.Bool(True).tag(sync=True)  # whether the kernel does; the page's own
    width = traitlets.Int(58).tag(sync=True)  # of the panel, inside, in em

    def __init__(self, title: str, gone: Callable[[], object]):
        super().__init__(title=title)
        self.add_class("netlib-page")
        self._gone, self._is_watching = gone, False
        self._pages: dict[str, tuple[float, float]] = {}  # their patience, their silence [s]
        self.on_msg(lambda _, content, __: self.hear(**content))

    def hear(self, beat: str, page: str = ""):
        """Take note that a page is "here", "hidden" (its browser tab is) or "leaving"."""
        if beat not in PATIENCE or not self.is_open:
            return
        self._pages[page] = PATIENCE[beat], 0.0
        self.send({"heard": beat})
        if not self._is_watching:
            self._is_watching = True
            self._look_soon()

    def _look_soon(self):
        loop = asyncio.get_running_loop()
        loop.call_later(TICK, self._look, loop.time() + TICK)

    def _look(self, due: float):
        is_late = asyncio.get_running_loop().time() > due + LATE
        waits = {
            page: (most, 0.0 if is_late else silence + TICK)
            for page, (most, silence) in self._pages.items()
        }
        self._pages = {
            page: (most, silence) for page, (most, silence) in waits.items() if silence < most
        }
        self._is_watching = self.is_open and bool(self._pages)
        if self._is_watching:
            self._look_soon()
        elif self.is_open:
            self._gone()
