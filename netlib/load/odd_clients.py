"""Clients that read slowly, or fall silent, for what a task of asyncio does about them."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

HIGH = 40_000  # bytes in the process above which the writer's `drain` waits
NARROW = 4096  # bytes that each socket may hold in the kernel, about
PATIENCE = 0.6  # seconds after which the other side is not waited for any more
SILENCE = 1.2  # likewise, for a server's task that waits itself, for half of that at most


@asynccontextmanager
async def pouring(
    pour: Callable[..., Awaitable], *arguments: object
) -> AsyncIterator[tuple[socket.socket, Callable[[], int]]]:
    """Run `pour(writer, *arguments)` in a task for the block; yield the other end, and a count.

    The other end is a socket that does not block. `count()` says how many bytes this process
    holds for it. What the task raised is raised at the end of the block.
    """
    theirs, ours = socket.socketpair()
    for sock in (theirs, ours):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, NARROW)
        sock.setblocking(False)
    _, writer = await asyncio.open_connection(sock=ours)
    writer.transport.set_write_buffer_limits(high=HIGH)
    task = asyncio.create_task(_poured(writer, pour, arguments))
    try:
        yield theirs, writer.transport.get_write_buffer_size
    finally:
        task.cancel()
        theirs.close()  # before the first await, which may be interrupted
        if writer.transport.get_write_buffer_size():
            try:
                writer.transport.abort()
            finally:  # to free many bytes takes long: an alarm may have broken the first one off
                writer.transport.abort()
        await ended(task)
        await asyncio.sleep(0)  # the transport closes in the loop's next turn
    if error := failure(task):
        raise error


async def _poured(writer: asyncio.StreamWriter, pour: Callable, arguments: tuple):
    try:
        await pour(writer, *arguments)
    finally:
        writer.close()  # what is held goes out first


async def slow_reader(
    pour: Callable[..., Awaitable], *arguments: object, reads: int = 400
) -> list[int]:
    """Read 1000 bytes each time the loop comes round; return how many are held after each read.

    If nothing more comes for a while, or the stream has ended, fewer reads are returned.
    """
    history: list[int] = []
    async with pouring(pour, *arguments) as (theirs, stored):
        with suppress(TimeoutError):
            while len(history) < reads:
                async with asyncio.timeout(PATIENCE):
                    if not await asyncio.get_running_loop().sock_recv(theirs, 1000):
                        break
                history.append(stored())
                await asyncio.sleep(0)
    return history


async def fast_reader(pour: Callable[..., Awaitable], *arguments: object, turns=1000) -> int:
    """Read all there is each time the loop comes round; return how many bytes in so many turns."""
    taken = 0
    async with pouring(pour, *arguments) as (theirs, _):
        for _turn in range(turns):
            with suppress(BlockingIOError):
                taken += len(theirs.recv(65536))
            await asyncio.sleep(0)
    return taken


@dataclass(frozen=True)
class Stay:
    """What a client saw that said its lines and then fell silent.

    heard: what it heard. waited: seconds from its last word to the end of the stream, None if that
    did not come. error: what its server's task raised, if anything.
    """

    heard: bytes
    waited: float | None
    error: BaseException | None


async def fall_silent(
    serve: Callable[..., Awaitable], said: Sequence[bytes], pause: float, *arguments: object
) -> Stay:
    """Say lines, `pause` seconds apart, to a task of `serve(sock, *arguments)`; await the end."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    task, loop = asyncio.ensure_future(serve(ours, *arguments)), asyncio.get_running_loop()
    heard, last, waited = b"", time.monotonic(), None
    with theirs, suppress(OSError):  # a TimeoutError, too
        for line in said:
            await loop.sock_sendall(theirs, line)
            last = time.monotonic()
            await asyncio.sleep(pause)
        async with asyncio.timeout(SILENCE):
            while data := await loop.sock_recv(theirs, 65536):
                heard += data
        waited = time.monotonic() - last
    await ended(task, 0.0 if waited is None else PATIENCE)
    return Stay(heard, waited, failure(task))


async def ended(task: asyncio.Future, grace: float = 0.0):
    """Give a task so many seconds to end by itself, then cancel it; wait a second at most."""
    if grace:
        await asyncio.wait([task], timeout=grace)
    task.cancel()
    await asyncio.wait([task], timeout=1.0)  # it may refuse


def failure(task: asyncio.Future) -> BaseException | None:
    """Return what a task raised, None if it did not, was cancelled or still runs."""
    return task.exception() if task.done() and not task.cancelled() else None
