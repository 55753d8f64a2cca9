"""Every test of this room: it leaves no file and no thread behind."""

import pytest


@pytest.fixture(autouse=True)
def nothing_left_behind(nothing_left_open):
    """Fail if the test leaves a file descriptor or a thread behind."""
