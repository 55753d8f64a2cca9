"""A progress bar for a cell that takes a while."""

import sys
import threading

from tqdm import tqdm


def bar(total: int, label: str) -> tqdm:
    """Return a bar of plain text for a `with` block; its `update(n)` says that n more are done.

    It writes where the cell prints, not to standard error, and starts no thread.
    """
    tqdm.monitor_interval = 0  # else a thread, which looks for bars that stand still
    tqdm.set_lock(threading.RLock())  # else one between processes, made by starting a process
    return tqdm(total=total, desc=label, unit="msg", file=sys.stdout, ncols=76)
