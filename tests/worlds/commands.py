"""What the tests of the relays' command line share: the command as a process, and small servers."""

import functools
import http.server
import re
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from relays import SOON

from netlib.sockets.command import address

LINE = [sys.executable, "-m", "netlib.worlds.relay"]


@contextmanager
def relaying(*arguments: str, stop: int = signal.SIGINT) -> Iterator[SimpleNamespace]:
    """Run the command; yield where it listens and, after the block, how it ended."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*LINE, *arguments], **pipes) as process:
        try:
            headline = process.stdout.readline()
            here = re.match(r"(?:UDP|TCP) (\S+) → ", headline)
            assert here, headline or process.stderr.read()
            command = SimpleNamespace(headline=headline, address=address(here[1]))
            yield command
        finally:
            process.send_signal(stop)
            command.summary, command.errors = process.communicate(timeout=SOON)
            command.code = process.returncode


def query(number: int, name: str) -> bytes:
    """Return a question for the A record of a name: RFC 1035, section 4.1."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return number.to_bytes(2, "big") + b"\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"


class Answer(socketserver.BaseRequestHandler):
    def handle(self):
        asked, sock = self.request
        end = asked.index(b"\0", 12) + 5
        record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton("192.0.2.7")
        head = asked[:2] + b"\x81\x80\0\1\0\1\0\0\0\0"
        sock.sendto(head + asked[12:end] + record, self.client_address)


class Page(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[str]:
    """Serve in a thread; yield HOST:PORT."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield "{}:{}".format(*server.server_address)
        finally:
            server.shutdown()
            thread.join()


def names():
    """Serve DNS, to whom every name is 192.0.2.7."""
    return serving(socketserver.UDPServer(("127.0.0.1", 0), Answer))


def pages(folder) -> socketserver.BaseServer:
    """Serve the files of a folder over HTTP."""
    handler = functools.partial(Page, directory=str(folder))
    return serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
