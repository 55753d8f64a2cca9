"""A few clients of a chat server that take their time, and note how long each line was away."""

import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack

from netlib.sockets.background import Background
from netlib.trace import Address

Trips = list[tuple[float, float]]  # of each line: when it was sent, when it had come back [s]
PATIENCE = 5.0  # seconds without an answer after which a visit fails


def visits(
    address: Address, names: Sequence[str], lines: int = 4, pause: float = 0.01
) -> dict[str, Trips]:
    """Let clients speak to a chat server, each in a room of its own name; return their trips.

    They connect in the order of `names`, then all begin. Each says `lines` lines, the next one
    `pause` seconds after the last has come back, and leaves. Time 0 is when they begin.
    """
    with ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(address, PATIENCE)) for _ in names]
        began = time.monotonic()
        visitors = [
            stack.enter_context(Background(_visit, client, name, lines, pause, began))
            for client, name in zip(clients, names, strict=True)
        ]
    return {name: each.result for name, each in zip(names, visitors, strict=True)}


def _visit(client: socket.socket, name: str, lines: int, pause: float, began: float) -> Trips:
    trips = []
    with client, client.makefile("rb") as stream:
        client.sendall(name.encode() + b"\n")
        for _ in range(lines):
            sent = time.monotonic() - began
            client.sendall(b"hello\n")
            if stream.readline() != b"hello\n":
                raise ConnectionError(f"expected {name}'s line to come back")
            trips.append((sent, time.monotonic() - began))
            time.sleep(pause)
    return trips
