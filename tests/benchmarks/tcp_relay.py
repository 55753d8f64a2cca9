"""The TCP relay's bulk rate against a direct connection's, and a bare pump's, in the same run.

Run it: python tests/benchmarks/tcp_relay.py [runs]. The median of the runs, and the best of them.
And how long clients wait that all connect at once, and a request among connections that are idle.
"""

import multiprocessing
import selectors
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

from netlib.worlds import TCPRelay

BULK, CHUNK = 256 * 2**20, 65536
FRESH = multiprocessing.get_context("spawn")  # a fork would hold the relay's sockets open


def produce(through: tuple):
    """Send a bulk of bytes once the other end says so, and wait until it has them all."""
    data = bytes(CHUNK)
    with socket.create_connection(through) as sender:
        sender.recv(1)
        for _ in range(BULK // CHUNK):
            sender.sendall(data)
        sender.recv(1)


def consume(listener: socket.socket, pipe):
    """Ask for the bulk, and tell how long it took to come [s]."""
    with listener.accept()[0] as receiver:
        receiver.sendall(b"?")
        began, missing, buffer = time.perf_counter(), BULK, bytearray(CHUNK)
        while missing:
            missing -= receiver.recv_into(buffer)
        pipe.send(time.perf_counter() - began)
        receiver.sendall(b"!")


def bulk(through: tuple, listener: socket.socket) -> float:
    """Return the bytes per second of a stream whose ends are programs of their own.

    In one program the relay's thread and theirs would wait for each other, not for the bytes.
    """
    here, there = FRESH.Pipe()
    ends = (FRESH.Process(target=produce, args=(through,)),)
    ends += (FRESH.Process(target=consume, args=(listener, there)),)
    for each in ends:
        each.start()
    took = here.recv()
    for each in ends:
        each.join()
    return BULK / took


def pump(front: socket.socket, target: tuple):
    """Be the smallest relay that there can be, for one connection and one bulk."""
    with front.accept()[0] as near, socket.create_connection(target) as far:
        buffer = bytearray(4 * CHUNK)
        view, missing = memoryview(buffer), BULK
        near.sendall(far.recv(1))
        while missing:
            count = near.recv_into(buffer)
            far.sendall(view[:count])
            missing -= count
        near.sendall(far.recv(1))


@contextmanager
def crowd(count: int) -> Iterator[tuple[list[float], socket.socket, socket.socket]]:
    """Connect clients all at once; yield how long each of them took to get through the relay [s],
    and both ends of a connection more.
    """
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=4096))
        relay = stack.enter_context(TCPRelay(listener.getsockname()))
        clients = [stack.enter_context(socket.socket()) for _ in range(count)]
        poll, took = stack.enter_context(selectors.DefaultSelector()), []
        poll.register(listener, selectors.EVENT_READ)
        began = time.perf_counter()
        for client in clients:
            client.setblocking(False)
            client.connect_ex(relay.address)
            poll.register(client, selectors.EVENT_READ)
        while len(took) < count:
            if not (ready := poll.select(5)):
                raise TimeoutError(f"{len(took)} of {count} clients got through")
            for key, _ in ready:
                if key.fileobj is listener:
                    stack.enter_context(listener.accept()[0]).sendall(b"!")
                else:
                    took.append(time.perf_counter() - began)
                    poll.unregister(key.fileobj)
        client = stack.enter_context(socket.create_connection(relay.address))
        yield took, client, stack.enter_context(listener.accept()[0])


def round_trip(client: socket.socket, server: socket.socket) -> float:
    began = time.perf_counter()
    client.sendall(b"?")
    server.sendall(server.recv(1))
    client.recv(1)
    return time.perf_counter() - began


def main():
    """Print the rate through the TCP relay, and through two lines of Python, to a direct one's."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    through_ours, through_pump, directly = [], [], []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        target = listener.getsockname()
        for _ in range(runs):
            directly.append(bulk(target, listener))
            with TCPRelay(target) as relay:
                through_ours.append(bulk(relay.address, listener) / directly[-1])
            with socket.create_server(("127.0.0.1", 0)) as front:
                thread = threading.Thread(target=pump, args=(front, target))
                thread.start()
                through_pump.append(bulk(front.getsockname(), listener) / directly[-1])
                thread.join()
    print("TCP, of a direct connection's rate:", shown("ours", through_ours), end=" ")
    print(shown("a bare pump", through_pump))
    print(f"(the direct one: {median(directly) / 1e6:.0f} MB/s)")
    for count in (1, 400):
        with crowd(count) as (took, *ends):
            trips = [round_trip(*ends) for _ in range(500)]
        print(f"{count} at once: connected after {median(took) * 1e3:.3g} ms,", end=" ")
        print(f"worst {max(took) * 1e3:.3g}; then a round trip takes {median(trips) * 1e3:.3g} ms")


def shown(name: str, ratios: list[float]) -> str:
    return f"{name} {median(ratios):.3g} ({max(ratios):.3g})"


if __name__ == "__main__":
    main()
