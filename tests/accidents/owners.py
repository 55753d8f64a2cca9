"""Whoever opens sockets, threads and processes is interrupted, or fails: nothing is left."""

import functools
import gc
import os
import signal
import subprocess
import threading
import warnings
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from operator import gt
from pathlib import Path
from random import Random
from time import monotonic, sleep

import psutil

from netlib.child import Child
from netlib.links.link import Link
from netlib.sockets import Background, Collector, TCPConnection, TCPListener, UDPReceiver, UDPSender
from netlib.worlds import Driver, Relay, TCPRelay
from netlib.worlds.traffic import Echo

NOWHERE = ("127.0.0.1", 9)
PATIENCE = 10.0  # seconds that what was left may take to end


def held() -> tuple[int, int, int]:
    """Return how many files, threads and children this process has."""
    children = [one for one in psutil.Process().children() if "resource_tracker" not in line(one)]
    return len(os.listdir("/dev/fd")), threading.active_count(), len(children)


def left(what: object, before: tuple, after: tuple) -> str:
    """Return what can be said of what is left."""
    files = [str(path.readlink()) for path in Path("/proc/self/fd").glob("*") if path.is_symlink()]
    threads = [thread.name for thread in threading.enumerate()]
    return f"{what}: (files, threads, children) were {before}, are {after}; {files}, {threads}"


def line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def as_before(case: Callable[[int], object]) -> Callable[[int], None]:
    """Hold a case to leaving no file, no thread and no process behind, not even a zombie.

    What it returns is named if it does not.
    """

    @functools.wraps(case)
    def held_to_it(seed: int):
        before = held()
        what = case(seed)
        end = monotonic() + PATIENCE
        while any(map(gt, after := collected(), before)):
            assert monotonic() < end, left(what, before, after)
            sleep(0.01)

    return held_to_it


def collected() -> tuple[int, int, int]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what an interrupt kept from being closed
        gc.collect()
        subprocess._cleanup()  # which Python calls when it starts its next process
    return held()


# What can be opened


@contextmanager
def connection():
    """Yield a connection that a thread has accepted.

    In the main thread, Python's own accept loses a descriptor if the interrupt comes between the
    kernel's answer and the socket object that is made of it.
    """
    with TCPListener() as listener:
        with Background(TCPListener.accept, listener) as accepting:
            client = TCPConnection.connect(listener.address)
        with client, accepting.result as server:
            client.send_all(b"x")
            yield server


@contextmanager
def collecting():
    with UDPReceiver() as receiver, Collector(receiver) as collector:
        yield collector


@contextmanager
def waiting():
    with (
        UDPReceiver() as receiver,
        UDPSender() as sender,
        Background(UDPReceiver.receive, receiver),
    ):
        sender.send(b"x", receiver.address)
        yield receiver


@contextmanager
def child():
    one = Child(os.path.join)  # any function: the first request never comes
    try:
        yield one
    finally:
        one.end()


OPENED: dict[str, Callable] = {
    "UDPReceiver": UDPReceiver,
    "UDPSender": UDPSender,
    "TCPListener": TCPListener,
    "TCPConnection": connection,
    "Collector": collecting,
    "Background": waiting,
    "Child": child,
    "Driver": lambda: Driver(Echo(), NOWHERE),
    "TCPRelay": lambda: TCPRelay(NOWHERE),
    "Relay in a thread": lambda: Relay(NOWHERE, Link(), Link(), thread=True),
    "Relay": lambda: Relay(NOWHERE, Link(), Link()),
}


def open_all(coin: Random):
    """Open one of each, inside one another in any order, and close them."""
    with ExitStack() as stack:
        for name in shuffled(coin):
            stack.enter_context(OPENED[name]())


def shuffled(coin: Random) -> list[str]:
    return coin.sample(list(OPENED), len(OPENED))


class Trouble(Exception):
    """What a cell may raise."""


@as_before
def opening(seed: int):
    """Each is opened and closed; in half of the cases the block raises."""
    for name in shuffled(Random(seed)):
        try:
            with OPENED[name]():
                if seed % 2:
                    raise Trouble
        except Trouble:
            pass


@as_before
def interrupted(seed: int) -> str:
    """The stop button is pressed at a random moment of opening and closing one of them."""
    coin = Random(seed)
    name = coin.choice(list(OPENED))
    handler = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        signal.setitimer(signal.ITIMER_REAL, coin.uniform(1e-4, 0.05), 1.0)  # again, if it is lost
        while True:
            with OPENED[name]():
                pass
    except KeyboardInterrupt:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
    return name
