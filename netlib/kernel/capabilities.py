"""What this machine allows: each capability is tried, nothing is inferred from a version."""

import errno
import os
import socket
import struct
import sys
from collections.abc import Callable
from typing import NamedTuple

from netlib.kernel.gauge import gauge
from netlib.kernel.namespace import alone
from netlib.kernel.tcp_info import tcp_info
from netlib.sockets.pair import pair

IP_RECVERR = 11  # Linux: keep ICMP errors in the socket's error queue, ip(7)


class Capability(NamedTuple):
    """Something a machine may allow: its level, whether it worked, what was seen or went wrong."""

    level: str
    name: str
    works: bool
    detail: str


def capabilities() -> list[Capability]:
    """Try what the notebooks use, level by level; return what worked and what was seen.

    Nothing is inferred from names or versions: each line is the outcome of an attempt.
    """
    return [_attempt(*probe) for probe in PROBES]


def _attempt(level: str, name: str, probe: Callable[[], str]) -> Capability:
    try:
        return Capability(level, name, True, probe())
    except Exception as failure:  # whatever goes wrong is the finding
        return Capability(level, name, False, str(failure) or type(failure).__name__)


def _exchange_datagram(family: int, host: str) -> str:
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        sock.settimeout(1.0)
        sock.sendto(b"?", sock.getsockname())
        sock.recvfrom(1)
    return "a datagram came back"


def _exchange_byte() -> str:
    with pair() as (client, server):
        client.sendall(b"?")
        server.recv(1)
    return "a byte crossed a connection"


def _read_gauge() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        memory = gauge(sock)
    if memory is None:
        raise OSError("this system does not tell (Linux 4.12 and later do)")
    return f"a receive buffer of {memory.limit} bytes, {memory.drops} drops"


def _read_tcp_info() -> str:
    with pair() as (client, _):
        info = tcp_info(client)
    if info is None:
        raise OSError("this system does not tell (Linux does)")
    return f"round trip {info.rtt * 1000:.2f} ms, segments of {info.mss} bytes"


def _read_error_queue() -> str:
    if sys.platform != "linux":
        raise OSError("this system has none (Linux has)")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = closed.getsockname()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        sock.connect(nobody)
        sock.send(b"?")
        ancillary = sock.recvmsg(1, 512, socket.MSG_ERRQUEUE)[1]
    number, _, kind, code = struct.unpack_from("IBBB", ancillary[0][2])
    return f"ICMP type {kind} code {code}, {errno.errorcode[number]}"


def _unshare_network() -> str:
    alone(os.getpid)  # in a child: a process with threads may not do this to itself
    return "a child process got a network of its own"


PROBES = [
    ("L1", "UDP over IPv4", lambda: _exchange_datagram(socket.AF_INET, "127.0.0.1")),
    ("L1", "TCP over IPv4", _exchange_byte),
    ("L1", "UDP over IPv6", lambda: _exchange_datagram(socket.AF_INET6, "::1")),
    ("L2", "queue and drop gauge", _read_gauge),
    ("L2", "TCP's own numbers", _read_tcp_info),
    ("L2", "error queue", _read_error_queue),
    ("L3", "network namespaces", _unshare_network),
]
