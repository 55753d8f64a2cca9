"""A checker that teaches: it finds the shortest exchange in which a protocol goes wrong."""

import html
from collections.abc import Callable

from netlib.checker.apart import search
from netlib.checker.judge import Finding
from netlib.show.ladder.ladder import Ladder
from netlib.trace import printable

PRINTED = 3  # lines of what the learner's code printed that are shown
HERE = "Checked in this process, in which not everything that waits for ever can be stopped"


class Result:
    """What a check found: true if nothing is wrong; else one sentence, and the ladder of it.

    `kind` is a word for what is wrong ("silence", "twice", ...), `case` the shortest exchange that
    shows it, `trace` what happened in it, `printed` what the code under test printed there.
    """

    def __init__(self, finding: Finding, label: Callable[[bytes], str] | None = None):
        self.ok, self.runs = not finding.kind, finding.runs
        self.sentence = finding.sentence or _praise(finding.runs)
        self.kind, self.case, self.trace = finding.kind, finding.case, finding.trace
        self.printed, self.ladder = finding.printed, None
        self._captions = ["This is how it begins."] if finding.endless else []
        if finding.reason:
            self._captions.append(f"{HERE}: {finding.reason}.")
        if self.trace and self.trace.only("send"):
            self.ladder = Ladder(self.trace, label=label)

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        ladder = [repr(self.ladder)] if self.ladder else []
        return "\n\n".join([self.sentence, *ladder, *self._remarks()])

    def _repr_html_(self) -> str:
        color, mark = ("#009E73", "✓") if self.ok else ("#D55E00", "✗")
        parts = [f'<p><b style="color:{color}">{mark}</b> {html.escape(self.sentence)}</p>']
        if self.ladder:
            parts.append(f'<div style="overflow-x:auto">{self.ladder.html()}</div>')
        parts += [f"<pre>{html.escape(text)}</pre>" for text in self._remarks()]
        return "".join(parts)

    def _remarks(self) -> list[str]:
        lines = [printable(line.encode(errors="replace"), 80) for line in self.printed.splitlines()]
        more = [f"… and {len(lines) - PRINTED} more lines"] if len(lines) > PRINTED else []
        printed = ["\n".join(["It printed:", *lines[:PRINTED], *more])] if lines else []
        return [*self._captions, *printed]


def check(
    sender: Callable,
    receiver: Callable,
    *,
    lose_data: bool = True,
    lose_acks: bool = True,
    duplicate: bool = True,
    reorder: bool = False,
    garbage: bool = True,
    label: Callable[[bytes], str] | None = None,
) -> Result:
    """Try a sender and a receiver over hundreds of bad links, and return the shortest failure.

    sender: a class, or any function, called with a list of messages (bytes) and a timeout [s];
    receiver: called with nothing, and its `delivered` is the list of messages handed over so far.
    Both follow netlib.endpoint.Endpoint. The other arguments say what the links may do; without
    `duplicate` there is no path so slow that timers go off early either, and `garbage` is what a
    stranger sends. The exchanges with the fewest impairments are tried first, all of them up to
    two; a longer, random one that fails is made shorter as long as it still fails in the same way.
    label: a function from a datagram to what the ladder writes at its arrow.
    Runs in a process of its own, and always ends: an exchange has 5 s, all of them a minute.
    """
    shared = ("copied",) * duplicate + ("late",) * reorder
    fates = {
        "sender": ("lost",) * lose_data + shared,
        "receiver": ("lost",) * lose_acks + shared,
    }
    return Result(search(sender, receiver, fates, garbage), label)


def _praise(runs: int) -> str:
    did = "every message was delivered once and in order, and then nobody sent any more"
    return f"Correct in all {runs} exchanges tried: {did}."
