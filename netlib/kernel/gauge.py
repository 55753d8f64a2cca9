"""How full a socket's receive queue is, and what the kernel has dropped there."""

import os
import socket
import struct
import sys
from typing import NamedTuple

SO_MEMINFO = 55  # Linux 4.12: nine counters of a socket's memory, include/uapi/linux/sock_diag.h


class Gauge(NamedTuple):
    """A receive queue as the kernel counts it: bytes of memory held, its limit, datagrams dropped.

    The memory includes the kernel's bookkeeping, several hundred bytes for each datagram.
    """

    queued: int
    limit: int
    drops: int


def gauge(endpoint) -> Gauge | None:
    """Return the receive queue of anything with a `fileno`, or None where the kernel won't say.

    Source: SO_MEMINFO (Linux); drops is as in /proc/net/udp, and queued is as its rx_queue until
    datagrams are read: their memory is given back in batches, so that queued can then be too
    large by a quarter of the limit. It is 0 again once the queue is empty.
    """
    if sys.platform != "linux":
        return None
    if not isinstance(endpoint, socket.socket):
        with socket.socket(fileno=os.dup(endpoint.fileno())) as sock:
            return gauge(sock)
    try:
        counters = struct.unpack("9I", endpoint.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36))
    except (OSError, struct.error):
        return None
    return Gauge(queued=counters[0], limit=counters[1], drops=counters[8])
