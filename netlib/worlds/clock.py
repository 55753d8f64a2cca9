"""A clock that can stand still, and go faster or slower than real time."""

from math import inf
from time import perf_counter


class Clock:
    """Show the seconds since it was made, until `run` is told something else.

    All who share it live in its time: a link's delays and an endpoint's timers stand still with it.
    What came before the last `run` counts as come at that moment, so that time never goes back.
    Any thread may read it and run it.
    """

    def __init__(self):
        self._course = perf_counter(), 0.0, 1.0, inf  # real since, own since, speed, until

    @property
    def course(self) -> tuple[float, float]:
        """At what speed it goes, and until when on its own time [s]; then it stands still."""
        return self._course[2:]

    def run(self, speed: float, until: float = inf):
        """From now on, go at this speed, 0 to stand still; stand still when it shows `until`."""
        real = perf_counter()
        shown = self.at(real)
        self._course = real, shown, speed, max(shown, until)

    def at(self, real: float) -> float:
        """Return what it shows at a time of perf_counter."""
        since, shown, speed, until = self._course
        if real > since:  # plain, because a relay asks for every datagram
            shown += (real - since) * speed
        return until if shown > until else shown

    def when(self, shown: float) -> float:
        """Return the time of perf_counter at which it shows this; inf: never, as it stands."""
        since, begin, speed, until = self._course
        if shown <= begin:
            return since
        return since + (shown - begin) / speed if speed and shown <= until else inf

    def now(self) -> float:
        """Return what it shows now [s]."""
        return self.at(perf_counter())
