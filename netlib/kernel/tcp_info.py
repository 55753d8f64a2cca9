"""What TCP knows about a connection: the kernel's own numbers, one structure a call."""

import os
import socket
import struct
import sys
from typing import Any, NamedTuple

SIZE = 232  # bytes of `struct tcp_info` up to the peer's window, which Linux 5.4 added

# field: its offset, its format, what to multiply by (times are in microseconds);
# include/uapi/linux/tcp.h, which only ever grows at its end
LAYOUT = {
    "rto": (8, "I", 1e-6),
    "ack_delay": (12, "I", 1e-6),
    "mss": (16, "I", 1),
    "unacked": (24, "I", 1),
    "rtt": (68, "I", 1e-6),
    "cwnd": (80, "I", 1),
    "retransmitted": (100, "I", 1),
    "bytes_acked": (120, "Q", 1),
    "bytes_received": (128, "Q", 1),
    "segments_out": (136, "I", 1),
    "segments_in": (140, "I", 1),
    "not_sent": (144, "I", 1),
    "data_segments_in": (152, "I", 1),
    "data_segments_out": (156, "I", 1),
    "busy": (168, "Q", 1e-6),
    "peer_window_limited": (176, "Q", 1e-6),
    "send_buffer_limited": (184, "Q", 1e-6),
    "peer_window": (228, "I", 1),
}


class TCPInfo(NamedTuple):
    """One look at a connection. Counts are since it began; what an older kernel lacks is 0.

    rto, ack_delay, rtt [s]: the timeout, the delay of its next ACK, the smoothed round trip.
    mss: bytes in a segment that it sends, at most. cwnd: segments that congestion control allows
    in flight. peer_window: bytes that the peer has room for. unacked: segments in flight.
    not_sent: bytes written and not yet sent. segments_*: all of them; data_segments_*: those with
    data. busy [s]: with something to send; peer_window_limited, send_buffer_limited: of that, how
    long the peer's window and the size of the send buffer held it up.
    """

    rto: float
    ack_delay: float
    mss: int
    unacked: int
    rtt: float
    cwnd: int
    retransmitted: int
    bytes_acked: int
    bytes_received: int
    segments_out: int
    segments_in: int
    not_sent: int
    data_segments_in: int
    data_segments_out: int
    busy: float
    peer_window_limited: float
    send_buffer_limited: float
    peer_window: int


def tcp_info(endpoint) -> TCPInfo | None:
    """Return the kernel's numbers for anything with a `fileno`, or None where it does not tell.

    Source: TCP_INFO, tcp(7), Linux. Raises OSError for a socket that is closed or not TCP.
    """
    if sys.platform != "linux":
        return None
    with socket.socket(fileno=os.dup(endpoint.fileno())) as sock:
        return parse(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, SIZE))


def parse(raw: bytes) -> TCPInfo:
    """Return what the bytes of a `struct tcp_info` say; of a short one, the rest is 0."""
    padded = raw.ljust(SIZE, b"\0")

    def read(offset: int, form: str, unit: float) -> Any:
        return struct.unpack_from(form, padded, offset)[0] * unit

    return TCPInfo(**{field: read(*where) for field, where in LAYOUT.items()})
