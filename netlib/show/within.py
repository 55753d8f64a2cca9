"""A limit in seconds for code that may loop or wait for ever, run where it stands.

On Linux and macOS an alarm interrupts the main thread, even in a system call that waits. On
Windows, and in other threads, a helper thread asks Python to raise at the thread's next line: that
ends a loop, and sockets made meanwhile have the limit as their timeout, but nothing else that
waits ends. While a cell awaits, its task is cancelled, and the event loop is left alone. A bare
`except:` in a loop swallows the end: it is raised again until the block is left, which only the
alarm brings about for sure. What no interrupt can end, such as `sum(range(10**10))`, ends late: a
long call into C is not broken off.
"""

import asyncio
import ctypes
import linecache
import os
import reprlib
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

TURNS = (("Handle", "_run"), ("BaseEventLoop", "_run_once"))  # of an event loop
AGAIN = 0.05  # seconds until the end is raised once more
LOOP = tuple(getattr(asyncio, kind).__dict__[name].__code__ for kind, name in TURNS)
NETLIB = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")
LIBRARIES = *(os.path.join(each, "") for each in (sys.prefix, sys.base_prefix)), "<frozen"


def within(seconds: float, function: Callable, *arguments: object, **options: object) -> object:
    """Return `function(*arguments)`, or raise AssertionError if it takes longer than `seconds`.

    For the one call in a check that may loop or wait for ever; the error says which call it was
    and in which line. `while True: pass` ends, and so does a socket that waits without a limit of
    its own. An interrupt passes through, no thread is left behind, limits can be nested. Not for a
    coroutine function: await it in a block of `exercise(number, seconds=...)`.
    """
    with TimeLimit(seconds) as limit:
        value = function(*arguments, **options)
    if limit.expired:
        name = getattr(function, "__name__", repr(function))
        call = f"{name}({', '.join(map(reprlib.repr, arguments))})"
        raise AssertionError(f"{call} {limit.sentence}")
    return value


class TimeIsUp(BaseException):  # so that no `except Exception` in a loop catches it
    """Raised in a block that did not end in time."""


class TimeLimit:
    """A block that is left after so many seconds; then `expired`, and `sentence` says where.

    Raises ValueError unless `seconds` is above 0 and finite.
    """

    def __init__(self, seconds: float):
        if not 0 < seconds <= threading.TIMEOUT_MAX:
            raise ValueError(f"seconds must be a finite number above 0, got {seconds!r}")
        self.seconds, self.expired, self._place = seconds, False, ""
        self._end = type("TimeIsUp", (TimeIsUp,), {})  # its own, to tell nested limits apart
        self._cancel = _Cancellation(self)
        in_main = threading.current_thread() is threading.main_thread()
        alarm = _Signal if in_main and sys.platform != "win32" else _Helper
        self._alarm: _Signal | _Helper = alarm(self)

    @property
    def sentence(self) -> str:
        """What to say of a block that has expired."""
        return f"did not end within {self.seconds:g} s{self._place and f': stopped {self._place}'}"

    def __enter__(self) -> "TimeLimit":
        self._cancel.start()
        self._alarm.start()
        return self

    def __exit__(self, kind, error, traceback) -> bool:
        self._alarm.stop()
        self._cancel.stop()
        if self._cancel.done:
            self.expired, self._place = True, self._place or _place(_frames_of(traceback))
        return self.expired and (isinstance(error, self._end) or self._cancel.caused(error))

    def expire(self, frame: FrameType | None) -> type[BaseException] | None:
        """Return what to raise in a frame, or None if the block is not what runs there."""
        frames = list(self._frames_under(frame))
        inside = not frames or frames[0][0].co_filename != __file__
        if not inside or not any(_is_own(code) for code, _ in frames):
            return None
        self.expired, self._place = True, self._place or _place(frames)
        return self._end

    def _frames_under(self, frame: FrameType | None) -> Iterator[tuple[CodeType, int]]:
        """Return the frames of what runs, innermost first, as far as the loop of a cell's await."""
        while frame is not None and not (self._cancel.in_loop and frame.f_code in LOOP):
            yield frame.f_code, frame.f_lineno
            frame = frame.f_back


class _Signal:
    """The alarm of the operating system: one for all limits that are open."""

    open: list["_Signal"] = []  # noqa: RUF012 (shared, as the alarm is)
    before: Any = signal.SIG_DFL

    def __init__(self, limit: TimeLimit):
        self._limit, self.due, self.rings, self._trace = limit, 0.0, 0, sys.gettrace()

    def start(self):
        self.due = time.monotonic() + self._limit.seconds
        if sys.platform != "win32" and not self.open:
            _Signal.before = signal.signal(signal.SIGALRM, self._ring)
        self.open.append(self)
        self._set()

    def stop(self):
        self.open.remove(self)
        self._set()
        if self.rings > 1:
            sys.settrace(self._trace)
        if sys.platform != "win32" and not self.open:
            signal.signal(signal.SIGALRM, self.before)

    def _set(self):
        first = min((each.due for each in self.open), default=None)
        delay = 0.0 if first is None else max(first - time.monotonic(), 0.001)
        if sys.platform != "win32":
            signal.setitimer(signal.ITIMER_REAL, delay, AGAIN)

    @staticmethod
    def _ring(number: int, frame: FrameType | None):
        due = [each for each in _Signal.open if each.due <= time.monotonic()]
        if due and frame and (end := due[0]._limit.expire(frame)):
            due[0].rings += 1
            if due[0].rings == 1:
                raise end
            _raise_at(frame, end, due[0].rings)


def _raise_at(frame: FrameType, end: type[BaseException], lines: int):
    """Raise so many lines later: some line of a loop is not in the `try` that swallows the end."""

    def trace(frame: FrameType, event: str, argument: object):
        nonlocal lines
        lines -= event == "line"
        if lines <= 0:
            raise end
        return trace

    frame.f_trace = trace
    sys.settrace(trace)


class _Helper:
    """A thread that raises in the thread that has made it, where there is no alarm."""

    def __init__(self, limit: TimeLimit):
        self._limit, self._over, self._target = limit, threading.Event(), threading.get_ident()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self):
        self._timeout = socket.getdefaulttimeout()
        socket.setdefaulttimeout(min(self._limit.seconds, self._timeout or self._limit.seconds))
        self._thread.start()

    def stop(self):
        try:
            self._over.set()
            self._thread.join()
            # what has been asked for comes here: taken back, it would leave CPython 3.11 looping
            for _ in range(2):
                pass
        except TimeIsUp:
            self._thread.join()
        socket.setdefaulttimeout(self._timeout)

    def _watch(self):
        delay = self._limit.seconds
        while not self._over.wait(delay):
            delay = AGAIN
            frame = sys._current_frames().get(self._target)
            if frame and (end := self._limit.expire(frame)):
                self._raise(end)

    def _raise(self, end: type[BaseException]):
        target, error = ctypes.c_ulong(self._target), ctypes.py_object(end)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(target, error)


class _Cancellation:
    """Cancels the task of a cell that awaits, which the event loop does when it is free."""

    def __init__(self, limit: TimeLimit):
        self._limit, self.done = limit, False
        self._task: asyncio.Task | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self):
        try:
            self._task = asyncio.current_task()
        except RuntimeError:
            return  # no event loop is running
        if self._task is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._limit.seconds, self._cancel)

    def stop(self):
        if self._timer:
            self._timer.cancel()

    @property
    def in_loop(self) -> bool:
        return self._timer is not None

    def _cancel(self):
        if self._task:
            self.done = self._task.cancel()

    def caused(self, error: BaseException | None) -> bool:
        """Return whether `error` is what the cancelling has raised, and take that back."""
        if self._task and self.done:
            self._task.uncancel()
        return self.done and isinstance(error, asyncio.CancelledError)


def _frames_of(traceback) -> list[tuple[CodeType, int]]:
    frames: list[tuple[CodeType, int]] = []
    while traceback is not None:
        frames.insert(0, (traceback.tb_frame.f_code, traceback.tb_lineno))
        traceback = traceback.tb_next
    return frames


def _is_own(code: CodeType) -> bool:
    """Return whether this is code of the reader's: neither netlib nor a library."""
    return not code.co_filename.startswith(NETLIB) and not is_library(code.co_filename)


def is_library(file: str) -> bool:
    """Return whether a file belongs to Python or to an installed package."""
    return file.startswith(LIBRARIES) or "site-packages" in file


def _place(frames: list[tuple[CodeType, int]]) -> str:
    for code, line in frames:
        if _is_own(code):
            source = linecache.getline(code.co_filename, line).strip()
            where = "" if code.co_name.startswith("<") else f" of {code.co_name}"
            return f"in line {line}{where}{source and f', `{source}`'}"
    return ""
