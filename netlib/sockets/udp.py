"""UDP as context managers: datagrams out, datagrams in (RFC 768)."""

import errno
import socket
from typing import NamedTuple

from netlib.sockets.opening import LIMITS, SocketOwner, bound_socket, explained, named
from netlib.trace import Address, Trace

_new = tuple.__new__


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
        self._sendto = self._socket.sendto  # looked up once: it is called for every datagram

    def send(self, payload: bytes, destination: Address) -> int:
        """Send one datagram; return its size. That it was sent does not mean that it arrives.

        Raises TypeError for text, OSError (EMSGSIZE) above the limit of one datagram.
        """
        try:
            if self._trace is not None:
                payload = payload if type(payload) is bytes else bytes(memoryview(payload))
                self._trace.record(self.role, "send", payload, destination)
            return self._sendto(payload, destination)
        except TypeError as error:
            raise _not_sendable(payload, destination, error) from None
        except OSError as error:
            raise self._failed(error, payload, destination) from None

    def _failed(self, error: OSError, payload: bytes, destination: Address) -> OSError:
        if self._trace is not None:
            self._trace.record(self.role, "failed", payload, destination)
        if isinstance(error, TimeoutError):
            return TimeoutError(f"the send buffer was full for {self._socket.gettimeout():g} s")
        if error.errno == errno.EMSGSIZE:
            return OSError(errno.EMSGSIZE, _too_long(payload, self._socket.family))
        doing = f"cannot send from {named(self.address)} to {named(destination)}"
        if error.errno == errno.EINVAL and self.address[0] in ("127.0.0.1", "::1"):
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
        self._recvfrom = self._socket.recvfrom  # looked up once, as above

    def receive(self, max_size: int = 65535) -> Datagram:
        """Wait for one datagram and return it; bytes beyond `max_size` are cut off and gone.

        Raises TimeoutError, which names this address and how long the wait was.
        """
        try:
            # one byte more than asked for, to see whether there was more
            payload, source = self._recvfrom(max_size + 1)
        except OSError as error:
            raise self._failed(error) from None
        if len(payload) > max_size or self._trace is not None:
            return self._noted(payload, source, max_size)
        return _new(Datagram, (payload, source, False))  # half the time of Datagram(...)

    def _noted(self, payload: bytes, source: Address, max_size: int) -> Datagram:
        datagram = Datagram(payload[:max_size], source, truncated=len(payload) > max_size)
        if self._trace is not None:
            note = "truncated" if datagram.truncated else ""
            self._trace.record(self.role, "receive", datagram.payload, source, note)
        return datagram

    def _failed(self, error: OSError) -> OSError:
        if not isinstance(error, TimeoutError):
            return explained(error, f"cannot receive at {named(self.address)}")
        if self._trace is not None:
            self._trace.record(self.role, "timeout")
        waited = self._socket.gettimeout()
        return TimeoutError(f"no datagram arrived at {named(self.address)} within {waited:g} s")


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
