"""A peer in a process of its own, and what one end sees of the other: a result, or an ending."""

import errno
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PEER = """
import socket, sys
sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
sys.stdin.read()
"""


@contextmanager
def pair_with_process() -> Iterator[tuple[socket.socket, subprocess.Popen]]:
    """Connect a socket here to one in a process of its own; yield the socket and the process.

    The process does nothing with its socket, and exits when its `stdin` is closed.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5.0)
        command = [sys.executable, "-I", "-S", "-c", PEER, str(listener.getsockname()[1])]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            mine, _ = listener.accept()
            with mine:
                mine.settimeout(2.0)
                yield mine, process


def outcome(call: Callable, *arguments: object) -> str:
    """Return what a call returned, as its `repr`; of an OSError, its name, such as "EPIPE"."""
    try:
        return repr(call(*arguments))
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, type(error).__name__)


def read_all(sock: socket.socket) -> tuple[int, str]:
    """Return how many bytes come, and what ends them: "FIN" or "RST"."""
    count = 0
    try:
        while data := sock.recv(65536):
            count += len(data)
    except ConnectionResetError:
        return count, "RST"
    return count, "FIN"
