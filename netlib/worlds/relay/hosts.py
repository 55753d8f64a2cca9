"""Where a relay's loop lives: a process of its own, or a thread. Both are told and answer alike."""

import contextlib
import gc
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
from copy import deepcopy
from pathlib import Path
from typing import IO

from netlib.worlds.relay.loop import Loop, Plan

WATCH = 0.25  # seconds between two looks at whether the owner is still there
ENDED = None  # what the queue of answers ends with
PROGRAM = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer)\n"
    "from netlib.worlds.relay.hosts import main; main()"
)


class ProcessHost:
    """A fresh Python, which shares no interpreter with whoever floods it.

    It ends when its standard input does, and the kernel sees to that if this process is killed.
    """

    def __init__(self, plan: Plan):
        self.answers: queue.SimpleQueue = queue.SimpleQueue()
        told = _importable(plan)
        quiet = ["-B"] if sys.dont_write_bytecode else []  # isolated, it would not look
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", *quiet, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows
        )
        self.pid = self._process.pid
        self._said: list[str] = []
        # a relay that nobody holds any more ends: the thread, too, knows only the pipes
        weakref.finalize(self, self._process.stdin.close)
        pipes = self._process.stdout, self._process.stderr
        self._reader = threading.Thread(
            target=_read, args=(*pipes, self.answers.put, self._said), name="relay", daemon=True
        )
        self._reader.start()
        self._write(pickle.dumps([_root(), *sys.path]) + told)

    def tell(self, *request):
        """Ask for something; the answer comes into `answers`. Nothing is raised if it has died."""
        # in two layers, so that a request that cannot be read there leaves the next one readable
        self._write(pickle.dumps((request[0], _importable(request))))

    def end(self, patience: float):
        """Wait for the process to end, at most `patience` seconds, then end it; leave nothing."""
        with contextlib.suppress(OSError):  # it has died with something unread
            self._process.stdin.close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            pass
        finally:  # whoever waits here may have been interrupted
            self._process.kill()
            self._process.wait()
            self._reader.join()
            self._process.stdout.close()
            self._process.stderr.close()

    def last_words(self) -> str:
        """Return how it ended; to be asked after `end`."""
        return self._said[-1] if self._said else f"exit code {self._process.returncode}"

    def _write(self, data: bytes):
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except (OSError, ValueError):
            pass  # it has died, and the reader says so
        except BaseException:  # interrupted half-way: it would misread whatever comes next
            self._process.kill()
            raise


class ThreadHost:
    """A thread of this process: enough for a thousand datagrams per second, a trap above."""

    pid = None

    def __init__(self, plan: Plan):
        self.answers: queue.SimpleQueue = queue.SimpleQueue()
        forward, backward = deepcopy((plan.forward, plan.backward))  # which makes fresh links
        plan = plan._replace(forward=forward, backward=backward)
        self._failure: BaseException | None = None
        self._loop = Loop(plan, self.answers.put)
        self.tell = self._loop.tell
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def end(self, patience: float):
        """Wait for the thread to end."""
        self.tell(0, "stop")  # once more: the first may never have been sent
        self._thread.join(patience)

    def last_words(self) -> str:
        """Return how it ended; to be asked after `end`."""
        return repr(self._failure)

    def _run(self):
        try:
            self._loop.run()
        except BaseException as failure:  # not lost: the next request raises it
            self._failure = failure
        finally:
            self.answers.put(ENDED)


def _read(answers: IO[bytes], complaints: IO[bytes], put: Callable, said: list[str]):
    try:
        while True:
            put(pickle.load(answers))
    except (EOFError, OSError, pickle.UnpicklingError):
        said += complaints.read().decode(errors="replace").strip().splitlines()
    finally:
        put(ENDED)


def main():
    """Be the relay's process: the plan comes from standard input, then requests, then the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # "interrupt" in a notebook stops the cell only
    gc.disable()  # nothing here makes cycles, and a collection is a pause
    source, sink, owner = sys.stdin.buffer, sys.stdout.buffer, os.getppid()

    def answer(item: tuple):
        pickle.dump(item, sink)
        sink.flush()

    try:
        loop = Loop(pickle.load(source), answer)
        for duty in (lambda: _pass_on(source, loop), lambda: _watch(owner)):
            threading.Thread(target=duty, daemon=True).start()
        loop.run()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)  # not exit(): a thread still waits for standard input


def _pass_on(source, loop: Loop):
    try:
        while True:
            number, request = pickle.load(source)
            try:
                loop.tell(*pickle.loads(request))
            except Exception as failure:
                loop.tell(number, "refuse", failure)
    except BaseException:  # EOFError: who owns us has closed it, or is no more
        os._exit(0)


def _watch(owner: int):
    # a fork of the owner may hold the other end of the pipe open after the owner has died
    while os.getppid() == owner:
        time.sleep(WATCH)
    os._exit(0)


def _root() -> str:
    """Return the folder that netlib is imported from: an editable install is not in sys.path."""
    return str(Path(__file__).resolve().parents[3])


def _importable(thing: object) -> bytes:
    told = pickle.dumps(thing)
    if b"__main__" in told:
        raise ValueError(
            "the relay's process cannot import what a notebook or a script defines: put the model "
            "into a module, or let the relay run here (thread=True)"
        )
    return told
