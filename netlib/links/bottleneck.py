"""The bottleneck: one transmitter of a fixed rate, and the queue that waits for it."""

from collections import deque
from math import inf

from netlib.links.codel import CoDel, Control

OVERFLOW, CODEL = "queue overflow", "CoDel"  # why a datagram was dropped here
NANOSECOND = 1e-9  # sums of times are off by less: a turn this near has come


class Bottleneck:
    """Send datagrams one after the other, each for (size + overhead) * 8 / rate seconds.

    rate [bits/s]: None sends in no time, and then nothing ever waits. queue: how many datagrams may
    wait beside the one being sent; None: any number. queue_bytes: how many bytes there may be that
    are not yet sent, so that no wait is longer than queue_bytes * 8 / rate. overhead: bytes of
    headers that each datagram costs beyond its size. A datagram that has to wait and finds no room
    is dropped (drop-tail); one that finds the bottleneck idle is sent. queue: a CoDel, too, which
    also drops what has waited too long, when its turn comes (and tells so at once, on entry).
    """

    def __init__(self):
        self.free_at = 0.0  # when all that was admitted will be sent [s]
        self._control: Control | None = None
        self._turns: deque[float] = deque()  # when those that had to wait begin to be sent [s]
        self.why_dropped = ""  # the last one that was
        self.change()

    def change(
        self,
        rate: float | None = None,
        queue: int | CoDel | None = None,
        queue_bytes: int | None = None,
        overhead: int = 0,
    ):
        """Go on with other parameters; datagrams already admitted keep their departure times."""
        self._byte_time = 8 / float(rate) if rate else 0.0  # float, int: numpy's are slower
        if not isinstance(queue, CoDel):
            self._control, room = None, queue
        else:
            room = queue.limit
            if self._control is None or self._control.settings != queue:
                self._control = Control(queue)
        self._room = inf if room is None else room
        self._longest = inf if queue_bytes is None else queue_bytes * self._byte_time + NANOSECOND
        self._overhead = int(overhead)

    def admit(self, size: int, now: float) -> float | None:
        """Take a datagram; return when its last bit is sent [s], or None: there was no room."""
        if not self._byte_time:
            return now
        turn, spent = self.free_at, (size + self._overhead) * self._byte_time
        if turn <= now + NANOSECOND:
            turn = turn if turn > now else now
        else:
            turns = self._turns
            while turns and turns[0] <= now + NANOSECOND:
                turns.popleft()
            if len(turns) >= self._room or turn + spent - now > self._longest:
                self.why_dropped = OVERFLOW
                return None
            turns.append(turn)
        if self._control is not None and self._control.drops(turn - now, turn):
            self.why_dropped = CODEL
            return None
        self.free_at = turn = turn + spent
        return turn

    def waiting(self, now: float) -> int:
        """Return how many datagrams wait at `now` [s], beside the one being sent."""
        return sum(turn > now + NANOSECOND for turn in self._turns)
