"""The send queue, for real: a loopback so slow that the sender's own host loses datagrams.

For `netlib.kernel.namespace.alone`: what is set here is the network namespace's (level L3). The
kernel counts what finds the queue full in SndbufErrors, and `sendto` returns as if all were well,
unless the socket has asked for errors (IP_RECVERR, ip(7)). Source: tc-tbf(8).
"""

import contextlib
import socket

from netlib.kernel.namespace import counter, run

SLOW = "tc qdisc replace dev lo root tbf rate 800kbit burst 2000 limit 3000"  # 3000 bytes may wait


def send_too_fast() -> tuple[int, int, int]:
    """Send 20 datagrams of 1000 bytes at once into a queue for three of them.

    Returns how many `sendto` took without an error, how many arrived, and how many the kernel
    counted as dropped in the queue. Raises OSError without tc.
    """
    run(SLOW)
    arrived, before = 0, counter("Udp", "SndbufErrors")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.2)  # the link needs 10 ms for 1000 bytes
        taken = sum(sock.sendto(bytes(1000), sock.getsockname()) == 1000 for _ in range(20))
        with contextlib.suppress(TimeoutError):
            while sock.recvfrom(65535):
                arrived += 1
    return taken, arrived, counter("Udp", "SndbufErrors") - before
