"""How many bytes of a TCP connection wait in one end's two buffers."""

import os
import socket
import struct
import sys
from typing import NamedTuple

if sys.platform == "linux":
    import fcntl
    import termios


class TCPQueues(NamedTuple):
    """Bytes that wait at one end: `send`, not yet acknowledged; `receive`, not yet read.

    Until its ACK, which may be delayed by 40 ms, a byte is in one's send and the other's receive.
    """

    send: int
    receive: int


def tcp_queues(endpoint) -> TCPQueues | None:
    """Return the two queues of anything with a `fileno`, or None where the kernel does not tell.

    They are Send-Q and Recv-Q of `ss`: bytes of the stream, without the kernel's bookkeeping.
    Source: SIOCOUTQ and SIOCINQ, tcp(7), Linux. Raises OSError for a socket that is closed.
    """
    if sys.platform == "linux":
        with socket.socket(fileno=os.dup(endpoint.fileno())) as sock:
            to_send = fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4))
            to_read = fcntl.ioctl(sock, termios.FIONREAD, bytes(4))
        return TCPQueues(*struct.unpack("ii", to_send + to_read))
    return None
