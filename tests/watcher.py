"""Watch, while others run, that none of their sockets is reachable from beyond this machine."""

import contextlib
import ipaddress
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil

TABLES = {
    "tcp": socket.AF_INET,
    "udp": socket.AF_INET,
    "tcp6": socket.AF_INET6,
    "udp6": socket.AF_INET6,
}


class Watcher:
    """Sample ten times a second the sockets of all that this process has started.

    `strangers` names each address beyond loopback that one of them was bound to. Linux only.
    """

    PERIOD = 0.1  # seconds; a look takes 3 to 10 ms, and what is short-lived notes its own binds

    def __init__(self):
        self.strangers: set[str] = set()
        self.samples = 0
        self._known: set[str] = set()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher")

    def _run(self):
        while not self._done.wait(self.PERIOD):
            self._sample()
            self.samples += 1

    def _sample(self):
        """Look up the sockets not seen before: the kernel may take 10 ms for its tables."""
        descendants = psutil.Process().children(recursive=True)
        new = {inode for child in descendants for inode in _sockets(child.pid)} - self._known
        for table, inode, address in _bound() if new - _unix() else ():
            if inode in new:
                self._known.add(inode)
                if not _is_loopback(address):
                    self.strangers.add(f"{table} {address}")

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._done.set()
        self._thread.join()


def _sockets(process: int) -> Iterator[str]:
    with contextlib.suppress(OSError):  # the process has just ended
        for entry in os.scandir(f"/proc/{process}/fd"):
            with contextlib.suppress(OSError):  # the file has just been closed
                link = os.readlink(entry.path)
                if link.startswith("socket:["):
                    yield link[8:-1]


def _unix() -> set[str]:
    return {line.split()[6] for line in Path("/proc/net/unix").read_text().splitlines()[1:]}


def _bound() -> Iterator[tuple[str, str, str]]:
    """Yield the table, the inode and the local address of every socket that has one."""
    for table, family in TABLES.items():
        for row in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = row.split()
            yield table, fields[9], _address(family, fields[1])


def _address(family: int, text: str) -> str:
    host, port = text.split(":")
    words = bytes.fromhex(host)  # 32-bit words in this machine's byte order: little-endian
    packed = b"".join(words[n : n + 4][::-1] for n in range(0, len(words), 4))
    return f"{socket.inet_ntop(family, packed)} port {int(port, 16)}"


def _is_loopback(address: str) -> bool:
    host = ipaddress.ip_address(address.split()[0])
    return (getattr(host, "ipv4_mapped", None) or host).is_loopback
