"""The diagram and its panel: lit by what the kernel says, and nothing left open."""

import asyncio
import pathlib
import socket
import time
import xml.etree.ElementTree as ET

import pytest
from test_udp_tcp_panels import below

from netlib.kernel import states
from netlib.kernel.packet_filter import unplugged
from netlib.panels.connection import ConnectionPanel
from netlib.protocols.tcp.states import STATES, TRANSITIONS
from netlib.show.state_diagram import END, PLACES, RECORDED, StateDiagram, of_connections
from netlib.sockets.pair import pair

pytestmark = pytest.mark.usefixtures("nothing_left_open")
on_linux = pytest.mark.skipif(not states.TABLE.exists(), reason="this reads Linux's /proc/net/tcp")


@pytest.fixture
def panel():
    made = ConnectionPanel()
    yield made
    made.stop()


def press(panel, label: str, side: str = "client"):
    buttons = [b for b in below(panel.box) if getattr(b, "description", "") == label]
    sides = [b for b in buttons if f"netlib-{side}" in b._dom_classes]
    (sides or buttons)[0].click()


def said(panel) -> str:
    return panel._notes[0][-1]


def texts(diagram: StateDiagram) -> list[str]:
    return [t.text for t in ET.fromstring(diagram._repr_svg_()).iter() if t.tag.endswith("text")]


def test_the_drawing_has_every_state_and_every_step_of_the_table():
    drawn = texts(StateDiagram())
    assert {place for place in PLACES if place != END} == set(STATES)
    for step in TRANSITIONS:
        assert (f"{step.event} / {step.sent}" if step.sent else step.event) in drawn
    assert {"any state with a peer", "RST"} <= set(drawn)
    assert len(drawn) == len(TRANSITIONS) + len(PLACES) + 2  # and the RST's way


def test_who_is_where_is_written_beside_the_state_and_in_the_text_twin():
    diagram = StateDiagram({"client": ["TIME-WAIT"] * 3, "server": ["LISTEN"]})
    assert repr(diagram) == "LISTEN: server\nTIME-WAIT: client × 3"
    assert "client × 3" in texts(diagram)


def test_a_name_that_is_no_state_is_refused():
    with pytest.raises(ValueError, match=r"expected states of RFC 9293, got .'SLEEPING'"):
        StateDiagram({"client": ["SLEEPING"]})


def test_hostile_names_are_shown_as_text():
    assert "<script>" not in StateDiagram({"<script>": ["LISTEN"]})._repr_svg_()


def test_where_the_kernel_tells_nothing_a_recording_is_drawn_and_says_that_it_is_one(monkeypatch):
    monkeypatch.setattr(states, "TABLE", pathlib.Path("/nowhere"))
    diagram = of_connections(("127.0.0.1", 9), [("127.0.0.1", 8)], {"client": ["SYN-SENT"]})
    assert repr(diagram) == f"SYN-SENT: client\n({RECORDED})"
    assert RECORDED in texts(diagram)


@on_linux
def test_a_state_that_lasts_only_until_the_next_segment_is_waited_out():
    with pair() as (client, server):
        addresses = server.getsockname(), [client.getsockname()]
        client.close()
        assert server.recv(1) == b""
        with unplugged(server):  # the ACK of its FIN is lost: it sends the FIN again, later
            server.shutdown(socket.SHUT_WR)
            states.poll(lambda: states.sides(*addresses)["client"] == ["TIME-WAIT"])
        assert states.state(server) == "LAST-ACK"
        diagram = of_connections(*addresses, {"client": ["LISTEN"]})
    assert repr(diagram) == "TIME-WAIT: client"


@on_linux
def test_without_the_kernels_table_the_panel_shows_what_its_own_sockets_say(panel, monkeypatch):
    monkeypatch.setattr(states, "TABLE", pathlib.Path("/nowhere"))
    press(panel, "Connect")
    assert panel.status.value.count("ESTABLISHED") == 2


def test_a_connection_that_cannot_be_made_says_why_and_leaves_no_end_open(panel):
    press(panel, "Connect")
    panel._listener.close()
    press(panel, "Connect")
    assert "refused" in said(panel)
    press(panel, "Send")
    assert said(panel) == "not connected: press Connect"


def test_a_connection_is_opened_used_and_closed_by_buttons(panel):
    press(panel, "Connect")
    press(panel, "Receive")
    assert said(panel) == "nothing yet: it would wait"
    press(panel, "Send", "server")
    press(panel, "Receive")
    assert said(panel) == "hello"
    press(panel, "Half-close", "server")
    press(panel, "Receive")
    assert said(panel) == "b'': the end of the stream"
    press(panel, "Close")
    press(panel, "Send")
    assert "this socket is closed" in said(panel)


def shows(panel, states: str) -> bool:
    """Look until the kernel has got that far: an ACK may be delayed."""
    deadline = time.monotonic() + 5
    while states not in panel.status.value and time.monotonic() < deadline:
        panel.look()
    return states in panel.status.value


@on_linux
def test_the_states_shown_are_the_kernels(panel):
    press(panel, "Connect")
    assert shows(panel, "client: ESTABLISHED; server: ESTABLISHED, LISTEN")
    press(panel, "Half-close")
    assert shows(panel, "client: FIN-WAIT-2; server: CLOSE-WAIT, LISTEN")
    press(panel, "Close", "server")
    assert shows(panel, "client: TIME-WAIT; server: LISTEN")


@on_linux
def test_the_panel_looks_again_by_itself(panel):
    async def connect_and_wait():
        press(panel, "Connect")
        panel.set_status("")
        while not panel.status.value:
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(connect_and_wait(), 5))
    assert "ESTABLISHED" in panel.status.value


@on_linux
def test_connecting_again_forgets_the_connection_before(panel):
    press(panel, "Connect")
    press(panel, "Close")
    press(panel, "Close", "server")
    press(panel, "Connect")
    assert shows(panel, "client: ESTABLISHED; server: ESTABLISHED, LISTEN")


def test_a_button_pressed_before_there_is_a_connection_says_so(panel):
    press(panel, "Send", "server")
    assert "press Connect" in said(panel)


def test_filling_the_buffers_says_that_nobody_reads(panel, monkeypatch):
    press(panel, "Connect")
    client = panel._ends["client"]
    client._socket.settimeout(0.01)
    with pytest.raises(TimeoutError):
        client.send_all(bytes(50_000_000))
    press(panel, "Send")
    assert "is the peer reading?" in said(panel)
