"""A server of a few lines, listening for as long as a block lasts."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from netlib.sockets.background import Background
from netlib.trace import Address


@contextmanager
def served(serve: Callable, *arguments: object, timeout: float = 2.0) -> Iterator[Address]:
    """Listen on loopback and run `serve(listener, *arguments)` in a thread; yield the address.

    `serve` accepts what it wants to accept, for at most `timeout` seconds each; a client's reset
    ends it quietly. The block waits at its end for `serve` to return, so clients are to be closed
    inside it.
    """

    def run(listener: socket.socket):
        with suppress(ConnectionResetError, BrokenPipeError):
            serve(listener, *arguments)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(timeout)
        with Background(run, listener):
            yield listener.getsockname()
