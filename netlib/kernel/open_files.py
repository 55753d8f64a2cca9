"""How many files, and so how many sockets, this process may open."""

import os
import sys

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None

HINT = "in a terminal, `ulimit -n 4096` raises it for what is started there"


def allow_files(count: int) -> int:
    """Make room for `count` more open files; return for how many there is room, at most `count`.

    Raises this process's soft limit (often 1024, or 256) as far as the hard one lets anybody.
    """
    if count < 0:
        raise ValueError(f"count must be 0 or more, got {count!r}")
    if resource is None:
        return count
    used = _open_files()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = used + count
    if resource.RLIM_INFINITY != soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return count if soft == resource.RLIM_INFINITY else max(0, min(count, soft - used))


def file_limit() -> int | None:
    """Return how many files this process may open; None: as many as it likes."""
    if resource is None:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd" if sys.platform == "linux" else "/dev/fd"))
