"""The stop button while a cell waits for the network: prompt, and the cell can run again."""

import os
import time

import psutil
import pytest
from kernels import Kernel

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs SIGINT and fixed free ports")

SETUP = """
import socket
import threading
from netlib.sockets import *
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    PORT = free.getsockname()[1]
"""

WAITS = {
    "UDPReceiver.receive": """
with UDPReceiver(port=PORT, timeout=30) as receiver:
    print("waiting")
    receiver.receive()
""",
    "TCPListener.accept": """
with TCPListener(port=PORT, timeout=30) as listener:
    print("waiting")
    listener.accept()
""",
    "TCPConnection.receive": """
with TCPListener(port=PORT, timeout=30) as listener:
    with TCPConnection.connect(listener.address, timeout=30) as client, listener.accept():
        print("waiting")
        client.receive()
""",
    "Background's join": """
with UDPReceiver(port=PORT, timeout=30) as receiver:
    with Background(UDPReceiver.receive, receiver):
        print("waiting")
""",
    "Background's join, of a listener": """
with TCPListener(port=PORT, timeout=30) as listener:
    with Background(TCPListener.accept, listener):
        print("waiting")
""",
    "Background's join, of a connection": """
with TCPListener(port=PORT, timeout=30) as listener:
    with TCPConnection.connect(listener.address) as client, listener.accept() as server:
        with Background(TCPConnection.receive, server, 100):
            print("waiting")
""",
    "a Collector's block": """
with UDPReceiver(port=PORT) as receiver, Collector(receiver):
    print("waiting")
    threading.Event().wait(30)
""",
}


@pytest.fixture(scope="module")
def kernel():
    with Kernel() as kernel:
        kernel.run_source(SETUP)
        yield kernel


@pytest.mark.parametrize("wait", WAITS)
def test_an_interrupt_ends_the_wait_promptly_and_the_cell_runs_again(kernel, wait):
    before = kernel.probe("held()")
    for _ in range(2):  # the same port again: nothing may still hold it
        raised, took = interrupted(kernel, WAITS[wait])
        assert raised == "KeyboardInterrupt"
        assert took < 2
    assert kernel.probe("held()") == before


def test_an_interrupted_kernel_still_sends_and_receives(kernel):
    source = """
with UDPReceiver(port=PORT) as receiver, UDPSender() as sender:
    sender.send(b"still here", receiver.address)
    print(receiver.receive().payload)
"""
    assert kernel.run_source(source)[0]["text"] == "b'still here'\n"


def interrupted(kernel: Kernel, source: str) -> tuple[str, float]:
    """Run code, interrupt it once it waits; return what it raised and how long that took [s]."""
    raised, began = "nothing", time.monotonic()
    for message in kernel.messages(source):
        if message["content"].get("text", "").startswith("waiting"):
            await_sleep(kernel)
            began = time.monotonic()
            kernel.interrupt()
        raised = message["content"].get("ename", raised)
    return raised, time.monotonic() - began


def await_sleep(kernel: Kernel):
    """Return when the kernel's main thread no longer runs, i.e. it waits in the kernel call."""
    process, deadline = psutil.Process(kernel.pid), time.monotonic() + 10
    while process.status() != psutil.STATUS_SLEEPING:
        assert time.monotonic() < deadline, "the cell never waits"
