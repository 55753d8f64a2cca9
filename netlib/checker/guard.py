"""A guard around a learner's endpoint: it holds it to the contract, and says what it breaks.

Two nets are here, and the third is in netlib.checker.apart. A call ends after so many lines of
Python; it ends at the first use of a clock, a socket or anything that waits, none of which an
endpoint needs: it takes its time as an argument. What these two miss (a loop on one line, a long
call into C, a lock taken twice) is ended by the deadline of the process in which all this runs.
"""

import dis
import linecache
import os
import re
import reprlib
import sys
import threading
from collections.abc import Callable
from math import inf, isnan
from numbers import Real
from types import (
    BuiltinFunctionType,
    CodeType,
    FrameType,
    FunctionType,
    GeneratorType,
    ModuleType,
    TracebackType,
)
from typing import Any, Protocol

from netlib.show import within

LINES = 20_000  # that one call may execute: a window of 1000 messages takes less
CLOCKS: dict[str, set[str] | None] = {"time": None, "datetime": {"now", "today", "utcnow"}}
# None: all that is in the module
WAITS: dict[str, set[str] | None] = {
    "time": {"sleep"},
    "_socket": None,
    "socket": None,
    "select": None,
    "_thread": {"start_new_thread", "start_joinable_thread"},
    "_queue": {"get"},
    "_posixsubprocess": None,
    "_winapi": {"CreateProcess", "WaitForSingleObject"},
    "builtins": {"input"},
    os.name if os.name == "nt" else "posix": {"read", "system", "fork", "wait", "waitpid"},
}

_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 80
_REPR.maxlist = _REPR.maxtuple = 12


class Fault(Exception):
    """What a learner's endpoint did wrong: `kind` for comparing, the text for reading."""

    def __init__(self, kind: str, text: str):
        super().__init__(kind, text)
        self.kind, self.text = kind, text

    def __str__(self) -> str:
        return self.text


class Overrun(BaseException):  # so that no `except Exception` in the learner's loop catches it
    """A call has executed more lines than any honest one."""


class Forbidden(BaseException):
    """A call has used what an endpoint must not know of; the text names it."""


class Log(Protocol):
    """What a guard asks of the exchange in which its endpoint takes part."""

    @property
    def done(self) -> bool: ...
    def attempt(self, call: str, function: Callable, *arguments: object) -> Any: ...
    def note(self, fault: Fault): ...
    def answered(self, guard: "Guard", call: str, answers: list[bytes]): ...


class Guard:
    """An endpoint that passes everything on to a learner's, and tells the exchange of each call.

    Once the exchange is done, it neither sends nor has a deadline. Raises Fault if the object has
    no deadline to begin with.
    """

    def __init__(self, endpoint: object, place: str, exchange: Log):
        self.endpoint, self.place, self._exchange = endpoint, place, exchange
        self._deadline = self._read_deadline()

    @property
    def deadline(self) -> float | None:
        return None if self._exchange.done else self._deadline

    def wake(self, now: float) -> list[bytes]:
        return self._call("wake", now, f"now={now:.6g}", now)

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        return self._call("receive", now, f"{shown(datagram)}, now={now:.6g}", datagram, now)

    def read(self, name: str) -> Any:
        """Return an attribute of the learner's object. Raises Fault if it has none."""
        missing = object()
        if _is_plain(self.endpoint, name):
            value = getattr(self.endpoint, name, missing)
        else:
            call = f"the {self.place}'s {name}"
            value = self._exchange.attempt(call, getattr, self.endpoint, name, missing)
        if value is missing:
            raise Fault("attribute", f"the {self.place} has no attribute {name!r}")
        return value

    def _call(self, name: str, now: float, text: str, *arguments) -> list[bytes]:
        if self._exchange.done:
            return []
        call = f"the {self.place}'s {name}({text})"
        try:
            answers = self._exchange.attempt(call, self.read(name), *arguments)
            check_datagrams(call, answers)
            self._deadline = self._read_deadline(now, call, woken=name == "wake")
            self._exchange.answered(self, name, answers)
        except Fault as fault:
            self._exchange.note(fault)
            return []
        return [] if self._exchange.done else list(answers)

    def _read_deadline(self, now: float = 0.0, call: str = "", *, woken=False) -> float | None:
        deadline = self.read("deadline")
        if deadline is None:
            return None
        if not isinstance(deadline, Real) or isinstance(deadline, bool) or isnan(deadline):
            expected = f"the {self.place}'s deadline must be a time in seconds or None"
            raise Fault("type", f"{expected}, got {shown(deadline)}")
        if call and (deadline < now or (woken and deadline == now)):
            left = f"{call} left the deadline at {deadline:.6g}"
            want = "a time that is still to come, such as now + timeout, or None"
            raise Fault("deadline", f"{left}, so it would be woken again at once; expected {want}")
        return None if deadline == inf else float(deadline)


def attempt(call: str, function: Callable, *arguments) -> Any:
    """Call a learner's function under watch. Raises Fault for whatever it raises or overdoes."""
    try:
        return watched(function, *arguments)
    except Overrun as error:
        busy = f"{call} does not come to an end: stopped after {LINES} lines"
        raise Fault("busy", busy + _line(error.__traceback__)) from None
    except Forbidden as error:
        rule = "an endpoint has no clock and no socket, and never waits: its time is `now`"
        raise Fault(
            "forbidden", f"{call} calls {error}{_line(error.__traceback__)}; {rule}"
        ) from None
    except (Exception, SystemExit) as error:
        text = shown_text(str(error))
        raised = f"{call} raised {type(error).__name__}{text and f': {text}'}"
        raise Fault("exception", raised + _line(error.__traceback__)) from None


def watched(function: Callable, *arguments) -> object:
    """Call a function; raise Overrun or Forbidden in the midst of it, and also after it has
    caught that. A debugger or a coverage tool that traces has its place back afterwards.
    """
    watch, before = _Watch(sys._getframe()), (sys.gettrace(), sys.getprofile())
    sys.setprofile(watch.profile)
    sys.settrace(watch.trace)
    try:
        value = function(*arguments)
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    if watch.failure is not None:
        raise watch.failure
    return value


class _Watch:
    """Count the lines, and look at the built-in functions, that are executed below `home`."""

    def __init__(self, home: FrameType):
        self.lines, self._home = 0, home
        self.failure: BaseException | None = None
        self._trace = self.trace  # bound once, not at each line

    def trace(self, frame: FrameType, event: str, arg: object):
        self.lines += 1
        # raising ends the tracing, so it must not happen where the learner's code would catch it
        if self.lines > LINES and (self.lines > 2 * LINES or not _sheltered(frame, self._home)):
            self.failure = Overrun()
            raise self.failure
        return self._trace

    def profile(self, frame: FrameType, event: str, arg: Any):
        if event != "c_call" or frame is self._home or not _forbidden(arg, frame):
            return
        if not _in_a_finalizer(frame, self._home):  # it cleans up what somebody else has left
            self.failure = Forbidden(_name(arg, frame))
            raise self.failure


def _is_plain(endpoint: object, name: str) -> bool:
    """Return whether reading this attribute runs no code of the learner's, as a property would."""
    if name in getattr(endpoint, "__dict__", ()):
        return True
    found = [vars(kind)[name] for kind in type(endpoint).__mro__ if name in vars(kind)]
    return bool(found) and (isinstance(found[0], FunctionType) or not hasattr(found[0], "__get__"))


def check_datagrams(call: str, answers: object):
    """Raise a Fault unless these are what an endpoint may return: a list of bytes."""
    expected = f"{call} must return a list of bytes, got {shown(answers)}"
    if not isinstance(answers, list):
        raise Fault("type", expected + _advice(answers))
    for each in answers:
        if not isinstance(each, bytes):
            raise Fault("type", f"{expected}, in which {shown(each)} is {described(each)}")


def shown(value: object) -> str:
    """Return a short repr that is the same in every run: without the address in memory."""
    return shown_text(_REPR.repr(value))


def shown_text(text: str) -> str:
    """Return the text of an error on one line and of bounded length, without addresses."""
    line = " ".join(re.sub(r" at 0x[0-9a-fA-F]+", "", text).split())
    return line if len(line) <= 200 else line[:200] + "…"


def described(value: object) -> str:
    """Return what kind of thing this is: "an int"."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _advice(answers: object) -> str:
    if answers is None:
        return " (no `return` was reached); to send nothing, return []"
    if isinstance(answers, bytes):
        return f"; expected [{shown(answers)}] for one datagram"
    if isinstance(answers, GeneratorType):
        return " (a method with `yield` is a generator); collect the datagrams in a list"
    return f", which is {described(answers)}"


def _line(step: TracebackType | None) -> str:
    """Return where in the learner's code an error was raised, in words, or nothing if not there."""
    frames = []
    while step is not None:
        frames.append((step.tb_frame.f_code.co_filename, step.tb_lineno))
        step = step.tb_next
    return line_of([frame for frame in frames if frame[0] != __file__])


def line_of(frames: list[tuple[str, int]]) -> str:
    """Return in words the innermost line, the last one, in the file of the first of the frames."""
    own = [frame for frame in frames if frame[0] == frames[0][0]]
    if not own:
        return ""
    source = linecache.getline(*own[-1]).strip()
    return f" (line {own[-1][1]}{source and f': `{source}`'})"


def _in_a_finalizer(frame: FrameType | None, home: FrameType) -> bool:
    while frame is not None and frame is not home and frame.f_code.co_name != "__del__":
        frame = frame.f_back
    return frame is not None and frame is not home


def _sheltered(frame: FrameType | None, home: FrameType) -> bool:
    """Return whether some `try` or `with` between here and `home` would catch what is raised."""
    while frame is not None and frame is not home:
        if any(e.start <= frame.f_lasti < e.end for e in _shelters(frame.f_code)):
            return True
        frame = frame.f_back
    return False


def _shelters(code: CodeType) -> list:
    return getattr(dis.Bytecode(code), "exception_entries", [])  # unknown to type checkers


def _forbidden(function: BuiltinFunctionType, caller: FrameType) -> bool:
    module, name = _owner(function), function.__name__
    if caller.f_code is threading.Condition.wait.__code__ and name == "acquire":
        return True  # what events, queues and semaphores wait with
    if module in WAITS and name in (WAITS[module] or [name]):
        return True
    used = module in CLOCKS and name in (CLOCKS[module] or [name])
    # a library may look at a clock: logging, or what the garbage collector calls at any moment
    file = caller.f_code.co_filename
    return used and file != within.__file__ and not within.is_library(file)


def _owner(function: BuiltinFunctionType) -> str:
    owner = getattr(function, "__self__", None)
    if owner is None or isinstance(owner, ModuleType):
        return function.__module__ or ""
    return (owner if isinstance(owner, type) else type(owner)).__module__


def _name(function: BuiltinFunctionType, caller: FrameType) -> str:
    if caller.f_code is threading.Condition.wait.__code__:
        return "threading.Condition.wait()"
    module, name = _owner(function).lstrip("_"), function.__name__
    plain = {"posix": "os", "nt": "os", "thread": "threading", "posixsubprocess": "subprocess"}
    return f"{name}()" if module == "builtins" else f"{plain.get(module, module)}.{name}()"
