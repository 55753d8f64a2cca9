"""TCP as context managers: a listener, and connections that carry a stream of bytes (RFC 9293)."""

import socket
import weakref

from netlib.sockets.base import SocketOwner, bound_socket, explained, refuse_impossible, within
from netlib.trace import Address, Trace, named


class IncompleteReadError(EOFError):
    """The stream ended in the middle: `expected` bytes were wanted, `partial` is what came."""

    def __init__(self, expected: int, partial: bytes):
        super().__init__(f"expected {expected} bytes, got {len(partial)}, then the peer closed")
        self.expected, self.partial = expected, partial


class TCPListener(SocketOwner):
    """Wait for connections at one address, on loopback unless `host` says otherwise.

    It listens when the constructor returns, so a client may connect before `accept` is called.
    `timeout` [s] limits every wait here and on the connections it accepts; None waits for ever.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        timeout: float | None = 5.0,
        backlog: int = 128,
        trace: Trace | None = None,
        role: str = "server",
    ):
        super().__init__(bound_socket(socket.SOCK_STREAM, host, port, timeout), trace, role)
        self._socket.listen(backlog)
        self._accepted: weakref.WeakSet[TCPConnection] = weakref.WeakSet()
        self.address: Address = self._socket.getsockname()

    def accept(self) -> "TCPConnection":
        """Wait for the next connection and return it. Raises TimeoutError."""
        waited = self._socket.gettimeout()
        try:
            sock, peer = self._socket.accept()
        except TimeoutError:
            message = f"nobody connected to {named(self.address)} {within(waited)}"
            raise TimeoutError(message) from None
        except OSError as error:
            raise explained(error, f"cannot accept at {named(self.address)}") from None
        if self._trace is not None:
            self._trace.record(self.role, "accept", b"", peer)
        new = TCPConnection(sock, peer, timeout=waited, trace=self._trace, role=self.role)
        self._accepted.add(new)
        return new

    def interrupt(self):
        """End the waits of other threads, for connections and on those accepted here."""
        super().interrupt()
        for connection in self._accepted:
            connection.interrupt()


class TCPConnection(SocketOwner):
    """One end of a connection: bytes in order, with no mark of where one send ended.

    `local` and `peer` are the two addresses, `timeout` [s] limits every wait.
    """

    def __init__(
        self,
        sock: socket.socket,
        peer: Address,
        *,
        timeout: float | None = 5.0,
        trace: Trace | None = None,
        role: str = "client",
    ):
        sock.settimeout(timeout)
        super().__init__(sock, trace, role)
        self.local: Address = sock.getsockname()
        self.peer = peer  # kept here: the kernel forgets it once the peer has gone

    @classmethod
    def connect(
        cls,
        address: Address,
        *,
        timeout: float | None = 5.0,
        trace: Trace | None = None,
        role: str = "client",
    ) -> "TCPConnection":
        """Open a connection to a listener. Raises TimeoutError, ConnectionRefusedError."""
        refuse_impossible(timeout, address[1])
        try:
            sock = socket.create_connection(address[:2], timeout)
        except TimeoutError:
            raise TimeoutError(f"no answer from {named(address)} {within(timeout)}") from None
        except OSError as error:
            raise explained(error, f"cannot connect to {named(address)}") from None
        connection = cls(sock, address, timeout=timeout, trace=trace, role=role)
        connection._record("connect")
        return connection

    def send(self, data: bytes) -> int:
        """Offer bytes to the kernel; return how many it took, which may be fewer than offered."""
        view = _bytes(data)
        self._record("send", view)
        accepted = self._offer(view, 0, len(view))
        if accepted < len(view):
            self._record("partial", note=f"{accepted} of {len(view)} bytes taken")
        return accepted

    def send_all(self, data: bytes):
        """Send every byte, waiting for room as often as needed.

        Raises TimeoutError, which says how much had gone, if the peer stops reading.
        """
        gone, view = 0, _bytes(data)
        self._record("send", view)
        while gone < len(view):
            gone += self._offer(view[gone:], gone, len(view))

    def receive(self, max_size: int = 65536) -> bytes:
        """Wait for bytes and return what there is, up to `max_size`; b"" is the end of the stream.

        Raises TimeoutError, ConnectionResetError.
        """
        try:
            data = self._socket.recv(max_size)
        except TimeoutError:
            self._record("timeout")
            waited = within(self._socket.gettimeout())
            message = f"nothing came from {named(self.peer)} {waited}"
            raise TimeoutError(message) from None
        except OSError as error:
            raise explained(error, f"cannot receive from {named(self.peer)}") from None
        self._record("receive" if data or not max_size else "end of stream", data)
        return data

    def receive_exactly(self, count: int) -> bytes:
        """Wait for exactly `count` bytes. Raises IncompleteReadError if the stream ends before."""
        data = bytearray()
        while len(data) < count:
            piece = self.receive(min(count - len(data), 65536))
            if not piece:
                raise IncompleteReadError(count, bytes(data))
            data += piece
        return bytes(data)

    def send_eof(self):
        """Say that no more bytes will come; receiving goes on (half-close, RFC 9293, 3.6)."""
        self._record("send eof")
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise explained(error, f"cannot end the stream to {named(self.peer)}") from None

    def _offer(self, data: memoryview, gone: int, size: int) -> int:
        try:
            return self._socket.send(data)
        except TimeoutError:
            waited = within(self._socket.gettimeout())
            message = f"{gone} of {size} bytes were taken, then none {waited}"
            raise TimeoutError(f"{message}: is the peer reading?") from None
        except OSError as error:
            raise explained(error, f"cannot send to {named(self.peer)}") from None

    def _record(self, action: str, data: bytes | memoryview = b"", note: str = ""):
        if self._trace is not None:
            self._trace.record(self.role, action, bytes(data), self.peer, note)


def _bytes(data: bytes) -> memoryview:
    try:
        return memoryview(data).cast("B")
    except TypeError:
        raise TypeError(f"data must be bytes, got {data!r}: text needs .encode()") from None
