"""The live ladder without a browser: real datagrams, and a hand that meddles with them."""

import asyncio
import re
import threading
import time
from contextlib import contextmanager

import ipywidgets as ipw
import pytest

from netlib.links.link import Link
from netlib.panels import session
from netlib.panels.ladder import LadderPanel
from netlib.panels.ladder.flights import KEPT, Flight, Flights
from netlib.panels.ladder.panel import BEHIND, PER_SECOND
from netlib.panels.panel import Panel
from netlib.protocols import (
    SelectiveRepeatReceiver,
    SelectiveRepeatSender,
    StopAndWaitReceiver,
    StopAndWaitSender,
)
from netlib.show.ladder import Ladder
from netlib.worlds.relay import Record
from netlib.worlds.relay.report import BY_HAND

pytestmark = [
    pytest.mark.usefixtures("nothing_left_open"),
    pytest.mark.filterwarnings("error"),
]
LONG, SHORT = 60.0, 0.4  # seconds on the way: nothing arrives by itself; it does, soon
HOSTILE = b"<img src=x onerror=window.pwned=1>"


@contextmanager
def running(*messages: bytes, delay: float, timeout: float = 600.0, **options):
    """Start a panel's conversation, and wait for its first datagram; stop it at the end."""
    panel = LadderPanel(
        lambda: StopAndWaitSender(messages or [b"a"], timeout),
        StopAndWaitReceiver,
        delay=delay,
        **{"spacing": 0.0} | options,
    )
    panel.controls.start.click()
    try:
        wait(panel, panel._flights.on_the_way)
        yield panel
    finally:
        panel.stop()


@contextmanager
def windowed(messages: list[bytes], *, timeout: float, spacing: float = 0.0, delay: float):
    """Yield a panel in which a whole window lies in the relay, and time stands still."""
    panel = LadderPanel(
        lambda: SelectiveRepeatSender(messages, 4, timeout),
        lambda: SelectiveRepeatReceiver(4),
        delay=delay,
        spacing=spacing,
    )
    panel.controls.start.click()
    panel.controls.pause.click()
    try:
        wait(panel, lambda: len(panel._flights.all) == len(messages))
        yield panel
    finally:
        panel.stop()


def wait(panel: LadderPanel, happened, seconds=20.0):
    """Do the pump's work, which a kernel's event loop does, until something has happened."""
    deadline = time.monotonic() + seconds
    while not (result := happened()):
        assert time.monotonic() < deadline, f"nothing after {seconds} s: {panel.status.value}"
        time.sleep(0.01)
        panel.pump.flush()
    return result


def over(panel: LadderPanel) -> bool:
    return "is over" in panel.status.value


def page_says(panel: LadderPanel, **content):
    """Do what the page's message does: a click sends `act` and `on`, the arrow keys `choose`."""
    panel.view._handle_custom_msg(content, [])


def actions(panel: LadderPanel) -> list[tuple[str, str]]:
    return [(event.action, event.note) for event in panel.trace]


def pressed(panel: LadderPanel, name: str):
    (found,) = (b for b in panel.controls.presses if b.description == name)
    found.click()


# What the reader does, and what becomes of the real datagram


def test_a_click_on_an_arrow_drops_that_real_datagram():
    with running(delay=LONG) as panel:
        page_says(panel, act="", on=["forward", 0, 0])
        assert "was dropped, by you" in panel.status.value
        wait(panel, lambda: not panel._flights.on_the_way())
        assert panel.view.arrows[0]["state"] == "lost"
        assert panel.view.arrows[0]["corners"][-1][1] < 0.5, "where it was at that moment"
    assert actions(panel) == [("send", ""), ("lost", BY_HAND)]


def test_a_dropped_datagram_makes_the_timer_go_off_and_the_message_arrives_all_the_same():
    with running(b"x", delay=SHORT, timeout=1.0) as panel:
        pressed(panel, "Drop")
        wait(panel, lambda: over(panel))
        assert "Delivered: x." in panel.status.value
        assert panel.receiver.delivered == [b"x"] and panel.sender.transmissions == 2
        assert [side for side, _ in panel.view.timers] == [0], "the start is no timer"
    assert [a.why for a in Ladder(panel.trace).arrows] == [f"lost: {BY_HAND}", "", ""]


def test_a_duplicated_datagram_arrives_twice_and_is_delivered_once():
    with running(b"x", delay=SHORT) as panel:
        pressed(panel, "Duplicate")
        assert [f.copy for f in panel._flights.on_the_way()] == [0, 1]
        wait(panel, lambda: over(panel))
        assert panel.receiver.delivered == [b"x"]
    assert [note for action, note in actions(panel) if action == "receive"][:2] == ["", "copy"]


def test_a_delayed_datagram_arrives_that_much_later():
    with running(b"x", delay=SHORT) as panel:
        panel.controls.delay.value = 0.4
        pressed(panel, "Delay")
        assert "was delayed by 0.4 s, by you" in panel.status.value
        wait(panel, lambda: over(panel))
    sent, arrived = (e.time for e in panel.trace[:2])
    assert arrived - sent > SHORT + 0.4 - 1e-6


def test_what_a_click_does_can_be_chosen():
    with running(delay=LONG) as panel:
        panel.controls.click.value = "duplicate"
        page_says(panel, act="", on=["forward", 0, 0])
        assert len(panel._flights.on_the_way()) == 2


def test_a_key_names_what_it_does_and_the_arrow_keys_choose_for_the_buttons():
    with running(delay=LONG) as panel:
        page_says(panel, act="duplicate", on=["forward", 0, 0])
        page_says(panel, choose=["forward", 0, 0])
        pressed(panel, "Drop")
        wait(panel, lambda: len(panel._flights.on_the_way()) == 1)


def test_a_datagram_and_its_copy_are_addressed_apart():
    with running(delay=LONG) as panel:
        page_says(panel, act="duplicate", on=["forward", 0, 0])
        page_says(panel, act="drop", on=["forward", 0, 1])
        wait(panel, lambda: len(panel._flights.on_the_way()) == 1)
        assert [(f.copy, f.state) for f in panel._flights.all] == [(0, "flying"), (1, "lost")]


def test_a_copy_comes_a_little_later_than_its_datagram_so_that_both_are_seen():
    with running(delay=LONG) as panel:
        page_says(panel, act="duplicate", on=["forward", 0, 0])
        original, copy = panel._flights.all
        assert copy.due == pytest.approx(original.due + BEHIND)
        assert panel._talk._relay.next_due() == pytest.approx(original.due, abs=1e-3)


def test_too_late_is_said_and_nothing_is_done():
    with running(b"x", delay=SHORT) as panel:
        wait(panel, lambda: over(panel))
        before = actions(panel)
        for act in ("", "drop"):
            page_says(panel, act=act, on=["forward", 0, 0])
            assert "Too late" in panel.status.value
        pressed(panel, "Drop")
        assert "Nothing is on its way" in panel.status.value
        assert actions(panel) == before


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"on": []},
        {"act": 7, "on": ["forward", 0, 0]},
        {"act": "eat", "on": ["forward", 0, 0]},
        {"act": "drop", "on": [None, None, 0]},
        {"act": "drop", "on": ["sideways", 0, 0]},
    ],
)
def test_nonsense_from_the_page_does_nothing(content):
    with running(delay=LONG) as panel:
        page_says(panel, **content)
        assert len(panel._flights.on_the_way()) == 1
    assert actions(panel) == [("send", "")]


def test_without_a_timer_a_dropped_datagram_is_the_end():
    class Naive(StopAndWaitSender):
        def wake(self, now):
            sent, self.deadline = super().wake(now), None
            return sent

    panel = LadderPanel(lambda: Naive([b"x"]), StopAndWaitReceiver, delay=LONG)
    panel.controls.start.click()
    wait(panel, panel._flights.on_the_way)
    pressed(panel, "Drop")
    wait(panel, lambda: over(panel))
    assert "Delivered: nothing." in panel.status.value
    panel.stop()


# The panel as a panel


def test_the_page_is_told_when_the_timer_will_go_off():
    with running(delay=LONG, timeout=100.0) as panel:
        wait(panel, lambda: panel.view.deadlines[0])
        (sent,) = (event.time for event in panel._talk.trace.only("send"))
        assert panel.view.deadlines == [pytest.approx(sent + 100, abs=1), None]


def test_restart_begins_anew_with_fresh_endpoints():
    with running(delay=LONG) as panel:
        sender, run = panel.sender, panel.view.clock["run"]
        panel.controls.start.click()
        wait(panel, panel._flights.on_the_way)
        assert panel.sender is not sender and panel.view.clock["run"] == run + 1
        assert [arrow["number"] for arrow in panel.view.arrows] == [0]


@pytest.mark.parametrize("moment", ["running", "paused", "over", "at once"])
def test_a_new_run_and_its_clock_reach_the_page_in_one_piece_at_any_moment(moment):
    with running(b"x", delay=SHORT if moment == "over" else LONG) as panel:
        if moment == "paused":
            panel.controls.pause.click()
        elif moment == "over":
            wait(panel, lambda: over(panel))
        elif moment == "running":
            wait(panel, lambda: panel.view.clock["now"] > 0)
        clocks = []
        panel.view.observe(lambda change: clocks.append(change["new"]), "clock")
        run = panel.view.clock["run"]
        panel.controls.start.click()
        first = next(clock for clock in clocks if clock["run"] == run + 1)
        assert first["now"] == 0.0 and not first["over"]
        wait(panel, panel._flights.on_the_way)
        assert panel.view.clock["speed"] == 1.0 and panel._talk.now() < 10


# Its clock


def test_paused_before_any_arrives_the_first_killed_and_resumed_only_that_one_is_sent_again():
    letters = [b"a", b"b", b"c"]
    with windowed(letters, delay=1.0, timeout=4.0) as panel:
        now = panel._talk.now()
        page_says(panel, act="drop", on=["forward", 0, 0])
        time.sleep(0.1)  # of real time: the conversation's is the claim
        assert panel._talk.now() == now and not panel.receiver.delivered
        panel.controls.speed.value = 16.0
        panel.controls.pause.click()
        wait(panel, lambda: over(panel))
        assert panel.receiver.delivered == letters and panel.sender.retransmissions == 1
    sent = [event.payload[-1:] for event in panel.trace.only("send", role="sender")]
    assert sent == [b"a", b"b", b"c", b"a"]


def test_a_step_goes_to_the_next_arrival_and_stands_there():
    with windowed([b"a", b"b"], delay=1.0, spacing=0.5, timeout=60.0) as panel:
        for flight in panel._flights.all[:2]:
            due = flight.due
            panel.controls.step.click()
            wait(panel, lambda flight=flight: flight.state == "arrived")
            wait(panel, lambda: panel._talk.now() == panel._talk.course[1])
            assert panel._talk.now() == pytest.approx(due, abs=1e-5)
        assert panel.controls.pause.description == "Resume"


def test_a_step_goes_to_a_timer_too():
    with windowed([b"a"], delay=LONG, timeout=2.0) as panel:
        panel.controls.step.click()
        wait(panel, lambda: panel._timers)
        assert panel._timers[0][1] == pytest.approx(2.0, abs=0.01)
        assert panel.sender.transmissions == 2


def test_step_alone_begins_a_conversation_in_which_time_stands_still():
    panel = LadderPanel(lambda: StopAndWaitSender([b"a"]), StopAndWaitReceiver)
    panel.controls.step.click()
    wait(panel, panel._flights.on_the_way)
    assert panel._talk.now() < 0.1 and panel.controls.pause.description == "Resume"
    assert panel.view.clock["speed"] == 0
    panel.stop()


def test_a_faster_clock_brings_the_end_sooner():
    began = time.monotonic()
    with running(b"x", delay=3.0) as panel:
        panel.controls.speed.value = 16.0
        wait(panel, lambda: over(panel))
        assert 6.0 < panel._now < 7.0 and time.monotonic() - began < 5.0
        assert panel.receiver.delivered == [b"x"]


def test_a_new_message_is_sent_after_the_others_and_sets_off_no_alarm():
    with running(b"x", delay=SHORT) as panel:
        panel.controls.new.click()
        wait(panel, lambda: over(panel))
        assert panel.receiver.delivered == [b"x", b"1"] and panel._timers == []
        assert panel.controls.new.disabled, "it is over"


def test_after_the_end_the_page_has_the_whole_conversation_and_each_datagram_is_told():
    with running(*[b"x"] * 20, delay=0.2, timeout=2.0) as panel:
        panel.controls.speed.value = 16.0
        wait(panel, lambda: panel._flights.all)
        page_says(panel, act="drop", on=["forward", 0, 0])
        wait(panel, lambda: over(panel))
        assert len(panel.view.arrows) == len(panel._flights.all) > KEPT
        page_says(panel, choose=["forward", 0, 0])
        assert "4 bytes" in panel.status.value and BY_HAND in panel.status.value
        page_says(panel, choose=["backward", 0, 0])
        assert "datagram 0 to the sender" in panel.status.value and "arrived" in panel.status.value


def test_a_task_sets_all_that_it_asks_for_and_the_next_one_takes_it_back():
    gone = {"sender": lambda: StopAndWaitSender([])}
    tasks = {"early": {"delay": 3.0}, "late": {"click": "delay"}, "none": gone}
    panel = LadderPanel(lambda: StopAndWaitSender([b"a"]), StopAndWaitReceiver, tasks=tasks)
    controls, seen = panel.controls, []
    for name in tasks:
        controls.task.label = name
        seen.append((controls.delay.value, controls.click.value))
    assert seen == [(3.0, "drop"), (1.5, "delay"), (1.5, "drop")]
    controls.start.click()
    wait(panel, lambda: over(panel))
    assert panel.sender.done and "Delivered: nothing." in panel.status.value
    panel.stop()


def test_a_task_that_sets_what_is_no_setting_is_named():
    with pytest.raises(ValueError, match="'x' sets 'speed'"):
        LadderPanel(StopAndWaitSender, StopAndWaitReceiver, tasks={"x": {"speed": 2}})


def test_an_endpoint_that_never_returns_does_not_hold_up_stop_and_the_panel_says_so():
    released = threading.Event()

    class Stuck(StopAndWaitReceiver):
        def receive(self, datagram, now):
            released.wait(60)
            return super().receive(datagram, now)

    panel = LadderPanel(lambda: StopAndWaitSender([b"a"]), Stuck, delay=0.2)
    panel.controls.start.click()
    wait(panel, panel._flights.on_the_way)
    wait(panel, lambda: panel._talk._relay.report.forward.in_flight == 0)
    first = panel._talk.session
    began = time.monotonic()
    panel.stop()
    assert time.monotonic() - began < 1.0
    assert session.STUCK in panel.status.value
    released.set()
    first._thread.join(10)
    panel.pump.flush()
    assert session.STUCK in panel.status.value


def test_stop_disables_everything_and_a_click_afterwards_does_nothing():
    with running(delay=LONG) as panel:
        panel.stop()
        assert panel.view.disabled and panel.view.clock["over"]
        assert all(
            b.disabled
            for b in (*panel.controls.presses, panel.controls.start, panel.controls.delay)
        )
        said = panel.status.value
        page_says(panel, act="drop", on=["forward", 0, 0])
        panel.controls.start.click()
        assert panel.status.value == said and panel._talk is None


def test_a_newer_panel_ends_the_older_ones_conversation():
    with running(delay=LONG) as older:
        newer = LadderPanel(lambda: StopAndWaitSender([b"a"]), StopAndWaitReceiver)
        assert not older.is_open and older._talk is None
        newer.stop()


def test_a_conversation_that_nobody_touches_ends_by_itself():
    with running(delay=LONG) as panel:
        panel._talk.session.patience = 0.1
        wait(panel, lambda: over(panel))
        assert "without a touch" in panel.status.value


def test_an_endpoint_that_breaks_is_named():
    class Broken(StopAndWaitReceiver):
        def receive(self, datagram, now):
            raise ValueError("no <such> thing")

    panel = LadderPanel(lambda: StopAndWaitSender([b"a"]), Broken, delay=0.2)
    panel.controls.start.click()
    wait(panel, lambda: over(panel))
    assert "ValueError: no &lt;such&gt; thing" in panel.status.value
    panel.stop()


def test_hostile_payloads_are_text_wherever_they_are_shown():
    with running(HOSTILE, delay=LONG, label=lambda payload: HOSTILE.decode()) as panel:
        wait(panel, lambda: "onerror" in panel.said.value)
        page_says(panel, act="delay", on=["forward", 0, 0])
        assert "onerror" in panel.status.value
        shown = "".join(w.value for w in below(panel.box) if isinstance(w, ipw.HTML))
        assert not re.search("<(img|script)", shown)


def below(widget: ipw.Widget):
    for child in getattr(widget, "children", ()):
        yield child
        yield from below(child)


def test_a_label_function_that_fails_falls_back_to_the_bytes():
    with running(b"abc", delay=LONG, label=lambda payload: payload[999]) as panel:
        assert "abc" in panel.view.arrows[0]["label"]


def test_the_page_is_told_a_few_times_a_second_and_no_more():
    async def messages(seconds: float) -> tuple[int, int]:
        sent = []
        with running(*[b"x"] * 50, delay=0.2) as panel:
            panel.view.comm.send = lambda data=None, **_: sent.append(len(repr(data)))
            panel.said.comm.send = panel.view.comm.send
            await asyncio.sleep(seconds)
        return len(sent), sum(sent)

    began = time.monotonic()
    number, size = asyncio.run(messages(1.0))
    passed = time.monotonic() - began
    assert number <= 2 * PER_SECOND * passed + 6
    assert size < 100_000 * passed


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (StopAndWaitSender([b"a"]), "sender must be a function that makes an Endpoint, got"),
        (None, "sender must be a function that makes an Endpoint, got None"),
    ],
)
def test_an_endpoint_instead_of_its_maker_is_named(made, said):
    with pytest.raises(TypeError, match=said):
        LadderPanel(made, StopAndWaitReceiver)


def test_an_unknown_action_is_named():
    with running(delay=LONG) as panel, pytest.raises(ValueError, match="got 'eat'"):
        panel.act("eat")


def test_a_maker_of_something_else_is_named_at_start():
    panel = LadderPanel(lambda: "nothing", StopAndWaitReceiver)
    panel.controls.start.click()
    assert "expected an Endpoint" in panel.status.value and "nothing" in panel.status.value
    assert panel._talk is None
    panel.stop()


def test_nothing_is_opened_before_start_and_an_untouched_panel_reads_as_text():
    panel = LadderPanel(lambda: StopAndWaitSender([b"a"]), StopAndWaitReceiver)
    assert panel._talk is None and Panel.running[LadderPanel] is panel
    assert panel._repr_mimebundle_()["text/plain"].startswith("Ladder panel: live controls")
    panel.stop()


# Where an arrow is


def row(time: float, action: str, number: int = 0, note: str = "", way: str = "forward") -> Record:
    return Record(time, way, action, b"x", ("127.0.0.1", 1), note, number)


def test_an_arrow_goes_evenly_and_after_a_delay_more_slowly_from_where_it_was():
    flight = Flight("forward", 0, "x", [(0.0, 0.0), (2.0, 1.0)])
    assert [flight.share(t) for t in (-1, 0, 1, 2, 3)] == [0, 0, 0.5, 1, 1]
    flight.reschedule(1.0, 5.0)
    assert flight.corners == [(0.0, 0.0), (1.0, 0.5), (5.0, 1.0)]
    assert flight.share(3.0) == 0.75
    flight.finish("lost", 3.0)
    assert flight.corners[-1] == (3.0, 0.75)


def test_one_that_waits_for_its_turn_stays_where_it_is_until_it_leaves():
    flights = Flights(Link(2.0, rate=8.0), lambda payload: "x")  # a byte takes a second
    for number in (0, 1):
        flights.take(row(0.0, "send", number))
    first, second = flights.all
    assert first.corners == [(0.0, 0.0), (1.0, 0.0), (3.0, 1.0)]
    assert second.corners == [(0.0, 0.0), (2.0, 0.0), (4.0, 1.0)]
    copy = flights.copied(second, 1.0)
    assert flights.all[2] is copy and copy.corners == [(1.0, 0.0), (2.0, 0.0), (4.0, 1.0)]
    second.reschedule(1.0, second.due + 3.0)
    assert second.corners == [(0.0, 0.0), (1.0, 0.0), (7.0, 1.0)]
    flights.take(row(2.0, "lost", 0))
    assert first.corners == [(0.0, 0.0), (1.0, 0.0), (2.0, 0.5)]


def test_a_window_leaves_one_after_the_other_and_arrives_so():
    with running(delay=LONG, spacing=0.5) as panel:
        due = panel._flights.all[0].due - panel._flights.all[0].corners[0][0]
        assert due == pytest.approx(LONG + 0.5, abs=0.01)


def test_of_a_datagram_and_its_copy_each_has_its_own_name():
    flights = Flights(Link(2.0), lambda payload: "x")
    flights.take(row(0.0, "send"))
    copy = flights.copied(flights.all[0], 1.0)
    assert copy.name == ("forward", 0, 1) and flights.find(*copy.name) is copy
    flights.take(row(2.0, "receive")._replace(copy=1))
    assert [(f.copy, f.state) for f in flights.all] == [(0, "flying"), (1, "arrived")]
    flights.take(row(5.0, "lost", note=BY_HAND))
    assert [(f.state, f.why) for f in flights.all] == [("lost", BY_HAND), ("arrived", "")]


def test_while_all_moves_a_page_is_told_of_the_newest_arrows_only():
    flights = Flights(Link(2.0), lambda payload: "x")
    for number in range(KEPT + 5):
        flights.take(row(0.0, "send", number))
    assert [arrow["number"] for arrow in flights.drawn(whole=False)] == list(range(5, KEPT + 5))
    assert len(flights.drawn(whole=True)) == KEPT + 5
    assert len(flights.on_the_way()) == KEPT + 5
