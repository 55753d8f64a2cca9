"""The send queue, for real: a loopback so slow that the sender's own host loses datagrams.

For `netlib.kernel.namespace.alone`: what is set here is the network namespace's (level L3). The
kernel counts what finds the queue full in SndbufErrors, and `sendto` returns as if all were well,
unless the socket has asked for errors (IP_RECVERR, ip(7)). Source: tc-tbf(8).
"""

import contextlib
import shutil
import socket
import subprocess
from pathlib import Path

SLOW = "qdisc replace dev lo root tbf rate 800kbit burst 2000 limit 3000"  # 3000 bytes may wait


def send_too_fast(count: int = 20, size: int = 1000) -> tuple[int, int, int]:
    """Send `count` datagrams of `size` bytes at once into a queue for three of 1000.

    Returns how many `sendto` took without an error, how many arrived, and how many the kernel
    counted as dropped in the queue. Raises OSError without tc.
    """
    if not (program := shutil.which("tc", path="/usr/sbin:/sbin:/usr/bin:/bin")):
        raise OSError("tc is not installed here")
    slow = subprocess.run([program, *SLOW.split()], capture_output=True, text=True)
    if slow.returncode:
        raise OSError(f"tc: {slow.stderr.strip()}")
    arrived, before = 0, _dropped()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.2)  # the link needs 10 ms for 1000 bytes
        taken = sum(sock.sendto(bytes(size), sock.getsockname()) == size for _ in range(count))
        with contextlib.suppress(TimeoutError):
            while sock.recvfrom(65535):
                arrived += 1
    return taken, arrived, _dropped() - before


def _dropped() -> int:
    """Return how many datagrams this namespace's UDP has lost before they left."""
    lines = Path("/proc/net/snmp").read_text().splitlines()
    names, values = (line.split() for line in lines if line.startswith("Udp:"))
    return int(dict(zip(names, values, strict=True))["SndbufErrors"])
