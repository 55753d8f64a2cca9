"""The contract of every protocol here: datagrams and the time go in, datagrams come out."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Endpoint(Protocol):
    """One end of a conversation: a plain object with no socket, clock, thread or randomness.

    Whatever runs it (a simulator, a loop over real sockets) tells it the time in seconds, which
    starts at 0.0 and never goes back, and sends what it returns. Nobody wakes it before its
    deadline; a `wake` that leaves the deadline where it was would be called for ever, so a runner
    may treat that as an error. Bytes that came from a network never raise: drop them and count.
    """

    @property
    def deadline(self) -> float | None:  # a plain attribute will do as well
        """When to wake it [s]; None: only a datagram can."""
        ...

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take a datagram that has arrived; return the datagrams to send in answer."""
        ...

    def wake(self, now: float) -> list[bytes]:
        """Do what was due at the deadline, and move it; return the datagrams to send."""
        ...


class Responder:
    """An endpoint that acts only when a datagram comes: it has no deadline, so nobody wakes it."""

    deadline = None

    def wake(self, now: float) -> list[bytes]:
        """Do nothing."""
        return []


def expect_endpoint(value: object):
    """Raise TypeError for what does not keep the contract."""
    if not isinstance(value, Endpoint):
        raise TypeError(f"expected an Endpoint (deadline, receive, wake), got {value!r}")
