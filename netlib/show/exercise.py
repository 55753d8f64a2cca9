"""Exercises that say whether they are solved, and never stop a run of the whole notebook."""

import html
from typing import Any

from IPython.display import display

from netlib.show.style import LOSS, RECEIVER
from netlib.show.within import TimeLimit, within

__all__ = ["exercise", "within"]


class Verdict:
    """What a check found: shown in colour in a notebook, as plain words elsewhere.

    `found`: what the check shows as the reason, with a mark of its own, such as a checker's result.
    """

    def __init__(self, solved: bool, text: str, found: Any = None):
        self.solved, self.text, self.found = solved, text, found

    def __repr__(self) -> str:
        return self.text if self.found is None else f"{self.text}\n{self.found!r}"

    def _repr_html_(self) -> str:
        if self.found is not None:
            return f"<b>{html.escape(self.text)}</b>{self.found._repr_html_()}"
        color, mark = (RECEIVER, "✓") if self.solved else (LOSS, "✗")
        return f'<b style="color:{color}">{mark}</b> {html.escape(self.text)}'


class exercise:
    """Run the assertions of a block; show whether they hold, and if not, why not.

    An error inside the block is caught and shown: a blank exercise is not a broken notebook. The
    block ends after `seconds` at the latest, whatever the answer does (`while True: pass`, a socket
    that waits without a limit, an `await` of what never comes), and the line in which it was
    stopped is shown. Call what can loop or wait inside the block, and give a single call a shorter
    limit with `within`. An interrupt passes through; no thread is left behind.

        with exercise(3, seconds=5):
            echo = within(1, echo_of, b"hello")  # not yet. echo_of(b'hello') did not end within 1 s
            assert echo == b"hello", f"expected b'hello', got {echo!r}"

    The message of an assertion may be an object that can show itself: with `assert result, result`
    a checker's result is shown as the verdict, picture and all, and not a second time below it.
    """

    def __init__(self, number: int | str, *, seconds: float = 20.0):
        self.number, self._limit = number, TimeLimit(seconds)
        self.verdict: Verdict | None = None

    def __enter__(self):
        self._limit.__enter__()
        return self

    def __exit__(self, kind, error, traceback) -> bool:
        stopped = self._limit.__exit__(kind, error, traceback)
        if error is not None and not stopped and not isinstance(error, Exception):
            return False  # an interrupt is the reader's, not the exercise's
        self.verdict = self._verdict(error)
        display(self.verdict)
        return True

    def _verdict(self, error: BaseException | None) -> Verdict:
        not_yet = f"Exercise {self.number}: not yet."
        if self._limit.expired:
            return Verdict(False, f"{not_yet} The check {self._limit.sentence}")
        if error is None:
            return Verdict(True, f"Exercise {self.number}: solved")
        if error.args and hasattr(error.args[0], "_repr_html_"):
            return Verdict(False, not_yet, error.args[0])
        reason = str(error) or "an assertion does not hold yet"
        named = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
        return Verdict(False, f"{not_yet} {named}{reason}")
