"""A recording is shown only where nothing was told, and says that it is one."""

import pytest

from netlib.show.recording import or_recording


@pytest.mark.parametrize("found", [0, (), (1, 10), "told"])
def test_what_was_found_is_shown_as_it_is(found):
    assert or_recording(found, 7) is found


def test_a_recording_says_where_it_comes_from():
    assert or_recording(None, (1, 10)).startswith("(1, 10) (recorded on Linux 6.18")
    assert or_recording(None, 3, "a Mac, 2030") == "3 (recorded on a Mac, 2030)"
