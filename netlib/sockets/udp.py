"""UDP as context managers: datagrams out, datagrams in (RFC 768)."""

import contextlib
import errno
import socket
from typing import NamedTuple

from netlib.sockets.base import LIMITS, SocketOwner, bound_socket, explained, within
from netlib.trace import Address, Trace, named

ROOM = 65536  # more than any datagram: Windows reports one that does not fit as an error


class Datagram(NamedTuple):
    """A datagram as it arrived: its payload, who sent it, whether its end was cut off and lost."""

    payload: bytes
    source: Address
    truncated: bool = False


class UDPSender(SocketOwner):
    """Send datagrams from one socket.

    It is bound at once, to loopback unless `host` says otherwise, so `address` is known from the
    start. `timeout` [s] limits every wait; None waits for ever.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        timeout: float | None = 5.0,
        trace: Trace | None = None,
        role: str = "sender",
    ):
        super().__init__(bound_socket(socket.SOCK_DGRAM, host, port, timeout), trace, role)
        self.address: Address = self._socket.getsockname()
        self._timeout = timeout
        self._socket.setblocking(False)  # there is nearly always room: to wait for it first costs

    def send(self, payload: bytes, destination: Address) -> int:
        """Send one datagram; return its size. That it was sent does not mean that it arrives.

        Raises TypeError for text, OSError (EMSGSIZE) above the limit of one datagram.
        """
        try:
            if self._trace is not None:
                payload = payload if type(payload) is bytes else bytes(memoryview(payload))
                self._trace.record(self.role, "send", payload, destination)
            return self._socket.sendto(payload, destination)
        except (BlockingIOError, ConnectionResetError):  # no room, or Windows tells by 10054 that
            return self._send_again(payload, destination)  # an earlier datagram found nobody
        except TypeError as error:
            raise _not_sendable(payload, destination, error) from None
        except OSError as error:
            raise self._failed(error, payload, destination) from None

    def _send_again(self, payload: bytes, destination: Address) -> int:
        self._socket.settimeout(self._timeout)
        try:
            return self._socket.sendto(payload, destination)
        except OSError as error:
            raise self._failed(error, payload, destination) from None
        finally:
            self._socket.setblocking(False)

    def _failed(self, error: OSError, payload: bytes, destination: Address) -> OSError:
        if self._trace is not None:
            self._trace.record(self.role, "failed", payload, destination)
        if isinstance(error, TimeoutError):
            return TimeoutError(f"no room in the send buffer {within(self._timeout)}")
        if error.errno == errno.EMSGSIZE:
            return OSError(errno.EMSGSIZE, _too_long(payload, self._socket.family))
        doing = f"cannot send from {named(self.address)} to {named(destination)}"
        here = self.address[0] in ("127.0.0.1", "::1")
        if error.errno == errno.EINVAL and here and destination[1]:  # port 0 is EINVAL, too
            doing += " (bound to loopback, nothing leaves this machine; open with another host)"
        return explained(error, doing)


class UDPReceiver(SocketOwner):
    """Receive datagrams at one address.

    It is bound when the constructor returns: whatever is sent to `address` from then on waits in
    the kernel's buffer (as long as there is room). `timeout` [s] limits every wait.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        timeout: float | None = 5.0,
        trace: Trace | None = None,
        role: str = "receiver",
    ):
        super().__init__(bound_socket(socket.SOCK_DGRAM, host, port, timeout), trace, role)
        self.address: Address = self._socket.getsockname()
        self._interrupted = False

    def receive(self, max_size: int = 65535) -> Datagram:
        """Wait for one datagram and return it; bytes beyond `max_size` are cut off and gone.

        Raises TimeoutError, which names this address and how long the wait was.
        """
        if max_size < 0:
            raise ValueError(f"max_size must be 0 or more, got {max_size!r}")
        try:
            if not self._interrupted:
                payload, source = self._socket.recvfrom(ROOM)
            if self._interrupted:
                raise OSError(errno.ECANCELED, "interrupted")
        except OSError as error:
            raise self._failed(error) from None
        datagram = Datagram(payload[:max_size], source, len(payload) > max_size)
        if self._trace is not None:
            note = "truncated" if datagram.truncated else ""
            self._trace.record(self.role, "receive", datagram.payload, source, note)
        return datagram

    def interrupt(self):
        """End a wait of another thread with an OSError (ECANCELED); later ones end so at once."""
        self._interrupted = True
        # not shutdown: a UDP socket with a timeout then spins until the time is up
        with contextlib.suppress(OSError):
            self._socket.sendto(b"", self.address)

    def _failed(self, error: OSError) -> OSError:
        if not isinstance(error, TimeoutError):
            return explained(error, f"cannot receive at {named(self.address)}")
        if self._trace is not None:
            self._trace.record(self.role, "timeout")
        waited = within(self._socket.gettimeout())
        return TimeoutError(f"no datagram arrived at {named(self.address)} {waited}")


def _not_sendable(payload: object, destination: object, error: TypeError) -> TypeError:
    if isinstance(payload, str):
        return TypeError(f"payload must be bytes, got the text {payload!r}: use .encode()")
    if not isinstance(payload, bytes | bytearray | memoryview):
        return TypeError(f"payload must be bytes, got {payload!r}")
    return TypeError(f"destination must be (host, port), got {destination!r}: {error}")


def _too_long(payload: bytes, family: int) -> str:
    limit, version = LIMITS[family], 4 if family == socket.AF_INET else 6
    if len(payload) <= limit:
        return f"this system's limit is below {len(payload)} bytes (macOS: net.inet.udp.maxdgram)"
    return f"a UDP datagram over IPv{version} carries at most {limit} bytes, got {len(payload)}"
