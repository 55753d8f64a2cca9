"""From the threads that receive to the widgets that show: one way, batched, on one thread."""

import asyncio
import time
from collections import deque
from collections.abc import Callable


class Pump:
    """Carry items from any thread to `deliver(items)` on the kernel's event loop, in batches.

    A lone item is delivered at once, a flood at most `per_second` times a second, so that a
    notebook's connection to its page is never swamped. Without an event loop (in a test), items
    wait for `flush`.
    """

    def __init__(self, deliver: Callable[[list], object], per_second: float = 20.0):
        self._deliver, self._interval = deliver, 1 / per_second
        self._items: deque = deque()
        self._due, self._next = False, 0.0
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    def put(self, item):
        """Hand an item over; safe from any thread."""
        self._items.append(item)
        if self._loop is not None and not self._due:
            self._due = True
            self._loop.call_soon_threadsafe(self._schedule)

    def flush(self):
        """Deliver what has been put, now; to be called on the thread that owns the widgets."""
        self._due = False  # before the items are taken: a later one schedules a flush of its own
        items = [self._items.popleft() for _ in range(len(self._items))]
        if items:
            self._next = time.monotonic() + self._interval
            self._deliver(items)

    def _schedule(self):
        self._loop.call_later(max(0.0, self._next - time.monotonic()), self.flush)
