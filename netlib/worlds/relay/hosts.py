"""Where a relay's loop lives: a process of its own, or a thread. Both take the same requests."""

import contextlib
import gc
import pickle
import queue
import threading
import weakref
from collections.abc import Callable
from copy import deepcopy

from netlib.child import ENDED, Child
from netlib.kernel.open_files import allow_files
from netlib.sockets.background import opening
from netlib.worlds.relay.loop import Loop, RelayConfig

INTERRUPTED = 1.0  # seconds to wait for a thread whose start was interrupted
SPARE = 16  # files that the relay's process opens beside one for each client


class ProcessHost:
    """A fresh Python, which shares no interpreter with whoever floods it."""

    def __init__(self, config: RelayConfig):
        pickled = _importable(config)
        self._child = Child(relay)
        self.pid, self.answers = self._child.pid, self._child.answers
        self.end = self._child.end
        self._child.send(pickled)

    def tell(self, *request):
        """Ask for something; the answer comes into `answers`. Nothing is raised if it has died."""
        self._child.send((request[0], _importable(request)))

    @property
    def exit_reason(self) -> str:
        """How it ended, once it has."""
        return self._child.exit_reason


class ThreadHost:
    """A thread of this process: enough for a thousand datagrams per second, a trap above."""

    pid = None

    def __init__(self, config: RelayConfig):
        self.answers: queue.SimpleQueue = queue.SimpleQueue()
        forward, backward = deepcopy((config.forward, config.backward))  # which makes fresh links
        config = config._replace(forward=forward, backward=backward)
        self._failures: list[BaseException] = []
        self._loop = Loop(config, self.answers.put)
        self.tell = self._loop.tell
        duties = self._loop.run, self.answers.put, self._failures.append  # which know no host
        self._thread = threading.Thread(target=_run, args=duties, name="relay", daemon=True)
        weakref.finalize(self, self.tell, 0, "stop")  # if it is forgotten, its thread ends
        with opening(lambda: self.end(INTERRUPTED)):
            self._thread.start()

    def end(self, patience: float):
        """End the thread; wait for that, at most `patience` seconds."""
        self.tell(0, "stop")  # once more: the first may never have been sent
        if self._thread.ident is not None:  # else it never began
            self._thread.join(patience)

    @property
    def exit_reason(self) -> str:
        """How it ended, once it has."""
        return repr(self._failures[0]) if self._failures else ""


def _run(run: Callable, answer: Callable, fail: Callable):
    try:
        run()
    except BaseException as failure:  # not lost: the next request raises it
        fail(failure)
    finally:
        answer(ENDED)


def relay(request: Callable, answer: Callable[[tuple], object]):
    """Be the relay's process: the configuration comes first, then requests."""
    gc.disable()  # nothing here makes cycles, and a collection is a pause
    config = pickle.loads(request())
    with contextlib.suppress(OSError):  # then clients are evicted for lack of sockets
        allow_files(config.max_clients + SPARE)
    loop = Loop(config, answer)
    threading.Thread(target=_pass_on, args=(request, loop), daemon=True).start()
    loop.run()


def _pass_on(request: Callable, loop: Loop):
    while True:
        number, pickled = request()
        try:  # what cannot be read here leaves the next one readable
            loop.tell(*pickle.loads(pickled))
        except Exception as failure:
            loop.tell(number, "refuse", failure)


def _importable(thing: object) -> bytes:
    pickled = pickle.dumps(thing)
    if b"__main__" in pickled:
        raise ValueError(
            "the relay's process cannot import what a notebook or a script defines: put the model "
            "into a module, or let the relay run here (thread=True)"
        )
    return pickled
