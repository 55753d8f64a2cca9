"""A sender that repeats, and knows nothing of order: 07 puts the order behind it."""

from heapq import heappop, heappush

from netlib.worlds.traffic import NUMBER


class Resender:
    """An endpoint: it sends message n at n * gap [s], again each `timeout` until its ACK comes.

    A message is its number, in 4 bytes, and so is its ACK; `acked` holds the numbers acknowledged.
    """

    def __init__(self, count: int, gap: float, timeout: float):
        self.acked: set[int] = set()
        self._timeout = timeout
        self._due = [(n * gap, n) for n in range(count)]  # sorted, so it is a heap

    @property
    def deadline(self) -> float | None:
        return self._due[0][0] if self._due else None

    def wake(self, now: float) -> list[bytes]:
        ready = []
        while self._due and self._due[0][0] <= now:
            _, n = heappop(self._due)
            if n not in self.acked:
                heappush(self._due, (now + self._timeout, n))
                ready.append(n.to_bytes(NUMBER, "big"))
        return ready

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        self.acked.add(int.from_bytes(datagram[:NUMBER], "big"))
        return []
