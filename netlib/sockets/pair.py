"""Both ends of a new connection, for an experiment that needs no listener."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def pair(
    buffer: int | None = None, *, timeout: float | None = 2.0
) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Connect two plain sockets over loopback: the client's, then the server's.

    buffer: bytes to ask for in each of their four kernel buffers. timeout [s] limits every wait.
    """
    with socket.socket() as listener, socket.socket() as client:
        for end in (listener, client):
            end.settimeout(timeout)
            if buffer is not None:  # the accepted one inherits
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
                end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        listener.close()
        with server:
            server.settimeout(timeout)
            yield client, server
