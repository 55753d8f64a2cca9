"""Fragments of IPv4, for real: counted and lost on a loopback with packets as short as Ethernet's.

For `netlib.kernel.namespace.alone`: what is set here is the network namespace's (level L3). The
fragments of an incomplete datagram wait 30 s for the missing one, in 4 MB of memory for all of
them (ipfrag_time, ipfrag_high_thresh); once that is full, the kernel loses every cut datagram. So
`datagrams_lost` takes no more of them than leave room.
"""

import contextlib
import socket
from math import ceil

from netlib.kernel.namespace import counter, run, set_up

MTU = 1500  # bytes of a packet: Ethernet's
MEMORY = 4 * 2**20  # bytes, Linux's ipfrag_high_thresh
BUFFER = 2304  # bytes that the kernel counts for a fragment of 1500, about
DROP = "iptables -t raw -A PREROUTING -i lo -m statistic --mode random --probability {} -j DROP"


def fragments_created(sizes: list[int]) -> list[int]:
    """Send a datagram of each size [bytes]; return how many fragments the kernel made of each.

    Source: FragCreates of /proc/net/snmp, which is 0 for a datagram that needs no cutting.
    """
    set_up(MTU)
    created = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        for size in sizes:
            before = counter("Ip", "FragCreates")
            sock.sendto(bytes(size), sock.getsockname())
            created.append(counter("Ip", "FragCreates") - before)
            sock.recv(65535)
    return created


def datagrams_lost(size: int, p: float, count: int) -> int:
    """Send `count` datagrams of `size` bytes while the kernel drops each packet with probability p.

    Returns how many did not arrive. Raises OSError without iptables, ValueError for so many that
    the incomplete ones would fill the kernel's memory.
    """
    fragments = ceil((size + 8) / (MTU - 20))  # with the header of UDP, without that of IP
    lost = 1 - (1 - p) ** fragments
    most = count * lost + 4 * (count * lost * (1 - lost)) ** 0.5  # four standard deviations
    if fragments > 1 and most * fragments * BUFFER > MEMORY:
        raise ValueError(f"expected fewer datagrams of {size} bytes, got {count}: no room for them")
    set_up(MTU)
    run(DROP.format(p))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)  # on loopback, what arrives has arrived when sendto returns
        return count - sum(_crosses(sock, size) for _ in range(count))


def _crosses(sock: socket.socket, size: int) -> bool:
    sock.sendto(bytes(size), sock.getsockname())
    with contextlib.suppress(BlockingIOError):
        return len(sock.recv(65535)) == size
    return False
