"""Watch which sockets a learner's function opens, what they send, and whether it closes them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


class WatchedSocket(socket.socket):
    """A socket that keeps what it has sent in `sent`, and whether any of it went to itself."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.sent: list[bytes] = []
        self.sent_to_itself = False

    @property
    def closed(self) -> bool:
        return self.fileno() < 0

    def send(self, data, *flags) -> int:
        return self._count(data, super().send(data, *flags))

    def sendto(self, data, *where) -> int:
        return self._count(data, super().sendto(data, *where), where[-1])

    def sendall(self, data, *flags):
        super().sendall(data, *flags)
        self._count(data, len(data))

    def _count(self, data, size: int, to=None) -> int:
        self.sent.append(bytes(data)[:size])
        with suppress(OSError):  # the peer may have gone
            self.sent_to_itself |= _port(to or self.getpeername()) == _port(self.getsockname())
        return size


def _port(address) -> object:
    """Return the port; of an address without one, which is no two sockets', a new object."""
    return address[1] if isinstance(address, tuple) else object()


def sipping(connection: Any, most: int = 7) -> Any:
    """Have a connection's `receive` give a few bytes at a time, as TCP may; return it."""
    receive = connection.receive
    connection.receive = lambda max_size=most: receive(min(max_size, most))
    return connection


@contextmanager
def watched() -> Iterator[list[WatchedSocket]]:
    """Yield the list of all sockets that this process opens inside the block, as they are opened.

    Their waits end after a second unless the function sets a limit of its own. At the end of the
    block those that are still open are closed: look at `closed` before.
    """
    opened: list[WatchedSocket] = []

    class Opened(WatchedSocket):
        def __init__(self, *arguments, **keywords):
            super().__init__(*arguments, **keywords)
            opened.append(self)

    plain, limit = socket.socket, socket.getdefaulttimeout()
    socket.socket = Opened  # type: ignore[misc]
    socket.setdefaulttimeout(1.0)
    try:
        yield opened
    finally:
        socket.socket = plain  # type: ignore[misc]
        socket.setdefaulttimeout(limit)
        for each in opened:
            each.close()
