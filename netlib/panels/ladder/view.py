"""The picture in the page, as the kernel knows it."""

from pathlib import Path

import anywidget
import traitlets

HERE = Path(__file__).parent
SCRIPTS = "picture.js", "view.js"  # one module to the page


class FlightsView(anywidget.AnyWidget):
    """It is told numbers, and says which arrow was clicked.

    clock: what the page's clock goes by, in one piece, because half of it is another clock: `run`
    (the number of the Start), `now` [s], `speed`, `until` ([s], or None), `over`.
    """

    _esm = "\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)
    _css = (HERE / "view.css").read_text(encoding="utf-8")
    roles = traitlets.List(["sender", "receiver"]).tag(sync=True)
    arrows = traitlets.List().tag(sync=True)
    timers = traitlets.List().tag(sync=True)
    deadlines = traitlets.List([None, None]).tag(sync=True)
    clock = traitlets.Dict().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def begin(self, run: int):
        """Empty the picture for a new run."""
        with self.hold_sync():
            self.arrows, self.timers, self.deadlines = [], [], [None, None]
            self.tick(run, 0.0, (0.0, None), False)

    def tick(self, run: int, now: float, course: tuple[float, float | None], over: bool):
        """Tell the page what time it is [s], and how that goes on: its speed, and until when."""
        speed, until = course
        self.clock = {"run": run, "now": now, "speed": speed, "until": until, "over": over}
