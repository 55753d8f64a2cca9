"""How many files, and so how many sockets, this process may open."""

import contextlib
import ctypes
import math
import os
import sys

HINT = "in a terminal, `ulimit -n 4096` raises it for what is started there"


def allow_files(count: int) -> int:
    """Make room for `count` more open files; return for how many there is room, at most `count`.

    Raises this process's soft limit (often 1024, or 256) as far as the hard one lets anybody.
    """
    if count < 0:
        raise ValueError(f"count must be 0 or more, got {count!r}")
    soft, hard = _limits()
    if soft == math.inf:
        return count
    used = _open_files(int(soft))
    if soft < used + count:
        _raise_limit(int(min(used + count, hard)))
    return max(0, min(count, int(_limits()[0]) - used))


def file_limit() -> int | None:
    """Return how many files this process may open; None: as many as it likes."""
    soft, _ = _limits()
    return None if soft == math.inf else int(soft)


def _limits() -> tuple[float, float]:
    """Return how many files this process may open, and how far anybody may raise that."""
    if sys.platform == "win32":  # which has no such limit
        return math.inf, math.inf
    import resource

    soft, hard = (
        min(_system_limit(), math.inf if limit == resource.RLIM_INFINITY else limit)
        for limit in resource.getrlimit(resource.RLIMIT_NOFILE)
    )
    return soft, hard


def _raise_limit(wanted: int):
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(OSError, ValueError):  # refused, and so it stays as it was
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _system_limit() -> float:
    """Return what macOS lets a process open whatever its limits say: they may say "unlimited"."""
    if sys.platform != "darwin":
        return math.inf
    most, size = ctypes.c_int(10240), ctypes.c_size_t(4)  # OPEN_MAX, should it not tell
    pointers = ctypes.byref(most), ctypes.byref(size)
    ctypes.CDLL(None).sysctlbyname(b"kern.maxfilesperproc", *pointers, None, ctypes.c_size_t(0))
    return most.value


def _open_files(limit: int) -> int:
    with contextlib.suppress(OSError):
        return len(os.listdir("/proc/self/fd" if sys.platform == "linux" else "/dev/fd"))
    return sum(map(_is_open, range(min(limit, 2**16))))  # no /proc: try each that may be open


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
