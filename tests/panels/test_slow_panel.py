"""The panel of the stalls: what it shows is what the kernel did, and nothing stays open."""

import re
import sys
import time
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
    """Press Send; return the times once the panel shows them."""
    panel.send_button.click()
    finish(panel)
    return panel.timings


def finish(panel: SlowPanel):
    """Do the pump's work, which a kernel's event loop does, until nothing is on its way."""
    deadline = time.monotonic() + 10
    while panel._session and time.monotonic() < deadline:
        panel.pump.flush()
        time.sleep(0.002)


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


def test_a_bar_is_as_long_as_its_time_on_a_scale_in_round_milliseconds():
    drawn = bars([Timing(0.08, 0.04, 0.02), Timing(0.04, 0.0, 0.04)])
    widths = [float(width) for width in re.findall(r"width:([\d.]+)%", drawn)]
    assert widths == [50, 25, 25, 0, 50, 0]
    assert re.findall(r"left:([\d.]+)%.>([\d ms]+)<", drawn)[-2:] == [
        ("87.5", "70"),
        ("100.0", "80 ms"),
    ]


@pytest.mark.parametrize("longest", [0.0003, 0.009, 0.0441, 0.2, 1.7])
def test_a_scale_has_a_few_marks_whatever_the_time(longest):
    marks = bars([Timing(longest, None, 0.0)]).count("left:")
    assert 4 <= marks <= 10


def test_while_requests_are_on_their_way_the_panel_says_so_and_takes_no_second_press(panel):
    panel.rtt.value = 100.0
    panel.send_button.click()
    assert "Sending" in panel.status.value and panel.send_button.disabled
    first = panel._session
    panel.send_button.click()
    assert panel._session is first
    finish(panel)
    assert len(panel.timings) == REQUESTS and not panel.send_button.disabled


def test_stop_does_not_wait_for_the_requests(panel):
    panel.rtt.value = 100.0
    panel.send_button.click()
    began = time.monotonic()
    panel.stop()
    assert time.monotonic() - began < 0.35, "the requests would take 0.4 s"
    assert "stopped" in panel.status.value


def test_a_task_is_set_and_sent_at_a_click(panel):
    panel.task.value = "two writes, TCP_NODELAY"
    finish(panel)
    assert "2 writes each, with TCP_NODELAY" in panel.status.value
