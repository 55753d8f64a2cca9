"""Helpers against plain standard-library sockets, as ratios from interleaved runs.

Run it: python tests/benchmarks/sockets.py. Both ends run on one core, in one thread where the
protocol allows it: otherwise the time a machine takes to wake a thread hides everything else.
The plain sockets have the same timeout set, for a socket that waits with a limit polls first.
"""

import os
import socket
import statistics
import subprocess
import sys
import threading
import time

from netlib.sockets import TCPConnection, TCPListener, UDPReceiver, UDPSender
from netlib.trace import Trace

PAYLOAD, EXCHANGES, CHUNK, BULK, RUNS = b"x" * 64, 3000, 65536, 64 * 2**20, 25


def plain_datagrams() -> float:
    """Return the seconds that EXCHANGES exchanges there and back take on plain sockets."""
    kind = (socket.AF_INET, socket.SOCK_DGRAM)
    with socket.socket(*kind) as a, socket.socket(*kind) as b:
        for sock in (a, b):
            sock.bind(("127.0.0.1", 0))
            sock.settimeout(5)
        to_a, to_b = a.getsockname(), b.getsockname()
        began = time.perf_counter()
        for _ in range(EXCHANGES):
            a.sendto(PAYLOAD, to_b)
            b.recvfrom(65535)
            b.sendto(PAYLOAD, to_a)
            a.recvfrom(65535)
        return time.perf_counter() - began


def helper_datagrams(trace: Trace | None = None) -> float:
    """Return the same for netlib's sender and receiver."""
    with (
        UDPReceiver(trace=trace) as in_a,
        UDPReceiver(trace=trace) as in_b,
        UDPSender(trace=trace) as out_a,
        UDPSender(trace=trace) as out_b,
    ):
        to_a, to_b = in_a.address, in_b.address
        began = time.perf_counter()
        for _ in range(EXCHANGES):
            out_a.send(PAYLOAD, to_b)
            in_b.receive()
            out_b.send(PAYLOAD, to_a)
            in_a.receive()
        return time.perf_counter() - began


def bulk(send_all, receive) -> float:
    """Return the seconds that BULK bytes take from `send_all` to `receive`."""
    data = b"x" * CHUNK

    def produce():
        for _ in range(BULK // CHUNK):
            send_all(data)

    producer = threading.Thread(target=produce)
    began, missing = time.perf_counter(), BULK
    producer.start()
    while missing:
        missing -= len(receive(CHUNK))
    producer.join()
    return time.perf_counter() - began


def plain_stream() -> float:
    """Return the seconds that BULK bytes take over a plain connection."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname(), 5) as a,
        listener.accept()[0] as b,
    ):
        b.settimeout(5)
        return bulk(a.sendall, b.recv)


def helper_stream() -> float:
    """Return the same for netlib's connection."""
    with (
        TCPListener() as listener,
        TCPConnection.connect(listener.address) as a,
        listener.accept() as b,
    ):
        return bulk(a.send_all, b.receive)


def started(code: str) -> float:
    """Return the seconds that a fresh Python takes to run `code`."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def report(name: str, measure, peer, limit: float, compare=lambda a, b: a / b, unit=""):
    """Run both in turn; print the median of the ratios (or of another comparison)."""
    found = sorted(compare(measure(), peer()) for _ in range(RUNS))
    low, middle, high = found[RUNS // 10], statistics.median(found), found[-1 - RUNS // 10]
    print(f"{name:42} {middle:7.3f}{unit}  ({low:.3f} to {high:.3f}; wanted <= {limit})")


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    report("UDP 64 B, no trace / plain", helper_datagrams, plain_datagrams, 1.05)
    report(
        "UDP 64 B, with a trace / plain", lambda: helper_datagrams(Trace()), plain_datagrams, 1.25
    )
    report("TCP bulk / plain", helper_stream, plain_stream, 1.05)
    more = lambda a, b: (a - b) * 1000  # noqa: E731
    loads = (lambda: started("import netlib.sockets"), lambda: started("pass"))
    report("import netlib.sockets - starting Python", *loads, 60, more, " ms")
