"""Programs that others wrote, as a measure: used where they are installed, demanded under CI."""

import os
import shutil
import socket
import sys
import time

import pytest

from netlib.kernel.namespace import alone, run

HEADERS = 14 + 20 + 8  # bytes of Ethernet (which loopback counts), IP and UDP


def program(name: str) -> str:
    """Return where a program is; else skip the test, which under CI (on Linux) fails."""
    if found := shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin"):
        return found
    missing(f"{name} is not installed here")


def missing(problem: str):
    """Skip the test, with this reason; fail where CI should have had it."""
    if os.environ.get("CI") and sys.platform == "linux":
        pytest.fail(problem)
    pytest.skip(problem)


def in_a_network_of_its_own(function, *arguments):
    """Call a function of a module where it may do anything; skip where there is no such place."""
    try:
        return alone(function, *arguments)
    except OSError as refused:
        missing(str(refused))


def complaints(commands: list[str]) -> list[str]:
    """Return what tc says of each command, "" if it does it.

    Where this kernel has no netem, tc has still read all the words before it hears of that.
    """
    return [_complaint(command) for command in commands]


def _complaint(command: str) -> str:
    try:
        run(command)
        run("tc qdisc del dev lo root")
    except OSError as refused:
        return "" if "qdisc kind is unknown" in str(refused) else str(refused)
    return ""


def through_tbf(rate: float, limit: int, sizes: list[int], gap: float) -> list[tuple[float, bool]]:
    """Send datagrams through tc's token bucket, `gap` [s] apart; return when, and which arrived.

    rate [bits/s]; limit: bytes that wait; sizes: of the datagrams' payloads [bytes].
    """
    burst = 4 * (max(sizes) + HEADERS)  # a bucket for one loses tokens whenever its timer is late
    run(f"tc qdisc add dev lo root tbf rate {rate:.0f}bit burst {burst} limit {limit}")
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        for sock, option in (receiver, socket.SO_RCVBUF), (sender, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, 2**22)
        receiver.bind(("127.0.0.1", 0))
        sent, began = [], time.perf_counter()
        for number, size in enumerate(sizes):
            time.sleep(max(0.0, began + number * gap - time.perf_counter()))
            sent.append(time.perf_counter() - began)
            sender.sendto(number.to_bytes(4, "big").ljust(size, b"."), receiver.getsockname())
        receiver.settimeout(2 * limit * 8 / rate)
        arrived = set()
        try:
            while True:
                arrived.add(int.from_bytes(receiver.recv(65535)[:4], "big"))
        except TimeoutError:
            return [(at, number in arrived) for number, at in enumerate(sent)]
