"""A function of netlib in a fresh Python, which shares no interpreter with whoever floods it.

Items go there and back as pickles: the pipes between a process and its child are private.
"""

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import IO

from netlib.sockets.background import Background, opening

ENDED = None  # the last of the answers: the child is no more
WATCH = 0.25  # seconds between two looks at whether the parent is still there
ROOT = str(Path(__file__).resolve().parents[1])  # an editable install is not in sys.path
PROGRAM = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer)\n"
    "from netlib.child import main; main()"
)


class Child:
    """Run `function(request, answer)` in a fresh Python, until it returns or its input ends.

    There, `request()` waits for the next item sent from here, `answer(item)` puts one into
    `answers` here. It ends when nobody holds this object any more, or when this process ends.
    """

    def __init__(self, function: Callable[[Callable, Callable], object]):
        self.answers: queue.SimpleQueue = queue.SimpleQueue()
        # once it has ended: its standard error, and the last line of that, or its exit code
        self.errors = self.exit_reason = ""
        self._process: subprocess.Popen | None = None
        with opening(self.end):
            self._start()
        self.send([ROOT, *sys.path])
        self.send(function)

    def _start(self):
        quiet = ["-B"] if sys.dont_write_bytecode else []  # isolated, it would not look
        self._process = process = subprocess.Popen(
            [sys.executable, "-I", "-S", *quiet, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows
        )
        assert process.stdin and process.stdout and process.stderr
        self.pid, self._input = process.pid, process.stdin
        weakref.finalize(self, process.stdin.close)  # and so the reader may not know this object
        self._reader = Background(_read, process.stdout, process.stderr, self.answers.put)
        self._reader.start()

    def send(self, item: object):
        """Send an item. If the child has died, nothing is raised: its answers end."""
        try:
            pickle.dump(item, self._input)
            self._input.flush()
        except (OSError, ValueError):
            pass
        except BaseException:  # interrupted half-way: it would misread whatever comes next
            self.end()
            raise

    def end(self, patience: float = 0.0):
        """End its input; wait for it, at most `patience` seconds, then kill it; leave nothing."""
        if self._process is None:
            return
        try:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self._input.close()
                self._process.wait(patience)
        finally:  # also when whoever waits here is interrupted
            with self._process:  # which closes the pipes, and waits for the kernel to clean up
                self._process.kill()
                self._reader.join()
            self.errors = self._reader.result or ""
            code = f"exit code {self._process.returncode}"
            self.exit_reason = self.errors.rpartition("\n")[2] or code


def _read(answers: IO[bytes], errors: IO[bytes], put: Callable[[object], None]) -> str:
    with answers, errors:
        try:
            while True:
                put(pickle.load(answers))
        except (EOFError, pickle.UnpicklingError):
            return errors.read().decode(errors="replace").strip()
        finally:
            put(ENDED)


def main():
    """Be the child: run the function that comes first from standard input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # "interrupt" in a notebook stops the cell only
    # what a model prints is no answer
    sink, sys.stdout = sys.stdout.buffer, open(os.devnull, "w")  # noqa: SIM115
    items: queue.SimpleQueue = queue.SimpleQueue()

    def answer(item: object):
        pickle.dump(item, sink)
        sink.flush()

    for duty in ((_take, items.put), (_watch, os.getppid())):
        threading.Thread(target=_exit_after, args=duty, daemon=True).start()
    _exit_after(lambda: items.get()(items.get, answer))


def _take(put: Callable[[object], None]):
    with contextlib.suppress(EOFError, pickle.UnpicklingError):  # the parent has closed its end,
        while True:  # or is no more
            put(pickle.load(sys.stdin.buffer))


def _watch(parent: int):
    # a fork of the parent may hold the other end of the pipe open after the parent has died
    while os.getppid() == parent:
        time.sleep(WATCH)


def _exit_after(duty: Callable, *arguments):
    status = 1
    try:
        duty(*arguments)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)  # not exit(): a thread still waits for standard input
