"""One connection through a relay: a real connection on each side, and a flow each way between."""

import errno
import os
import socket
from math import inf
from selectors import EVENT_READ, EVENT_WRITE
from time import perf_counter

from netlib.sockets.base import abort
from netlib.worlds.relay.report import Tally
from netlib.worlds.tcp_relay.flow import RESET, Flow

CHUNK = 2**20  # bytes read at once; with less, the turns cost more than the bytes
BURST = 16  # times in a row that one side is read before the others have their turn
UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)  # what connect_ex says of a new connection
ACCEPTED = (errno.ECONNRESET, errno.EPIPE)  # of a connection that was there, and is over already


class Side:
    """One of the two sockets, the flow that it feeds and the flow that it drains."""

    def __init__(self, sock: socket.socket, feeds: Flow, drains: Flow, tally: Tally):
        self.socket, self.feeds, self.drains, self._tally = sock, feeds, drains, tally
        self.events = 0  # what the relay waits for here
        self.blocked = False  # the kernel takes no more for now
        sock.setblocking(False)
        # a piece is sent when its time has come, not when Nagle's algorithm sees fit
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # else recv would leave out an urgent byte: RFC 6093, section 5
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)

    @property
    def wanted(self) -> int:
        """What to wait for: bytes, if there is room for them, and room in the kernel."""
        return EVENT_READ * bool(self.feeds.room) | EVENT_WRITE * self.blocked

    def read(self) -> bool:
        """Take what has arrived, as much as there is room for; return whether there was any."""
        try:
            data = self.socket.recv(min(CHUNK, self.feeds.room))
        except BlockingIOError:
            return False
        except OSError:  # ECONNRESET, ETIMEDOUT: nobody is there any more
            self.feeds.reset(perf_counter())
            return False
        self.feeds.take(data, perf_counter())
        return True

    def write(self):
        """Send what is due, as much as the kernel takes; count how late it is."""
        now, was_blocked, self.blocked = perf_counter(), self.blocked, False
        if self.drains.deadline <= now and not was_blocked:  # else it is the reader who is late
            self._tally.add(now - self.drains.deadline)
        try:
            while self.drains.deadline <= now:
                self.drains.sent(self._pass_on(self.drains.next_piece))
        except BlockingIOError:
            self.blocked = True
        except OSError:  # EPIPE, ECONNRESET
            self.drains.drop()
            self.feeds.reset(now)

    def close(self):
        """Close the socket; with a RST if the stream had not come to its end."""
        if not self.drains.over or self.drains.broken:
            abort(self.socket)
        else:
            self.socket.close()

    def _pass_on(self, piece: memoryview | None) -> int:
        if piece:
            return self.socket.send(piece)
        if piece is not RESET:  # for a reset the connection is closed: `close` sends it
            self.socket.shutdown(socket.SHUT_WR)
        return 0


class Connection:
    """A client's connection, `near`, and `far`, the one opened for it to the destination."""

    def __init__(self, near: socket.socket, far: socket.socket, destination, flows, tally: Tally):
        self.forward, self.backward = flows
        self._near = Side(near, self.forward, self.backward, tally)
        self._far = Side(far, self.backward, self.forward, tally)
        self.sides = self._near, self._far
        self.alarm = inf  # when the relay will look here again [s]
        self.refusal = ""  # why the destination could not be had
        self._connecting = self._far.blocked = True  # not every system would say so at a send
        code = far.connect_ex(destination)
        if code not in UNDER_WAY:
            self._connected(code)

    @property
    def broken(self) -> bool:
        """Whether a reset has been passed on."""
        return any(flow.over and flow.broken for flow in (self.forward, self.backward))

    @property
    def finished(self) -> bool:
        """Whether both ends, or a reset, have been passed on."""
        return self.broken or (self.forward.over and self.backward.over)

    @property
    def deadline(self) -> float:
        """When something is due that the kernel would take [s]; infinite: nothing is."""
        return min((s.drains.deadline for s in self.sides if not s.blocked), default=inf)

    def handle(self, side: Side, events: int):
        """Do what the kernel says is possible at a side; what need not wait goes on at once."""
        if self._connecting and side is self._far:
            self._connected(side.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        if events & EVENT_WRITE:
            side.write()
        for _ in range(BURST if events & EVENT_READ else 0):
            if not (side.feeds.room and side.read()):
                break
            self.write_due()

    def write_due(self):
        """Send what is due, where the kernel takes it."""
        for side in self.sides:
            if not side.blocked:
                side.write()

    def abandon(self):
        """Forget what is on its way, so that a reset is all that is left to do."""
        for flow in (self.forward, self.backward):
            flow.broken = True
            flow.drop()

    def _connected(self, code: int):
        self._connecting = False
        if code:
            self.refusal = "" if code in ACCEPTED else os.strerror(code)
            self.forward.drop()
            self.backward.reset(perf_counter())
