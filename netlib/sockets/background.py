"""Threads that a cell starts and the same cell ends: always joined, and interruptible."""

import contextlib
import functools
import selectors
import signal
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from netlib.sockets.tcp import TCPConnection
from netlib.sockets.udp import Datagram, UDPReceiver

GRACE = 1.0  # how long stop collects from somebody who never stops sending [s]
OVERHEAD = 256  # about what an arrival takes in memory beyond its payload [bytes]


@contextlib.contextmanager
def opening(undo: Callable[[], object]) -> Iterator[None]:
    """Open something in the block, all of it or nothing.

    An interrupt (the stop button) waits for the end of the block; then, or if the block fails,
    `undo` is called. In the midst of Thread.start(), it would leave a thread that nobody joins.
    """
    interrupts: list[object] = []
    main = threading.current_thread() is threading.main_thread()  # interrupts come only there
    try:
        if main:
            handler = signal.signal(signal.SIGINT, lambda number, frame: interrupts.append(number))
        try:
            yield
        finally:
            if main:
                signal.signal(signal.SIGINT, handler)
        if interrupts:
            signal.raise_signal(signal.SIGINT)
    except BaseException:
        undo()
        raise


def wakeup_pair() -> tuple[socket.socket, socket.socket]:
    """Return two connected sockets: socket.socketpair, interrupted, can lose a descriptor."""
    with opening(lambda: None):
        return socket.socketpair()


class Background:
    """Run `function(*arguments)` in a thread for as long as the block lasts.

    At the end of the block the thread is joined; what it raised is raised there, what it returned
    is in `result`. If the block fails or is interrupted, every argument that has an `interrupt`
    (our sockets have) is interrupted, so that the thread ends rather than sit out its timeout.
    """

    def __init__(self, function: Callable, *arguments):
        self.result: Any = None
        self._failure: BaseException | None = None
        self._function, self._arguments = function, arguments
        name = getattr(function, "__name__", None)  # a functools.partial has none
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> "Background":
        """Start the thread; return itself."""
        with opening(self.interrupt):
            self._thread.start()
        return self

    def join(self):
        """Wait for the function to return; raise what it raised."""
        try:
            self._join_thread()
        except KeyboardInterrupt:
            self.interrupt()
            raise
        if self._failure is not None:
            raise self._failure

    def interrupt(self):
        """End the waits of the sockets the function was given, then the thread."""
        for argument in self._arguments:
            if hasattr(argument, "interrupt"):
                argument.interrupt()
        self._join_thread()

    @property
    def began(self) -> bool:
        """Whether there is, or was, a thread: there may have been no room for one."""
        return self._thread.ident is not None

    def _join_thread(self):
        if self.began:
            self._thread.join()

    def _run(self):
        try:
            self.result = self._function(*self._arguments)
        except BaseException as failure:  # not lost: join raises it in the thread that waits
            self._failure = failure

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, exception, traceback):
        if exception is None:
            self.join()
        else:
            self.interrupt()


class Collector:
    """Receive in the background all that arrives at `receiver`; `arrived` holds it, in order.

    At the end of the block, what the kernel already holds is collected first: on loopback, all
    that was sent inside the block and found room. `on_arrival`, if given, is called from the
    thread with each arrival instead. While paused, arrivals wait in the kernel's buffer.
    A TCP connection can be collected too: its arrivals are bytes, the last of them b"".
    `grace` [s] bounds how long the end may take, `memory` [bytes] what `arrived` may take; how
    many did not fit is in `left_out`.
    """

    def __init__(
        self,
        receiver: UDPReceiver | TCPConnection,
        max_size: int = 65535,
        on_arrival: Callable[[Datagram | bytes], object] | None = None,
        *,
        memory: int = 2**26,
        grace: float = GRACE,
    ):
        self.arrived: list[Datagram | bytes] = []
        self.left_out, self._room, self._grace = 0, memory, grace
        self.max_size, self.paused = max_size, False
        self._on_arrival = on_arrival
        self._stopping, self._deadline = False, float("inf")
        self._alarm, self._bell = wakeup_pair()
        collect = functools.partial(_collect, weakref.ref(self), receiver, self._bell)
        self._background = Background(collect)
        weakref.finalize(self, self._alarm.close)  # if it is forgotten, its thread ends

    def start(self) -> "Collector":
        """Begin to collect; return itself."""
        with opening(self.stop):
            self._background.start()
        return self

    def pause(self, paused: bool = True):
        """Stop reading, so that the kernel's buffer fills and then loses what arrives."""
        self.paused = paused
        with contextlib.suppress(OSError):  # the thread may have ended
            self._alarm.send(b"!")

    def interrupt(self):
        """Let the thread end as soon as it has collected what has arrived."""
        if not self._stopping:
            self._deadline = time.monotonic() + self._grace
            self._stopping = True
        self.pause(False)

    def stop(self):
        """Collect what has arrived, then end the thread; raise what it raised. Idempotent."""
        if self._alarm.fileno() < 0:
            return
        try:
            self.interrupt()
            self._background.join()
        finally:  # an interrupt may have come before either of the two was done
            self._deadline, self._stopping = 0.0, True
            self._alarm.close()  # which rings the bell for the last time
            self._background._join_thread()
            if not self._background.began:  # else the thread closes it; it may still be at it,
                self._bell.close()  # as Python 3.11 forgets a thread whose join was interrupted

    def _take(self, receiver: UDPReceiver | TCPConnection) -> bool:
        """Receive what has come, and return whether that was the end of a stream."""
        arrival = receiver.receive(self.max_size)
        (self._on_arrival or self._keep)(arrival)
        return arrival == b""

    def _keep(self, arrival: Datagram | bytes):
        payload = arrival if isinstance(arrival, bytes) else arrival.payload
        self._room -= len(payload) + OVERHEAD
        if self._room >= 0:
            self.arrived.append(arrival)
        else:  # and so whatever follows: no gaps
            self.left_out += 1

    def __enter__(self):
        return self.start()

    def __exit__(self, *exception):
        self.stop()


def _collect(collector: Callable, receiver: UDPReceiver | TCPConnection, bell: socket.socket):
    """Be a collector's thread, which holds it only by a weak reference while it waits."""
    ended = False  # a stream that has ended is always ready, and has nothing more to give
    with bell, selectors.DefaultSelector() as selector:  # which knows files above 1023, too
        selector.register(bell, selectors.EVENT_READ)
        selector.register(receiver, selectors.EVENT_READ, receiver)
        while this := collector():
            stopping = this._stopping  # read before looking: what had arrived is collected
            idle = not stopping and (ended or this.paused)
            del this
            if idle:
                bell.recv(4096)
                continue
            ready = [key.data for key, _ in selector.select(0 if stopping else None)]
            if not (this := collector()):
                return
            # asked again: a pause may have begun meanwhile
            may_read = not ended and (stopping or not this.paused)
            if receiver in ready and may_read and time.monotonic() < this._deadline:
                ended = this._take(receiver)
            elif stopping:
                return
            elif None in ready:
                bell.recv(4096)
            del this
