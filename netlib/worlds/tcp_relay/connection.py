"""One connection through a relay: a real connection on each side, and a flow each way between."""

import contextlib
import errno
import socket
import struct
import sys
from math import inf

from netlib.worlds.tcp_relay.flow import EOF, RESET, Flow

CHUNK = 2**20  # bytes read at once; with less, the turns cost more than the bytes
BURST = 16  # times in a row that one side is read before the others have their turn
UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)  # what connect_ex says of a new connection
# SO_LINGER on, with 0 s: close sends RST, and what was queued is gone
ABORT = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class Side:
    """One of the two sockets, the flow that it feeds and the flow that it drains."""

    def __init__(self, sock: socket.socket, feeds: Flow, drains: Flow):
        self.socket, self.feeds, self.drains = sock, feeds, drains
        sock.setblocking(False)
        # a piece is sent when its time has come, not when Nagle's algorithm sees fit
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self, now: float) -> bool:
        """Take what has arrived, as much as there is room for; return whether there was any."""
        try:
            data = self.socket.recv(min(CHUNK, self.feeds.room))
        except BlockingIOError:
            return False
        except OSError:  # ECONNRESET, ETIMEDOUT: nobody is there any more
            self.feeds.reset(now)
            return False
        self.feeds.take(data, now)
        return True

    def write(self, now: float):
        """Send what is due, as much as the kernel takes."""
        try:
            while self.drains.is_due(now):
                self.drains.sent(self._pass_on(self.drains.next_piece))
        except BlockingIOError:
            pass
        except OSError:  # EPIPE, ECONNRESET
            self.drains.drop()
            self.feeds.reset(now)

    def abort(self):
        """Close the socket with a RST."""
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        self.socket.close()

    def _pass_on(self, piece: memoryview | None) -> int:
        if piece is RESET:
            self.abort()
        elif piece == EOF:
            self.socket.shutdown(socket.SHUT_WR)
        else:
            return self.socket.send(piece)
        return 0


class Connection:
    """A client's connection, `near`, and the one opened for it to the destination, `far`."""

    def __init__(self, client: socket.socket, family: int, destination, flows: tuple[Flow, Flow]):
        self.forward, self.backward = flows
        self.near = Side(client, self.forward, self.backward)
        self.far = Side(socket.socket(family, socket.SOCK_STREAM), self.backward, self.forward)
        self.connecting, self.refused = True, False
        code = self.far.socket.connect_ex(destination)
        if code not in UNDER_WAY:
            self._refuse(0.0)

    @property
    def finished(self) -> bool:
        """Whether both ends, or a reset, have been passed on."""
        flows = (self.forward, self.backward)
        return all(f.over for f in flows) or any(f.over and f.broken for f in flows)

    def readers(self) -> list[Side]:
        """Return the sides to read at: those whose flow has room."""
        sides = () if self.connecting else (self.near, self.far)
        return [side for side in sides if side.feeds.room]

    def writers(self, now: float) -> list[Side]:
        """Return the sides to write at: those for which something is due."""
        waiting = [self.far] if self.connecting else []
        return waiting + [s for s in (self.near, self.far) if s.drains.is_due(now)]

    def wait(self, now: float) -> float:
        """Return how long it is until something else is due [s]; infinite: until more has come."""
        deadlines = (flow.deadline for flow in (self.forward, self.backward))
        return min((at - now for at in deadlines if at > now), default=inf)

    def read(self, side: Side, now: float):
        """Read at a side that the kernel says is ready; what need not wait is written at once."""
        other = self.far if side is self.near else self.near
        for _ in range(BURST):
            if not (side.feeds.room and side.read(now)):
                return
            other.write(now)

    def write(self, side: Side, now: float):
        """Write at a side that the kernel says is ready."""
        if self.connecting and side is self.far:
            self.connecting = False
            if side.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._refuse(now)
        else:
            side.write(now)

    def close(self):
        """Close both sockets; with a RST where the stream had not come to its end."""
        for side in (self.near, self.far):
            if side.drains.over and not side.drains.broken:
                side.socket.close()
            else:
                side.abort()

    def _refuse(self, now: float):
        self.connecting, self.refused = False, True
        self.forward.drop()
        self.backward.reset(now)
