"""The contract of every protocol here: datagrams and the time go in, datagrams come out."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Endpoint(Protocol):
    """One end of a conversation: a plain object with no socket, clock, thread or randomness.

    Whoever runs it (a simulator, a loop over real sockets) tells it the time in seconds, which
    starts at 0.0 and never goes back, and sends what it returns. Nobody wakes it before its
    deadline; a `wake` that leaves the deadline where it was would be called for ever, so a runner
    may treat that as an error. Bytes that came from a network never raise: drop them and count.
    """

    deadline: float | None
    """When to wake it [s]; None: only a datagram can."""

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        """Take a datagram that has arrived; return the datagrams to send in answer."""
        ...

    def wake(self, now: float) -> list[bytes]:
        """Do what was due at the deadline, and move it; return the datagrams to send."""
        ...
