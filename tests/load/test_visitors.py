"""Visitors note when each line was sent and came back, each by itself."""

import pytest
from chat import running

from netlib.load import visits

pytestmark = pytest.mark.usefixtures("nothing_left_open")


def test_one_after_the_other_the_second_is_answered_when_the_first_has_left():
    with running("sequential") as (address, _):
        seen = visits(address, ["Ana", "Bea"], lines=3, pause=0.01)
    assert list(seen) == ["Ana", "Bea"]
    assert [len(trips) for trips in seen.values()] == [3, 3]
    assert seen["Bea"][0][1] > seen["Ana"][-1][1]
    for trips in seen.values():
        times = [time for trip in trips for time in trip]
        assert times == sorted(times) and times[0] >= 0
        assert trips[1][0] - trips[0][1] >= 0.01, "a pause before the next line"


def test_a_server_that_ends_a_visit_is_an_error():
    with running("sequential", TURN=0.02) as (address, _), pytest.raises(OSError):
        visits(address, ["Ana"], lines=50, pause=0.01)
