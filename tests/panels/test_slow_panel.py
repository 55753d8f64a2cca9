"""The panel of the stalls: what it shows is what the kernel did, and nothing stays open."""

import re
import sys
from statistics import median

import pytest

from netlib.panels.panel import Panel
from netlib.panels.slow import REQUESTS, SlowPanel, Timing, bars, exchange, rows

pytestmark = [
    pytest.mark.usefixtures("nothing_left_open"),
    pytest.mark.filterwarnings("error"),  # such as a socket that only the garbage collector closed
]
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what is held")


@pytest.fixture
def panel():
    made = SlowPanel()
    yield made
    made.stop()
    Panel.running.clear()


def press(panel: SlowPanel) -> list[Timing]:
    (sending,) = (w for w in panel.box.children[1].children if "netlib-send" in w._dom_classes)
    sending.click()
    return panel.timings


@on_linux
def test_nagles_algorithm_holds_the_second_write_and_its_cures_do_not():
    stalled = exchange(2, nagle=True, rtt=0.0)
    held = median(each.held for each in stalled)  # the first one may be quick
    for cured in (exchange(2, nagle=False, rtt=0.0), exchange(1, nagle=True, rtt=0.0)):
        assert held > 5 * min(each.held for each in cured)
        assert all(each.total >= each.held for each in stalled + cured)


def test_no_request_is_answered_before_its_round_trip():
    assert all(each.total >= 0.02 for each in exchange(1, nagle=False, rtt=0.02))


def test_a_press_shows_a_row_and_a_bar_for_each_request(panel):
    panel.nagle.value, panel.writes.value = False, 3
    spent = press(panel)
    assert len(spent) == REQUESTS
    shown = panel.view.value
    assert shown.count("<tr>") == REQUESTS + 1
    assert "3 writes each, with TCP_NODELAY" in panel.status.value
    assert rows(spent)[1][1] == f"{spent[0].total * 1000:.1f} ms"


def test_after_stop_a_press_does_nothing(panel):
    panel.stop()
    assert press(panel) == []


def test_where_the_system_does_not_tell_the_table_says_so():
    table = rows([Timing(0.05, None, 0.01)])
    assert table[1][2] == "not told by this system"
    assert table[1][4] == "40.0 ms"


def test_a_bar_is_as_long_as_its_time():
    drawn = bars([Timing(0.08, 0.04, 0.02), Timing(0.04, 0.0, 0.04)])
    widths = [int(width) for width in re.findall(r"width:(\d+)px", drawn)]
    assert widths[:6] == [130, 65, 65, 0, 130, 0]
