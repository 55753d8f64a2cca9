"""From the threads that receive to the widgets that show: one way, batched, on one thread."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from itertools import count

MOST = 20_000  # items that wait: more than a live stream reports in its three minutes of patience


class Pump:
    """Carry items from any thread to `deliver(items)` on the kernel's event loop, in batches.

    A lone item is delivered at once, a flood at most `per_second` times a second, so that a
    notebook's connection to its page is never swamped. Without an event loop (in a test), items
    wait for `flush`. While a cell runs, nothing is delivered: then the newest `most` items wait,
    and `left_out` says how many older ones were let go.
    """

    def __init__(
        self, deliver: Callable[[list], object], per_second: float = 20.0, most: int = MOST
    ):
        self._deliver, self._interval = deliver, 1 / per_second
        self._items: deque[tuple[int, object]] = deque(maxlen=most)
        self._numbers, self._next_number, self._taken = count(), 0, 0
        self._due, self._next = False, 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        with contextlib.suppress(RuntimeError):
            self._loop = asyncio.get_running_loop()

    @property
    def left_out(self) -> int:
        """How many items were let go, as of the last delivery."""
        return self._next_number - self._taken

    def put(self, item):
        """Hand an item over; safe from any thread."""
        self._items.append((next(self._numbers), item))
        if self._loop is not None and not self._due:
            self._due = True
            self._loop.call_soon_threadsafe(self._schedule)

    def flush(self):
        """Deliver what has been put, now; to be called on the thread that owns the widgets."""
        self._due = False  # before the items are taken: a later one schedules a flush of its own
        pairs = [self._items.popleft() for _ in range(len(self._items))]
        if pairs:
            self._taken += len(pairs)
            self._next_number = max(self._next_number, 1 + max(number for number, _ in pairs))
            items = [item for _, item in pairs]
            self._next = time.monotonic() + self._interval
            self._deliver(items)

    def _schedule(self):
        asyncio.get_running_loop().call_later(max(0.0, self._next - time.monotonic()), self.flush)
