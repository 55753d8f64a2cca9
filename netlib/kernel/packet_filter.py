"""Tell the kernel which packets a socket shall not see: classic BPF programs (Linux)."""

import ctypes
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27  # include/uapi/asm-generic/socket.h


class Step(NamedTuple):
    """One instruction: code, how far to jump if true and if false, and its constant."""

    code: int
    if_true: int = 0
    if_false: int = 0
    constant: int = 0


# linux/bpf_common.h; X and A are the registers, a half has two bytes
RETURN, JUMP, JUMP_EQUAL, AND = 0x06, 0x05, 0x15, 0x54
LOAD_BYTE, LOAD_HALF_BEHIND_X, SET_X, SET_X_TO_IPV4_HEADER = 0x30, 0x48, 0x01, 0xB1
DROP_ALL = [Step(RETURN, constant=0)]


def only_port(port: int) -> list[Step]:
    """Return a program for IPv4 and IPv6 packets: keep the TCP segments to and from one port."""
    return [
        Step(LOAD_BYTE, constant=0),
        Step(AND, constant=0xF0),  # the version
        Step(JUMP_EQUAL, 3, 0, 0x60),
        Step(SET_X_TO_IPV4_HEADER),  # 4 * (first byte & 15): where the next header begins
        Step(LOAD_BYTE, constant=9),  # the protocol
        Step(JUMP, constant=2),
        Step(SET_X, constant=40),
        Step(LOAD_BYTE, constant=6),  # the next header
        Step(JUMP_EQUAL, 0, 5, socket.IPPROTO_TCP),
        Step(LOAD_HALF_BEHIND_X, constant=0),  # the source port
        Step(JUMP_EQUAL, 2, 0, port),
        Step(LOAD_HALF_BEHIND_X, constant=2),  # the destination port
        Step(JUMP_EQUAL, 0, 1, port),
        Step(RETURN, constant=65535),  # keep so many bytes of the packet
        Step(RETURN, constant=0),
    ]


def attach(sock: socket.socket, program: list[Step]):
    """Have the kernel ask a program about each packet for this socket. Raises OSError.

    No privilege is needed. Source: Documentation/networking/filter.rst.
    """
    if sys.platform != "linux":
        raise OSError("packet filters on sockets are asked for as Linux does; this is another")
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    pointer = struct.pack("HP", len(program), ctypes.addressof(code))  # struct sock_fprog
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, pointer)


@contextmanager
def unplugged(sock: socket.socket) -> Iterator[None]:
    """Drop all that arrives for a TCP socket, unseen and unacknowledged, for the block's time.

    To its peer it has vanished: so looks a host that lost its power, or a cable pulled out.
    Raises OSError where the kernel has no such filters.
    """
    attach(sock, DROP_ALL)
    try:
        yield
    finally:
        if sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
