"""The thread behind a live panel: it owns the sockets, and what becomes of it is always reported.

A session is over when its work is done, when it fails, when somebody stops it, or when nobody has
touched the panel for a while. Whichever it is, an End is the last thing that it reports.
"""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

PATIENCE = 180.0  # seconds without a touch, after which a session ends by itself
FAREWELL, FORCED = 1.0, 3.0  # seconds that stop waits for the thread; and once it has used force
STUCK = "Its thread does not end: what it runs does not return."


class End(NamedTuple):
    """The session is over, and everything closed; why, in words for the reader."""

    why: str


class Session:
    """Run `work` in a thread, until it returns why it is over.

    `work` opens the sockets and closes them; it asks `over` at every turn. `report` is called from
    the thread with whatever it has to say, and at last with an End. patience: seconds without a
    touch, after which it is over.
    """

    def __init__(
        self,
        work: Callable[[], str],
        report: Callable[[object], object],
        patience: float = PATIENCE,
    ):
        self._work, self._report, self.patience = work, report, patience
        self._stopping, self._abandoned = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="live panel", daemon=True)
        self.touch()

    def start(self):
        """Begin, and return at once. An interrupt in here ends the thread all the same."""
        try:
            self._thread.start()
        except BaseException as failure:
            self.stop()
            self.report(End(f"it could not begin: {failure!r}"))
            raise

    def touch(self):
        """Note that somebody is there: the patience begins anew."""
        self._touched = time.monotonic()

    def over(self, wait: float = 0.0) -> str:
        """Wait so long [s], or until `stop`; return why the work is to end, or ""."""
        if self._stopping.wait(wait):
            return "it was stopped"
        if time.monotonic() > self._touched + self.patience:
            return f"it ended by itself, after {self.patience:g} seconds without a touch"
        return ""

    def report(self, item: object):
        """Hand something to the panel, unless that has given this session up."""
        if not self._abandoned:
            self._report(item)

    def stop(self, force: Callable[[], object] | None = None, farewell: float = FAREWELL) -> bool:
        """End the thread, after `farewell` [s] by `force`; return whether it ended. Idempotent."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(farewell)
        if force and self._thread.is_alive():
            force()
            self._thread.join(FORCED)
        self._abandoned = self._thread.is_alive()
        return not self._abandoned

    def _run(self):
        try:
            why = self.over() or self._work()
        except BaseException as failure:  # nobody joins this thread to hear of it
            why = f"{type(failure).__name__}: {failure}"
        self.report(End(why))
