"""The panels without a browser: buttons clicked and texts typed from Python."""

import html
import re
import sys
from collections import deque

import ipywidgets as ipw
import ipywidgets.widgets.widget
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.panels.panel import Panel, payload_of
from netlib.panels.tcp import TAPE, Pieces, TCPPanel, tape
from netlib.panels.udp import SHOWN, UDPPanel
from netlib.sockets import UDPSender

HOSTILE = [
    "<img src=x onerror=pwned=1>",
    "</td><script>pwned=1</script>",
    "&lt;b&gt;",
    r"\x3cb\x3e",
]
both_panels = pytest.mark.parametrize("kind", [UDPPanel, TCPPanel])
several_texts = st.lists(st.text(st.characters(exclude_characters="\\", codec="utf-8")))


@pytest.fixture(autouse=True)
def stopped_panels(nothing_left_open):
    """Stop the panels that a test leaves live, as closing the notebook would."""
    yield
    while Panel.running:
        Panel.running.popitem()[1].stop()


def control(panel: Panel, name: str) -> ipw.Widget:
    """Return the widget of a panel that has this class in the page."""
    (found,) = (w for w in below(panel.box) if f"netlib-{name}" in w._dom_classes)
    return found


def below(widget: ipw.Widget):
    for child in getattr(widget, "children", ()):
        yield child
        yield from below(child)


def open_widgets() -> dict:
    """Return the widgets that the kernel keeps."""
    return ipywidgets.widgets.widget._instances


def send(panel: Panel, text: str):
    panel.text.value = text
    control(panel, "send").click()


def cells(table: ipw.HTML) -> list[list[str]]:
    """Return what a table shows, a list for each row below the heading."""
    rows = re.findall("<tr>(.*?)</tr>", table.value, re.DOTALL)[1:]
    return [[html.unescape(c) for c in re.findall("<td.*?>(.*?)</td>", r, re.S)] for r in rows]


def test_a_message_reaches_every_receiver():
    panel = UDPPanel(receivers=2)
    send(panel, "hi")
    panel.stop()
    shown = sorted(cells(panel.arrivals))
    assert shown == [[f"receiver {n}", "2", "hi", "sender", ""] for n in (1, 2)]


def test_enter_sends_what_is_in_the_text_field():
    panel = UDPPanel()
    panel.text.value = "by Enter"
    panel.text._handle_custom_msg({"event": "submit"}, [])  # what the page sends at Enter
    panel.stop()
    assert cells(panel.arrivals)[0][2] == "by Enter"


@both_panels
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_escaped_wherever_it_is_shown(kind, text):
    panel = kind()
    send(panel, text)
    panel.stop()
    shown = [w.value for w in below(panel.box) if isinstance(w, ipw.HTML)]
    assert not re.search("<(img|script|b>&)|<b>[^A-Z]", "".join(shown))
    assert payload_of(text).decode() in cells(panel.arrivals)[0]


def test_a_truncated_datagram_is_said_to_be_truncated():
    panel = UDPPanel()
    panel.max_size.value = 3
    send(panel, "truncate me")
    panel.stop()
    assert cells(panel.arrivals) == [
        ["receiver 1", "3", "tru", "sender", "truncated: the rest is gone"]
    ]
    assert cells(panel.counts)[0][:4] == ["receiver 1", "1", "1", "1"]


def test_a_strangers_datagram_is_shown_as_a_strangers():
    panel = UDPPanel()
    with UDPSender() as stranger:
        stranger.send(b"guess who", panel._receivers[0].address)
    panel.stop()
    host, port = stranger.address
    assert cells(panel.arrivals)[0][3] == f"a stranger at {host}:{port}"
    assert cells(panel.counts)[0][:3] == ["receiver 1", "0", "1"]


def test_a_datagram_above_the_limit_is_not_sent_and_the_status_says_why():
    panel = UDPPanel()
    panel.size.value = 65508
    send(panel, "x")
    assert "at most 65507 bytes, got 65508" in html.unescape(panel.status.value)
    panel.size.value = 65507
    send(panel, "x")
    assert "65507 bytes" in panel.status.value
    panel.stop()
    assert [row[1] for row in cells(panel.arrivals)] == ["65507"]


def test_copies_are_datagrams_of_their_own_of_which_the_last_are_shown():
    panel = UDPPanel()
    panel.copies.value = SHOWN + 5
    send(panel, "again")
    panel.stop()
    assert cells(panel.counts)[0][1:3] == [str(SHOWN + 5)] * 2
    assert len(cells(panel.arrivals)) == SHOWN


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what a socket dropped")
def test_a_paused_receiver_lets_the_kernel_drop_what_finds_no_room():
    panel = UDPPanel()
    control(panel, "pause").value = True
    panel.copies.value, panel.size.value = 1000, 1000
    send(panel, "flood")
    panel.stop()
    _, sent, arrived, _, dropped = cells(panel.counts)[0]
    assert int(dropped) > 0
    assert int(arrived) + int(dropped) == int(sent) == 1000


def test_two_sends_come_out_of_one_receive_by_hand():
    panel = TCPPanel()
    control(panel, "pause").value = True
    send(panel, "one, ")
    send(panel, "two")
    control(panel, "receive").click()
    panel.pump.flush()
    assert panel.receives.last()[0] == [b"one, two"]
    assert tape(Pieces(b"one, ", b"two"), Pieces(b"one, two")) == panel.tape.value


def test_a_receive_by_hand_takes_no_more_than_it_may():
    panel = TCPPanel()
    control(panel, "pause").value = True
    panel.max_size.value = 3
    send(panel, "sixsix")
    for _ in range(2):
        control(panel, "receive").click()
    panel.pump.flush()
    assert panel.receives.last()[0] == [b"six", b"six"]


def test_a_receive_by_hand_never_blocks():
    panel = TCPPanel()
    control(panel, "receive").click()
    assert "by itself" in panel.status.value
    control(panel, "pause").value = True
    control(panel, "receive").click()
    assert "would block" in panel.status.value


@both_panels
def test_stop_is_idempotent_disables_every_control_and_leaves_nothing(kind, nothing_left_open):
    panel = kind()
    control(panel, "stop").click()
    panel.stop()
    assert "stopped" in panel.status.value
    assert all(w.disabled for w in panel._controls())


@both_panels
def test_what_was_pressed_just_before_stop_was_seen_does_no_harm(kind):
    panel = kind()
    panel.stop()
    said, shown = panel.status.value, panel.arrivals.value
    send(panel, "too late")
    control(panel, "pause").value = True
    panel.max_size.value = 1
    if kind is TCPPanel:
        control(panel, "receive").click()
    panel.pump.flush()
    assert (panel.status.value, panel.arrivals.value) == (said, shown)


@both_panels
def test_a_second_panel_of_the_same_kind_stops_the_first(kind):
    first, second = kind(), kind()
    assert not first.is_open
    assert "replaced" in first.status.value
    send(second, "alive")
    second.stop()
    assert cells(second.arrivals)[0][2] == "alive"


def test_panels_of_different_kinds_live_side_by_side():
    udp, tcp = UDPPanel(), TCPPanel()
    assert udp.is_open
    assert tcp.is_open


def test_a_page_without_widgets_shows_what_to_do():
    bundle = UDPPanel()._repr_mimebundle_()
    assert bundle["text/plain"] == "UDP panel: live controls; run this cell to use them"
    assert "application/vnd.jupyter.widget-view+json" in bundle


@given(several_texts, st.lists(st.binary(max_size=3)))
def test_typed_text_and_typed_bytes_become_what_was_meant(texts, strings):
    pairs = list(zip(texts, strings, strict=False))
    written = "".join(text + "".join(f"\\x{b:02x}" for b in some) for text, some in pairs)
    assert payload_of(written) == b"".join(text.encode() + some for text, some in pairs)


@given(st.text(), st.integers(0, 300))
def test_whatever_is_typed_becomes_bytes_of_the_size_asked_for(text, size):
    payload = payload_of(text, size)
    assert len(payload) == size or not size
    assert not size or payload == ((payload_of(text) or b".") * size)[:size]


def test_half_a_character_is_sent_as_a_question_mark():
    assert payload_of("\ud83d") == b"?"  # what is left where a page deletes half an emoji


@given(st.lists(st.binary(max_size=60)), st.lists(st.binary(max_size=60)))
def test_a_tape_shows_one_character_a_byte_and_no_more_than_its_length(sends, receives):
    rows = re.findall(r"<div.*?</div>", tape(Pieces(*sends), Pieces(*receives)))
    shown = [re.findall(r"<span>(.*?)</span>", row)[1:] for row in rows]
    total = sum(map(len, sends))
    assert len(html.unescape("".join(shown[0]))) == min(total, TAPE)
    assert len(html.unescape("".join(shown[1]))) == max(
        0, sum(map(len, receives)) - max(0, total - TAPE)
    )


@both_panels
def test_a_replaced_panel_shows_its_last_state_and_keeps_no_widgets(kind):
    panel = kind()
    send(panel, "last words")
    newer = kind()
    newer.stop()
    (last,) = panel.box.children
    assert "last words" in last.value and "replaced by a newer one" in last.value
    assert panel.text.comm is None and panel.stop_button.comm is None


@both_panels
def test_running_a_cell_again_and_again_keeps_a_few_widgets_of_each_panel(kind):
    kind()
    before = len(open_widgets())
    for _ in range(10):
        kind()
    assert len(open_widgets()) - before <= 10 * 6


def test_arrivals_are_counted_also_when_the_page_could_not_be_told_of_each():
    panel = UDPPanel()
    panel.pump._items = deque(maxlen=5)
    panel.copies.value = 20
    send(panel, "again")
    panel.stop()
    assert cells(panel.counts)[0][1:3] == ["20", "20"]
    assert len(cells(panel.arrivals)) <= 5 and panel.pump.left_out >= 15


def test_a_stream_is_shown_whole_also_when_the_page_could_not_be_told_of_each_piece():
    panel = TCPPanel()
    panel.pump._items = deque(maxlen=2)
    panel.max_size.value = 1
    send(panel, "stream")
    panel.stop()
    assert panel.receives.last()[0] == [b"s", b"t", b"r", b"e", b"a", b"m"]
    assert panel.tape.value == tape(Pieces(b"stream"), panel.receives)
