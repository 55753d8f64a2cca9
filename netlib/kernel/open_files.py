"""How many files, and so how many sockets, this process may open."""

import contextlib
import ctypes
import math
import os
import sys

if sys.platform != "win32":  # which has no such limit
    import resource

HINT = "in a terminal, `ulimit -n 4096` raises it for what is started there"


def allow_files(count: int) -> int:
    """Make room for `count` more open files; return for how many there is room, at most `count`.

    Raises this process's soft limit (often 1024, or 256) as far as the hard one lets anybody.
    """
    if count < 0:
        raise ValueError(f"count must be 0 or more, got {count!r}")
    if sys.platform == "win32":
        return count
    used = _open_files()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(used + count, _number(hard), _system_limit())
    if _number(soft) < wanted:
        with contextlib.suppress(OSError, ValueError):  # refused, and so it stays as it was
            resource.setrlimit(resource.RLIMIT_NOFILE, (int(wanted), hard))
    limit = file_limit()
    return count if limit is None else max(0, min(count, limit - used))


def file_limit() -> int | None:
    """Return how many files this process may open; None: as many as it likes."""
    if sys.platform == "win32":
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = min(_number(soft), _system_limit())
    return None if limit == math.inf else int(limit)


def _number(limit: int) -> float:
    return math.inf if limit == resource.RLIM_INFINITY else limit


def _system_limit() -> float:
    """Return what macOS lets a process open whatever its limits say: they may say "unlimited"."""
    if sys.platform != "darwin":
        return math.inf
    most, size = ctypes.c_int(10240), ctypes.c_size_t(4)  # OPEN_MAX, should it not tell
    pointers = ctypes.byref(most), ctypes.byref(size)
    ctypes.CDLL(None).sysctlbyname(b"kern.maxfilesperproc", *pointers, None, ctypes.c_size_t(0))
    return most.value


def _open_files() -> int:
    with contextlib.suppress(OSError):  # no /proc: ask for each that may be open
        return len(os.listdir("/proc/self/fd" if sys.platform == "linux" else "/dev/fd"))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sum(map(_is_open, range(int(min(_number(soft), 2**16)))))


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
