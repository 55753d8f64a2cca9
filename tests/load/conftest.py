"""Every test of this room: it leaves no file and no thread behind."""

import os
import threading

import pytest

from netlib.kernel.states import poll


def held() -> tuple[int, int]:
    """Return how many files are open in this process, and how many threads run."""
    return len(os.listdir("/dev/fd")), threading.active_count()


@pytest.fixture(autouse=True)
def nothing_left_behind(garbage_collected):
    """Fail if the test leaves a file descriptor or a thread behind.

    The chat server, which is in this process, sees a moment later that its clients have gone.
    """
    before = held()
    yield
    poll(lambda: all(map(int.__le__, held(), before)), f"files and threads as {before}", held)
