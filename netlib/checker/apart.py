"""A check in a process of its own, which can be stopped whatever the learner's code does.

One fresh Python for all exchanges; cloudpickle carries the classes of a notebook there. It names
each exchange and each call before it begins. An exchange that takes longer than PATIENCE is ended
by faulthandler, from a thread that needs no interpreter, so that a call into C is ended, too; it
says in which line that was. What cannot be carried is checked in place, as far as that can be done.
"""

import faulthandler
import importlib
import io
import linecache
import pickle
import queue
import re
import time
from collections import ChainMap
from collections.abc import Callable, Iterator
from types import CodeType

from netlib.checker import guard
from netlib.checker.cases import Case
from netlib.checker.judge import Finding, Judge
from netlib.child import ENDED, Child
from netlib.show.within import TimeLimit

PATIENCE, LIMIT = 5.0, 60.0  # seconds of one exchange, which takes milliseconds; of the whole check
START = 30.0  # seconds until it begins: what the learner's code refers to may be slow to import
GLANCE = 0.5  # seconds: Windows notices an interrupt only between two waits

Arguments = tuple[dict[str, tuple[str, ...]], bool]  # of Judge.search


class NotCarried(Exception):
    """The learner's code could not be brought into another process; the text says why."""


def search(sender: Callable, receiver: Callable, *arguments: *Arguments) -> Finding:
    """Return what `Judge.search` finds, or in which call it had to be stopped."""
    try:
        return search_apart(sender, receiver, arguments)
    except NotCarried as reason:
        return search_here(sender, receiver, arguments)._replace(reason=str(reason))


def search_here(sender: Callable, receiver: Callable, arguments: Arguments) -> Finding:
    """Return what is found in this process, in which a call into C cannot be stopped."""
    items: list = []

    def progress(item: Case | str):
        items[:] = [item] if isinstance(item, Case) else [*items[:1], item]

    with TimeLimit(LIMIT) as limit:
        return Judge(sender, receiver, progress).search(*arguments)
    return _stopped(items, limit.sentence)


def search_apart(sender: Callable, receiver: Callable, arguments: Arguments) -> Finding:
    """Return what is found in a process of its own. Raises NotCarried if that cannot be."""
    task = _carried(sender, receiver)
    try:
        child = Child(_search_there)
    except OSError as error:
        raise NotCarried(f"no second Python can be started ({error})") from None
    items: list = []  # the last exchange and what is called in it
    ended = False
    try:
        child.send((task, _sources(), PATIENCE, arguments))
        for item in _answers(child):
            if ended := item is ENDED:
                break
            if isinstance(item, NotCarried):
                raise item
            if isinstance(item, bytes):
                return pickle.loads(item)
            items = [item] if isinstance(item, Case) else [*items[:1], item]
    finally:
        child.end()
    if not items:
        raise NotCarried(f"the second Python did not begin ({child.exit_reason})")
    return _stopped(items, _why(child) if ended else f"was the last call in {LIMIT:g} s")


def _answers(child: Child) -> Iterator[object]:
    """Return what comes from the child, until the time of a check is over."""
    end, began = time.monotonic() + START, False
    while time.monotonic() < end:
        try:
            item = child.answers.get(timeout=GLANCE)
        except queue.Empty:
            continue
        if not began:
            end, began = time.monotonic() + LIMIT, True
        yield item


def _stopped(items: list, why: str) -> Finding:
    case, call = items[0], items[-1] if len(items) > 1 else "the check"
    return Finding(0, f"With {case}: {call} {why}.", "busy", case)


def _why(child: Child) -> str:
    if child.errors.startswith("Timeout"):
        return f"does not come to an end: stopped after {PATIENCE:g} s{_line(child.errors)}"
    return f"ended the Python in which it ran ({child.exit_reason})"


def _line(errors: str) -> str:
    """Return in words where in the learner's code the traceback of a faulthandler ends."""
    for thread in errors.split("\n\n"):
        frames = re.findall(r'^  File "(.*)", line (\d+) in (.+)$', thread, re.MULTILINE)
        names = [name for _, _, name in frames]
        if "watched" in names:
            inner = reversed(frames[: names.index("watched")])
            return guard.line_of([(file, int(n)) for file, n, _ in inner if file != guard.__file__])
    return ""


def _carried(sender: Callable, receiver: Callable) -> bytes:
    try:
        pickler = importlib.import_module("cloudpickle").Pickler
    except ImportError:
        raise NotCarried("the package cloudpickle is not installed") from None
    plain = pickler.dispatch_table

    def reduce(code: CodeType) -> tuple:  # cloudpickle leaves out the file, but we show the line
        make, parts = plain[CodeType](code)
        return make, tuple(code.co_filename if part == "<dynamic-code>" else part for part in parts)

    table, buffer = {"dispatch_table": ChainMap({CodeType: reduce}, plain)}, io.BytesIO()
    try:
        type("Pickler", (pickler,), table)(buffer).dump((sender, receiver))
    except Exception as error:  # whatever the objects raise that the code refers to
        raise NotCarried(guard.shown_text(f"{type(error).__name__}: {error}")) from None
    return buffer.getvalue()


def _sources() -> dict[str, tuple]:
    """Return the source of a notebook's cells, which are in no file."""
    return {name: entry for name, entry in linecache.cache.items() if entry[1:2] == (None,)}


def _search_there(request: Callable, answer: Callable):
    task, sources, patience, arguments = request()
    linecache.cache.update(sources)
    try:
        sender, receiver = pickle.loads(task)
    except Exception as error:
        return answer(NotCarried(guard.shown_text(f"{type(error).__name__}: {error}")))

    def progress(item: Case | str):
        if isinstance(item, Case):
            faulthandler.dump_traceback_later(patience, exit=True)
        answer(item)

    finding = Judge(sender, receiver, progress).search(*arguments)
    faulthandler.cancel_dump_traceback_later()
    # the clock of a trace is a lambda
    return answer(importlib.import_module("cloudpickle").dumps(finding))
