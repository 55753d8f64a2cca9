"""The panel with a running stream: both worlds agree, and nothing outlives its Stop."""

import asyncio
import html
import os
import signal
import threading
import time
import xml.etree.ElementTree as ET
from collections import deque
from contextlib import contextmanager
from itertools import islice
from random import Random

import pytest

from netlib.links import Link
from netlib.panels.link import LinkPanel
from netlib.panels.link.panel import PER_SECOND
from netlib.panels.link.plot import GRACE, WINDOW, Window, picture, running_jitter
from netlib.panels.link.presets import PRESETS, SOURCES, preset
from netlib.panels.link.stream import BETWEEN_LOOKS, Arrival, Lateness, LiveStream, Sending
from netlib.panels.link.stream import PER_SECOND as RATE
from netlib.sockets import UDPReceiver, UDPSender
from netlib.worlds import Relay

pytestmark = [
    pytest.mark.usefixtures("nothing_left_open"),
    pytest.mark.filterwarnings("error"),  # such as a socket that only the garbage collector closed
]


@contextmanager
def running(**link):
    """Start a panel's stream; stop the panel at the end, and see its relay gone."""
    panel = LinkPanel(**link)
    panel.start_button.click()
    try:
        wait(panel, lambda: panel.pid)
        pid = panel.pid
        yield panel
    finally:
        panel.stop()
    assert not alive(pid)


def wait(panel, happened, seconds=20.0):
    """Do the pump's work, which a kernel's event loop does, until something has happened."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"nothing after {seconds} s: {panel.status.value}"
        time.sleep(0.01)
        panel.pump.flush()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def landed(panel, first: int, last: int):
    """Wait until these datagrams have arrived, but for those that the Link loses."""
    flights = panel._window.flights
    wait(panel, lambda: last in flights)
    chosen = {n: flights[n] for n in range(first, last + 1)}
    wait(panel, lambda: all(f.arrived for f in chosen.values() if f.due))
    return chosen


def filled(delays, losses=0.0, seed=1) -> Window:
    """Return a window with a datagram in each place, its delays drawn from (low, high) [s]."""
    random, window = Random(seed), Window()
    for number in range(int(RATE * WINDOW * 1.2)):
        at, delay = 100 + number / RATE, random.uniform(*delays)
        lost = random.random() < losses
        window.take(Sending(number, at, None if lost else at + delay))
        if not lost:
            window.take(Arrival(number, at + delay + random.uniform(0, 0.1)))
    window.take(Lateness(0.0001))
    window.forget()
    return window


def test_both_worlds_lose_the_same_datagrams_also_when_a_slider_moves_under_the_stream():
    with running(loss=0.2, delay=0.005, seed=4) as panel:
        before = landed(panel, 0, 19)
        panel.loss.value, panel.delay.value = 50.0, 40.0
        wait(panel, lambda: panel._stream._link is panel._stream._wanted)
        begin = panel._stream._count
        after = landed(panel, begin, begin + 19)
        between = landed(panel, 20, begin)
    for number, flight in (before | between | after).items():
        assert (flight.arrived is None) == (flight.due is None), f"datagram {number}"
    assert lost(before) == coin(Link(loss=0.2, seed=4), range(20))
    assert lost(after) == coin(Link(loss=0.5, seed=4), after)
    for flights, delay in ((before, 0.005), (after, 0.04)):
        assert all(f.due == pytest.approx(f.sent + delay) for f in flights.values() if f.due)
        assert all(f.arrived > f.due - 1e-3 for f in flights.values() if f.due), "never early"


def lost(flights) -> list[int]:
    return [number for number, flight in flights.items() if flight.arrived is None]


def coin(link: Link, numbers) -> list[int]:
    fates = list(islice(link.fates(), max(numbers) + 1))
    return [number for number in numbers if fates[number][0]]


def test_a_paused_stream_sends_nothing_and_goes_on_when_resumed():
    with running() as panel:
        wait(panel, lambda: panel._stream._count > 3)
        panel.start_button.click()
        assert panel.start_button.description == "Resume"
        time.sleep(0.1)  # one may be on its way to be sent
        count = panel._stream._count
        time.sleep(0.1)
        assert panel._stream._count == count
        panel.start_button.click()
        wait(panel, lambda: panel._stream._count > count)


def test_the_picture_is_sent_a_few_times_a_second_and_no_more():
    async def updates(seconds: float) -> int:
        with running() as panel:
            seen = []
            panel.view.observe(seen.append, "value")
            await asyncio.sleep(seconds)
            return len(seen)

    began = time.monotonic()
    number = asyncio.run(updates(0.5))
    assert 1 <= number <= PER_SECOND * (time.monotonic() - began) + 2
    assert PER_SECOND <= 10


def test_a_relay_that_dies_is_named_and_start_begins_again():
    with running() as panel:
        os.kill(panel.pid, 9)
        wait(panel, lambda: "the relay has died" in panel.status.value)
        assert panel.start_button.description == "Start"
        panel.start_button.click()
        wait(panel, lambda: panel._window.flights)
        assert "runs" in panel.status.value


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no process can be halted here")
def test_a_relay_that_hangs_does_not_hold_up_stop():
    with running() as panel:
        os.kill(panel.pid, signal.SIGSTOP)
        time.sleep(BETWEEN_LOOKS)  # now the stream waits for the relay's answer
        began = time.monotonic()
        panel.stop()
        assert time.monotonic() - began < 4


def test_a_stream_that_nobody_touches_ends_by_itself_and_says_so():
    with running() as panel:
        pid, panel._stream.session.patience = panel.pid, 0.1
        wait(panel, lambda: "ended by itself" in panel.status.value)
        assert not alive(pid)


def test_a_newer_panel_ends_the_older_ones_stream():
    with running() as older:
        pid = older.pid
        newer = LinkPanel()
        assert not older.is_open and not alive(pid)
        assert all(each.disabled for each in (*older.sliders, older.start_button))
        newer.stop()


def test_a_dial_waits_until_the_relay_has_read_what_was_sent_before():
    """Else datagrams that wait in the relay's socket would meet the new link there only."""
    stream = LiveStream(Link(), lambda item: None)
    with (
        UDPReceiver() as receiver,
        Relay(receiver.address, Link(), Link()) as relay,
        UDPSender() as sender,
    ):
        os.kill(relay.pid, signal.SIGSTOP)
        resume = threading.Timer(0.2, os.kill, (relay.pid, signal.SIGCONT))
        resume.start()
        for _ in range(150):
            stream._send(sender, relay.address)
        stream._dial(relay, Link(loss=1.0))
        resume.join()
        sender.send(b"after it", relay.address)
        while relay.report.forward.arrived < 151:
            time.sleep(0.001)
        assert relay.report.forward.drops == {"coin": 1}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_used_whole_and_its_source_shown_until_a_slider_moves(name):
    panel = LinkPanel(seed=3)
    panel.preset.value = name
    assert panel.link == preset(name, seed=3)
    assert html.escape(SOURCES[name]) in panel.source.value
    assert f"follows {name}" in panel.status.value
    assert panel.delay.value == round(1000 * panel.link.delay.mean), "where the page can show it"
    assert panel.loss.value % panel.loss.step == 0, "else the page would round it, and so move it"
    panel.delay.value -= 1e-13  # as the page sends it back
    assert panel.link == preset(name, seed=3)
    panel.loss.value = 10.0
    assert panel.preset.value == "" and panel.source.value == ""
    assert panel.link.loss == Link(loss=0.1).loss and not panel.link.settings.keep_order
    assert "follows the sliders" in panel.status.value
    panel.stop()


def test_of_two_presets_the_second_is_used_and_none_leaves_the_sliders_where_they_are():
    panel = LinkPanel()
    panel.preset.value = "satellite"
    panel.preset.value = "lan"
    assert panel.link == preset("lan")
    panel.preset.value = ""
    assert panel.link == Link(rate=1e6, queue=50), "as near as the sliders go"
    panel.stop()


def test_a_real_stream_runs_with_a_preset_and_both_worlds_agree():
    with running(loss=1.0, seed=5) as panel:
        panel.preset.value = "4g"
        wait(panel, lambda: panel._stream._link is panel._stream._wanted)
        begin = panel._stream._count
        flights = landed(panel, begin, begin + 29)
    assert lost(flights) == coin(preset("4g", seed=5), flights)
    delays = [f.due - f.sent for f in flights.values() if f.due]
    assert min(delays) > 0.03 and len(set(delays)) > 5, "the preset's own distribution"
    assert all(f.arrived > f.due - 1e-3 for f in flights.values() if f.due)


def test_reports_that_were_left_out_while_a_cell_ran_are_counted_on_the_screen():
    panel = LinkPanel()
    panel.pump._items = deque(maxlen=3)
    for number in range(5):
        panel.pump.put(Sending(number, 1.0, None))
    panel.pump.flush()
    assert "Not counted, while a cell ran: 2 reports." in panel.view.value
    panel.stop()


def test_nothing_is_opened_before_start():
    panel = LinkPanel()
    assert panel.pid is None
    panel.stop()


def test_the_sliders_stand_as_the_arguments_say_even_beyond_their_range():
    panel = LinkPanel(0.6, 0.5, 0.1, rate=75_500, queue=7, seed=3)
    panel.stop()
    assert panel.link == Link(0.5, 0.1, 0.6, rate=75_500, queue=7, seed=3)


def test_a_wrong_argument_is_named():
    with pytest.raises(ValueError, match=r"loss must be a probability in \[0, 1\], got 15"):
        LinkPanel(loss=15)


def test_an_untouched_panel_reads_as_text():
    panel = LinkPanel()
    panel.stop()
    assert panel._repr_mimebundle_()["text/plain"].startswith("Link panel: live controls")


@pytest.mark.parametrize("delays", [(0.02, 0.02), (0, 0.001), (0, 0.1), (0.0, 3.0)])
@pytest.mark.parametrize("losses", [0.0, 0.5, 1.0])
def test_the_picture_is_well_formed_and_below_ten_kilobytes(delays, losses):
    drawn = picture(filled(delays, losses))
    assert ET.fromstring(drawn).tag.endswith("svg")
    assert len(drawn) < 10_000


def test_an_empty_picture_has_its_axes():
    assert "one-way delay [ms]" in "".join(ET.fromstring(picture(Window())).itertext())


def test_what_is_forgotten_is_still_counted():
    window = filled((0.02, 0.02), losses=0.3)
    decided = sum(100 + n / RATE + 0.02 + GRACE < window.now for n in range(int(RATE * 12)))
    assert len(window.flights) < RATE * (WINDOW + 1)
    assert abs(window.totals()["sent"] - decided) <= 1
    assert window.totals()["lost"] == window.totals()["lost alike"] > 100


def test_an_arrival_reported_before_its_sending_counts():
    window = Window()
    window.take(Arrival(0, 1.02))
    window.take(Sending(0, 1.0, 1.02))
    assert window.flights[0].arrived == 1.02


def test_jitter_moves_by_a_sixteenth_of_each_change():
    assert running_jitter([0.0, 0.016]) == pytest.approx(0.001)
    assert running_jitter([0.5]) == 0.0
