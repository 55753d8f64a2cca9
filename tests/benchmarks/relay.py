"""The UDP relay against what is asked of it, and against plain ones in the same run.

Run it: python tests/benchmarks/relay.py [runs]. It needs Linux: the kernel stamps each datagram
when it arrives behind the relay, so that what is measured is the relay and not its audience. Each
line has the median of the runs and the best of them; on a machine that does other things, the best
is closer to what the code can do. Times in ms, processor time in microseconds for each datagram.

"bare" is the least that Python can do with the same tricks: one client, a fixed delay, no link, no
counters. "least" is not even a relay: it sleeps until the next is due and sends it. No relay that
wakes up for each datagram can take less, in any language; above 1000/s, they take several at once.
"""

import asyncio
import multiprocessing
import select
import socket
import struct
import sys
import time
from collections import deque
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle, islice
from statistics import median

from netlib.kernel.open_files import allow_files
from netlib.links.link import Link
from netlib.sockets import UDPReceiver
from netlib.worlds import Relay

ASKED, SIZE = 0.020, 1200
STAMP = struct.Struct("!Iq")  # number, time of day at the sender [ns]
SO_TIMESTAMPNS = 35
RATES = ((1000, 4.0), (5000, 2.0), (20000, 2.0))  # datagrams per second, for so many seconds
PATIENCE = 0.002  # seconds that the sender may be behind its schedule


@contextmanager
def destination():
    """Yield a socket with room for a burst, in which the kernel notes when things arrived."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 2**20)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock


def drive(through: tuple, sock: socket.socket, rate: int, seconds: float) -> list[float]:
    """Send at a steady rate; return the errors of the delay [s] of what arrived, sorted.

    If this process was kept from running, it goes on from there: a burst would be another load.
    """
    total, sent, errors = int(rate * seconds), 0, []
    padding = bytes(SIZE - STAMP.size)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        began = time.perf_counter()
        while len(errors) < total and time.perf_counter() < began + seconds + 1:
            while sent < total and (late := time.perf_counter() - began - sent / rate) >= 0:
                began += max(0.0, late - PATIENCE)
                out.sendto(STAMP.pack(sent, time.time_ns()) + padding, through)
                sent += 1
            errors += collected(sock)
            until_next = began + sent / rate - time.perf_counter() if sent < total else 0.05
            select.select([sock], [], [], max(0.0, until_next))
    return sorted(errors)


def collected(sock: socket.socket) -> list[float]:
    """Take what has arrived; return by how much each was later than asked [s]."""
    errors = []
    while True:
        try:
            payload, ancillary, _, _ = sock.recvmsg(2048, 64)
        except BlockingIOError:
            return errors
        seconds, nanoseconds = struct.unpack("@ll", ancillary[0][2])
        left = STAMP.unpack_from(payload)[1]
        errors.append((seconds * 10**9 + nanoseconds - left) * 1e-9 - ASKED)


def ours(rate: int, seconds: float) -> tuple[list[float], float]:
    """Return the errors [s], and the processor time for each datagram [s]."""
    with destination() as sock, Relay(sock.getsockname(), Link(delay=ASKED), Link()) as relay:
        errors = drive(relay.address, sock, rate, seconds)
        return errors, relay.report.cpu / len(errors)


def other(relay, rate: int, seconds: float) -> tuple[list[float], float]:
    """Return the same for a relay that is a function, run in a process."""
    here, there = multiprocessing.Pipe()
    with destination() as sock:
        process = multiprocessing.Process(target=relay, args=(there, sock.getsockname()))
        process.start()
        errors = drive(here.recv(), sock, rate, seconds)
        here.send("stop")
        cpu = here.recv()
        process.join()
    return errors, cpu / len(errors)


def asyncio_relay(pipe, target: tuple):
    """Be a plain asyncio relay, which does nothing but call_later."""

    async def run():
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        onward, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=target
        )

        class Front(asyncio.DatagramProtocol):
            def datagram_received(self, data, source):
                loop.call_later(ASKED, onward.sendto, data)

        front, _ = await loop.create_datagram_endpoint(Front, local_addr=("127.0.0.1", 0))
        pipe.send(front.get_extra_info("sockname"))
        loop.add_reader(pipe.fileno(), stop.set)
        before = time.process_time()
        await stop.wait()
        pipe.send(time.process_time() - before)

    asyncio.run(run())


def bare_relay(pipe, target: tuple):
    """Be the least relay: when one is to leave, take what has come, and send what is due."""
    with destination() as front, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as onward:
        onward.connect(target)
        pipe.send(front.getsockname())
        on_way, before = deque(), time.process_time()
        while not pipe.poll():
            if on_way:
                time.sleep(max(0.0, on_way[0][0] - time.time() - 50e-6))
            else:
                select.select([front, pipe], [], [])
            with suppress(BlockingIOError):
                while True:
                    payload, ancillary, _, _ = front.recvmsg(65535, 64)
                    seconds, nanoseconds = struct.unpack("@ll", ancillary[0][2])
                    on_way.append((seconds + nanoseconds * 1e-9 + ASKED, payload))
            while on_way and on_way[0][0] <= time.time():
                onward.send(on_way.popleft()[1])
        pipe.send(time.process_time() - before)


def least(rate: int, seconds: float) -> float:
    """Return the processor time [s] of one wake-up, and of one sendto that wakes its reader."""
    with destination() as sock, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        sock.setblocking(True)
        reader = multiprocessing.Process(target=read_all, args=(sock,))
        reader.start()
        count, payload, before = int(rate * seconds), bytes(SIZE), time.process_time()
        for _ in range(count):
            time.sleep(1 / rate)
            out.sendto(payload, sock.getsockname())
        took = time.process_time() - before
        out.sendto(b"", sock.getsockname())
        reader.join()
    return took / count


def read_all(sock: socket.socket):
    """Wait for datagrams until an empty one."""
    while sock.recv(SIZE):
        pass


RELAYS = {
    "ours": ours,
    "asyncio": lambda *traffic: other(asyncio_relay, *traffic),
    "bare": lambda *traffic: other(bare_relay, *traffic),
}


def datagrams(rate: int, seconds: float, runs: int):
    """Print how the relays did, run by run in turn."""
    found = {name: [] for name in RELAYS}
    floor = []
    for _ in range(runs):
        floor.append(least(rate, seconds / 4))
        for name, relay in RELAYS.items():
            errors, cpu = relay(rate, seconds)
            p50, p90 = (errors[int(len(errors) * q)] * 1e3 for q in (0.5, 0.9))
            lost = int(rate * seconds) - len(errors)
            found[name].append((errors[0] * 1e3, p50, p90, lost, cpu * 1e6))
    for name, rows in found.items():
        earliest, p50, p90, lost, cpu = zip(*rows, strict=True)
        print(f"{rate:6}/s {name:8}", shown("p50", p50), shown("p90", p90), end="")
        print(f" earliest {min(earliest):+.3f}  lost {lost}", shown(" cpu", cpu))
    spent = {name: [row[-1] for row in rows] for name, rows in found.items()}
    spent["least"] = [1e6 * took for took in floor]
    for name in ("ours", "bare", "least"):
        ratios = [one / plain for one, plain in zip(spent[name], spent["asyncio"], strict=True)]
        print(f"{rate:6}/s processor time,", shown(f"{name} / asyncio", ratios))
    print()


def starts(runs: int):
    """Print how long a relay takes to be ready, and to stop."""
    ready, stopped = [], []
    for _ in range(5 * runs):
        began = time.perf_counter()
        with Relay(("127.0.0.1", 9), Link(), Link()):
            ready.append((time.perf_counter() - began) * 1e3)
            began = time.perf_counter()
        stopped.append((time.perf_counter() - began) * 1e3)
    print(shown("ready after [ms]", ready), shown("stopped after", stopped))


def by_clients(runs: int):
    """Print the processor time that a datagram costs among so many clients, in turn."""
    found: dict[int, list[float]] = {count: [] for count in (1, 200, 800)}
    for _ in range(runs):
        for count, rows in found.items():
            rows.append(among(count) * 1e6)
    for count, rows in found.items():
        print(f"{count:6} clients", shown("cpu", rows))


def among(count: int, questions: int = 2000) -> float:
    """Return the processor time [s] of a relay for each datagram, question or answer."""
    allow_files(1000)
    with ExitStack() as stack:
        server = stack.enter_context(UDPReceiver())
        relay = stack.enter_context(Relay(server.address, Link(), Link(), max_clients=count))
        clients = [stack.enter_context(UDPReceiver()) for _ in range(count)]
        ask(relay, server, clients)
        before = relay.report.cpu
        ask(relay, server, islice(cycle(clients), questions))
        return (relay.report.cpu - before) / (2 * questions)


def ask(relay: Relay, server: UDPReceiver, clients):
    for client in clients:
        client._socket.sendto(bytes(200), relay.address)
        server._socket.sendto(bytes(200), server.receive().source)
        client.receive()


def shown(name: str, values: list[float], best=min) -> str:
    return f"{name} {median(values):.3g} ({best(values):.3g})"


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    starts(runs)
    by_clients(runs)
    for rate, seconds in RATES:
        datagrams(rate, seconds, runs)


if __name__ == "__main__":
    main()
