"""Exercises that say whether they are solved, and never stop a run of the whole notebook."""

import html

from IPython.display import display

from netlib.show.style import LOSS, RECEIVER


class Verdict:
    """What a check found: shown in colour in a notebook, as plain words elsewhere."""

    def __init__(self, solved: bool, text: str):
        self.solved, self.text = solved, text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        color, mark = (RECEIVER, "✓") if self.solved else (LOSS, "✗")
        return f'<b style="color:{color}">{mark}</b> {html.escape(self.text)}'


class exercise:
    """Run the assertions of a block; show whether they hold, and if not, why not.

    An error inside the block is caught and shown: a blank exercise is not a broken notebook.
    """

    def __init__(self, number: int | str):
        self.number = number
        self.verdict: Verdict | None = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback) -> bool:
        if error is None:
            self.verdict = Verdict(True, f"Exercise {self.number}: solved")
        elif isinstance(error, Exception):
            message = str(error) or "an assertion does not hold yet"
            name = "" if isinstance(error, AssertionError) else f"{kind.__name__}: "
            self.verdict = Verdict(False, f"Exercise {self.number}: not yet. {name}{message}")
        else:
            return False  # an interrupt is the reader's, not the exercise's
        display(self.verdict)
        return True
