"""Run a server for as long as a `with` block lasts, and let it stop.

For `served`, a server is a function `serve(listener)` that ends on its own. For `running`, it is
`serve(listener, stop)` and returns once something arrives at `stop`: a program can wait for
several sockets at once, but not for a socket and a variable.
"""

import asyncio
import selectors
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress

from netlib.sockets.background import Background, wakeup_pair
from netlib.trace import Address

PAUSE = 0.01  # seconds until the next attempt to accept, after one that failed


def accepted(listener: socket.socket) -> socket.socket | None:
    """Accept a connection; return None, after a pause, if it has gone or no file is left."""
    try:
        return listener.accept()[0]
    except OSError:
        time.sleep(PAUSE)  # the listener stays ready: do not spin
        return None


def arrivals(listener: socket.socket, stop: socket.socket) -> Iterator[socket.socket]:
    """Yield the connections that come, until something arrives at `stop`."""
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(stop, selectors.EVENT_READ)
        while stop not in [key.fileobj for key, _ in selector.select()]:
            if connection := accepted(listener):
                yield connection


async def arrivals_to_await(
    listener: socket.socket, stop: socket.socket
) -> AsyncIterator[socket.socket]:
    """Yield what `arrivals` yields, and let other tasks run meanwhile."""
    loop = asyncio.get_running_loop()
    ending = loop.create_task(loop.sock_recv(stop, 1))
    while not ending.done():
        accepting = loop.create_task(loop.sock_accept(listener))
        await asyncio.wait([ending, accepting], return_when=asyncio.FIRST_COMPLETED)
        if not accepting.done():
            accepting.cancel()
        elif accepting.exception():
            await asyncio.sleep(PAUSE)
        else:
            yield accepting.result()[0]


def hang_up(connection: socket.socket):
    """End both directions; whoever waits in `recv` for this socket wakes up, also in a thread."""
    with suppress(OSError):  # it may have gone
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def running(serve: Callable, *arguments: object, host: str = "127.0.0.1") -> Iterator[Address]:
    """Run `serve(listener, stop, *arguments)` in a thread for a block; yield where it listens.

    That is a port of loopback, unless `host` says otherwise. What is accepted has TCP_NODELAY
    from the listener. At the end of the block the server is stopped and waited for; what it
    raised is raised there.
    """
    stop, bell = wakeup_pair()
    with stop, bell, socket.create_server((host, 0), backlog=1024) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setblocking(False)
        stop.setblocking(False)
        with Background(serve, listener, stop, *arguments):
            try:
                yield listener.getsockname()
            finally:
                bell.send(b"!")


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
