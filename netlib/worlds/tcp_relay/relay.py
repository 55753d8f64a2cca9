"""World 2 for TCP: a byte stream made late and slow. It cannot be made lossy.

A relay of a stream ends one TCP connection and begins another. Each of the two kernels has
acknowledged what it gave to the relay and keeps no copy: bytes that the relay drops are never sent
again, and the stream is not late, it is wrong (a `hole` shows it). Segments are lost below TCP: in
a relay between two kernels, or in the simulator. Nor can it delay the handshake, which its own
kernel answers. It can hold bytes back, read no more than it has room for, so that a fast sender has
to wait, and pass on both kinds of end: EOF, so that a connection can be half closed, and a reset.
"""

import socket
import threading
import weakref

from netlib import checks
from netlib.sockets.background import opening
from netlib.sockets.base import named, resolved
from netlib.trace import Address
from netlib.worlds.relay import RelayDied
from netlib.worlds.tcp_relay.loop import Loop, StreamReport

NOT_HERE = ("loss", "duplicate", "reorder")


class TCPRelay:
    """Stand in for the TCP server at `destination`, behind a slow path.

    delay: seconds each way. rate: bits per second each way, which all connections share, first
    come, first sent; None: no limit. back: (delay, rate) of the way back, if they differ. room:
    bytes of a connection that may be on their way in each direction; a faster sender has to wait,
    so that no more than room / delay bytes per second get through. hole: the numbers of bytes to
    leave out of each stream on the way there, such as range(100, 200). host, port: where to listen;
    loopback and any free port unless they say so.

    Urgent bytes (MSG_OOB) go on in their place, as ordinary ones.
    """

    def __init__(
        self,
        destination: Address,
        *,
        delay: float = 0.0,
        rate: float | None = None,
        back: tuple[float, float | None] | None = None,
        room: int = 2**20,
        hole: range = range(0),
        host: str | None = None,
        port: int = 0,
        **impossible,
    ):
        self._settings = _path_settings(delay, rate, back, **impossible)
        checks.whole("room", room, " of bytes", least=1)
        if not isinstance(hole, range) or hole.step != 1:
            raise ValueError(f"hole must be a range of byte numbers in a row, got {hole!r}")
        self.destination, self._room, self._hole = destination, room, hole
        self._target = resolved(destination, socket.SOCK_STREAM)
        loopback = "::1" if self._target[0] == socket.AF_INET6 else "127.0.0.1"
        self._host, self._port = host or loopback, port
        self._thread: threading.Thread | None = None
        self._loop: Loop | None = None  # the latest one

    def start(self) -> "TCPRelay":
        """Begin to relay, and return itself; a `with` block calls this."""
        if self._thread is not None:
            raise RuntimeError(f"this relay is running already, at {named(self.address)}")
        paths = _paths(**self._settings)
        loop = Loop(self._host, self._port, self._target, paths, self._room, self._hole)
        thread = threading.Thread(target=loop.run, name="TCPRelay", daemon=True)
        self._loop, self._thread = loop, thread
        weakref.finalize(self, loop.stop)  # if it is forgotten, its thread ends
        with opening(self.close):
            thread.start()
        return self

    def close(self):
        """Reset all connections that are not over. Closing twice is harmless.

        Raises RelayDied if it has died and was not closed since.
        """
        if self._thread is None or self._loop is None:
            return
        self._loop.stop()
        if self._thread.ident is not None:  # else it never began: there was no room for a thread
            self._thread.join()
        self._loop.release()
        self._thread = None
        try:
            self._latest()
        finally:
            self._loop.failure = None

    def dial(self, **changes):
        """Go on with another `delay`, `rate` or `back`; bytes on their way keep their times."""
        settings = _path_settings(**(self._settings | changes))
        self._latest().dial(*_paths(**settings))
        self._settings = settings

    def silence(self, silent: bool = True):
        """Pass on nothing from now on, and accept nobody, yet close nothing: as a host that froze.

        The relay's kernel still acknowledges what it has room for, so that a sender notices only
        by the answers that do not come. False ends it.
        """
        self._latest().silence(silent)

    def reset(self):
        """Reset all connections, also those that wait to be accepted, and go on."""
        self._latest().reset()

    @property
    def address(self) -> Address:
        """Where clients connect to."""
        return self._latest().address

    @property
    def report(self) -> StreamReport:
        """What it has seen so far, or until it was closed."""
        return self._latest().report

    def __enter__(self) -> "TCPRelay":
        return self.start()

    def __exit__(self, *exception):
        self.close()

    def __repr__(self) -> str:
        where = named(self._loop.address) if self._loop and self._thread else "not running"
        return f"TCPRelay({where} → {named(self.destination)})"

    def _latest(self) -> Loop:
        if self._loop is None:
            raise RuntimeError("the relay runs inside its `with` block, or from start() to close()")
        if (failure := self._loop.failure) is not None:
            message = f"the relay has died, and its connections with it: {failure!r}"
            raise RelayDied(message) from failure
        return self._loop


def _paths(delay: float, rate: float | None, back: tuple | None) -> tuple[tuple, tuple]:
    return (delay, rate), back or (delay, rate)


def _path_settings(delay: float, rate: float | None, back: tuple | None, **impossible) -> dict:
    for name in impossible:
        if name in NOT_HERE:
            raise ValueError(
                f"a TCP relay has no {name!r}: both kernels have acknowledged what reached it, so "
                "what it drops nobody sends again, and the stream is corrupt (try hole=). Segments "
                "are lost below TCP: use the simulator, or a relay between two kernels"
            )
        raise TypeError(f"TCPRelay has no parameter {name!r}")
    if not (back is None or (isinstance(back, tuple) and len(back) == 2)):
        raise ValueError(f"back must be (delay, rate), or None: as on the way there; got {back!r}")
    for seconds, bits in _paths(delay, rate, back):
        checks.seconds("delay", seconds)
        checks.bit_rate(bits)
    return {"delay": delay, "rate": rate, "back": back}
