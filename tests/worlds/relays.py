"""What the tests of the relays share: paths through one, and patience instead of sleep."""

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest

from netlib.links.link import Link
from netlib.sockets import UDPReceiver, UDPSender
from netlib.trace import Trace
from netlib.worlds import Relay
from netlib.worlds.relay.report import RelayReport

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
on_posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
NOWHERE = ("127.0.0.1", 9)
SOON = 5.0  # seconds until a test gives up


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """Fail if a test leaves a file descriptor, a thread or a process behind."""

    def held():
        return psutil.Process().num_fds(), threading.active_count(), psutil.Process().children()

    before = held() if os.name == "posix" else None
    yield
    assert before is None or held() == before


def wait_for(happened: Callable[[], object], patience: float = SOON):
    """Poll until something is true, and return it; fail after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not (result := happened()):
        assert time.monotonic() < deadline, f"still not after {patience} s"
    return result


def settled(relay: Relay, forward: int, backward: int = 0) -> RelayReport:
    """Wait until so many datagrams have come into each direction and none is on its way."""

    def done() -> RelayReport | None:
        seen = relay.report
        come = seen.forward.arrived >= forward and seen.backward.arrived >= backward
        return seen if come and not seen.forward.in_flight + seen.backward.in_flight else None

    return wait_for(done)


def numbered(count: int, size: int = 40) -> list[bytes]:
    return [number.to_bytes(4, "big") + bytes(size - 4 + number % 50) for number in range(count)]


def number(payload: bytes) -> int:
    return int.from_bytes(payload[:4], "big")


def send_all(sender: UDPSender, payloads: list[bytes], relay: Relay):
    """Send in portions that the relay's receive buffer has room for."""
    before = relay.report.forward.arrived
    for sent, payload in enumerate(payloads, 1):
        sender.send(payload, relay.address)
        if sent % 50 == 0:
            wait_for(lambda sent=sent: relay.report.forward.arrived >= before + sent)


@contextmanager
def echo() -> Iterator[tuple]:
    """Yield the address of a server that sends everything back to whoever sent it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, UDPSender() as stopper:
        sock.bind(("127.0.0.1", 0))

        def serve():
            while (arrived := sock.recvfrom(65535))[1] != stopper.address:
                sock.sendto(*arrived)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield sock.getsockname()
        finally:
            stopper.send(b"", sock.getsockname())
            thread.join()


@contextmanager
def path(forward: Link, *, thread: bool = True, **options) -> Iterator[tuple]:
    """Yield a sender, a relay in front of a receiver, and that receiver.

    The relay runs in a thread, which is there at once; the loop is the same in a process.
    """
    with (
        UDPReceiver() as receiver,
        UDPSender() as sender,
        Relay(receiver.address, forward, Link(), thread=thread, **options) as relay,
    ):
        yield sender, relay, receiver


def lost(trace: Trace) -> list[tuple[int, str]]:
    return [(number(event.payload), event.note) for event in trace.only("lost")]


def received(trace: Trace, role: str) -> list[int]:
    return [number(event.payload) for event in trace.only("receive", role=role)]


def running(pid: int) -> bool:
    """Return whether there is such a process, and not only its exit code."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
