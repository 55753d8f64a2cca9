"""Notebook 06's asyncio and selectors servers against plain ones that do the same work.

Run it: python tests/benchmarks/servers.py [runs]. Both are loaded in turn, in one run, by the same
clients in a process of their own; what is compared is the server's processor time for a message,
and the throughput. "Plain" is the least code: an asyncio.Protocol, and a loop over selectors, that
cut lines, know rooms, pass each line on, and bound a line and what waits for a client, as the
notebook's do. A room of one is an echo.
"""

import asyncio
import selectors
import socket
import sys
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))
from chat import notebook

from netlib.load import Report, load

CLIENTS, MESSAGES, WANTED = 100, 200, 1.3
LIMIT, MOST = 1000, 100_000  # bytes, as in the notebook


class Plain(asyncio.Protocol):
    """A chat client as asyncio's low-level interface shows it."""

    def __init__(self, rooms: dict):
        self.rooms, self.room, self.rest = rooms, None, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data: bytes):
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            if self.room is None:
                self.room = self.rooms[line]
                self.room.add(self.transport)
            else:
                for other in list(self.room):
                    if not other.is_closing():
                        other.write(line + b"\n")
                        if other.get_write_buffer_size() > MOST:
                            other.abort()
        if len(self.rest) > LIMIT:
            self.transport.abort()

    def connection_lost(self, error):
        if self.room is not None:
            self.room.discard(self.transport)


def plain_asyncio(listener: socket.socket, stop: socket.socket):
    """Serve with asyncio.Protocol until something arrives at `stop`."""

    async def serve():
        loop, rooms = asyncio.get_running_loop(), defaultdict(set)
        await loop.create_server(lambda: Plain(rooms), sock=listener.dup())
        await loop.sock_recv(stop, 1)

    asyncio.run(serve())


def plain_selectors(listener: socket.socket, stop: socket.socket):
    """Serve with a loop over selectors until something arrives at `stop`."""
    rooms, selector = defaultdict(set), selectors.DefaultSelector()
    for sock in (listener, stop):
        selector.register(sock, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            sock = key.fileobj
            if sock is stop:
                return
            if sock is listener:
                sock = listener.accept()[0]
                selector.register(sock, selectors.EVENT_READ, [None, b""])
                continue
            state = key.data
            try:
                data = sock.recv(4096)
            except ConnectionResetError:
                data = b""
            if not data:
                selector.unregister(sock)
                sock.close()
                if state[0] is not None:
                    state[0].discard(sock)
                continue
            *lines, state[1] = (state[1] + data).split(b"\n")
            for line in lines:
                if state[0] is None:
                    state[0] = rooms[line]
                    state[0].add(sock)
                else:
                    for other in list(state[0]):
                        with suppress(OSError):  # it has left, and its turn is yet to come
                            if other.send(line + b"\n") <= len(line):
                                other.shutdown(socket.SHUT_RDWR)
            if len(state[1]) > LIMIT:
                sock.shutdown(socket.SHUT_RDWR)


def run(names: dict, serve, room: int) -> tuple[Report, float]:
    """Load a server; return the report, and its processor time for each message [s]."""
    with names["running"](serve) as address:
        before = time.process_time()
        report = load(address, CLIENTS, MESSAGES, room=room, seconds=60)
        return report, (time.process_time() - before) / report.answered


def compare(names: dict, name: str, ours, plain, room: int, runs: int):
    """Run both in turn; print the medians of the ratios."""
    cpu, rate = [], []
    for _ in range(runs):
        (a, a_cpu), (b, b_cpu) = run(names, ours, room), run(names, plain, room)
        assert a.answered == b.answered == CLIENTS * MESSAGES, f"{a}\n{b}"
        cpu.append(a_cpu / b_cpu)
        rate.append(b.rate / a.rate)
    print(f"{name:10} rooms of {room}: processor time of a message {shown(cpu)},", end=" ")
    print(f"time of a message {shown(rate)} (wanted <= {WANTED})")


def shown(ratios: list[float]) -> str:
    return f"{median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"


def main():
    names, runs = notebook(), int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for room in (1, 4):
        compare(names, "asyncio", names["asynchronous"], plain_asyncio, room, runs)
        compare(names, "selectors", names["selecting"], plain_selectors, room, runs)


if __name__ == "__main__":
    main()
