"""The chat panel, without a browser, on the notebook's own server; and the code that invites."""

import contextlib
import html
import re
import selectors
import socket
import struct
import threading
import time

import ipywidgets as ipw
import pytest
from chat import CHATS, notebook
from hypothesis import given
from hypothesis import strategies as st
from test_udp_tcp_panels import below, control

from netlib.panels.chat import SHOWN, ChatPanel, reachable
from netlib.panels.invitation import DIGITS, LOOPBACK, Invitation
from netlib.panels.panel import Panel
from netlib.sockets.background import Background
from netlib.sockets.tcp import TCPConnection, TCPListener
from netlib.trace import printable

HOSTILE = ["<img src=x onerror=pwned=1>", "</td><script>pwned=1</script>", "&lt;b&gt;", "\x1b[2J"]
PATIENCE = 10.0
invitations = st.builds(
    Invitation,
    st.one_of(st.just(LOOPBACK), st.ip_addresses(v=4).map(str)),
    st.integers(0, 65535),
    st.integers(0, 511),
)


@pytest.fixture(autouse=True)
def stopped_panels(nothing_left_open):
    """Stop the panels that a test leaves live, as closing the notebook would."""
    yield
    while Panel.running:
        Panel.running.popitem()[1].stop()


@pytest.fixture(scope="module")
def serve():
    return notebook()["asynchronous"]


@pytest.fixture
def beside(monkeypatch):
    """Let panels of one kind live side by side, as they do in two notebooks."""
    monkeypatch.setattr(Panel, "running", {})
    panels = []

    def open_panel(*arguments, **named) -> ChatPanel:
        Panel.running.clear()
        panels.append(ChatPanel(*arguments, **named))
        return panels[-1]

    yield open_panel
    for panel in reversed(panels):
        panel.stop()


def say(panel: ChatPanel, text: str):
    panel.text.value = text
    control(panel, "send").click()


def shown(panel: ChatPanel, wanted: str = "") -> list[str]:
    """Return the lines a panel shows, once `wanted` is among them."""
    deadline = time.monotonic() + PATIENCE
    while True:
        panel.pump.flush()
        rows = re.findall("<td.*?>(.*?)</td>", panel.lines.value, re.DOTALL)
        lines = [html.unescape(row) for row in rows]
        if wanted in lines or not wanted or time.monotonic() > deadline:
            return lines
        time.sleep(0.002)


def joined(panel: ChatPanel) -> ChatPanel:
    """Return the panel when it is in its room: it has heard itself, and that is forgotten."""
    say(panel, "is here")
    said = printable(f"{panel.name.value}: is here".encode(), 200)
    assert said in shown(panel, said)
    panel._recent.clear()
    panel._show([])
    return panel


@contextlib.contextmanager
def netcat(panel: ChatPanel, code: str):
    """Be `nc`: connect, type the code; yield a file of lines."""
    with (
        socket.create_connection(panel.address, PATIENCE) as client,
        client.makefile("rwb") as stream,
    ):
        type_in(stream, code.encode())
        yield stream


def type_in(stream, line: bytes):
    stream.write(line + b"\n")
    stream.flush()


@pytest.mark.parametrize("server", CHATS)
def test_two_notebooks_chat_by_the_code_alone(beside, server):
    host = joined(beside(notebook()[server], name="Ana"))
    guest = beside(join=host.code.lower(), name="Bea")
    say(guest, "hello")
    assert shown(guest, "Bea: hello") == ["Bea: hello"]
    assert shown(host, "Bea: hello") == ["Bea: hello"]
    say(host, "welcome")
    assert shown(guest, "Ana: welcome") == ["Bea: hello", "Ana: welcome"]
    assert guest.text.value == ""


def test_a_plain_netcat_joins_by_the_code_and_hears(serve):
    panel = joined(ChatPanel(serve, name="Ana"))
    port = panel.address[1]
    assert f"nc 127.0.0.1 {port}" in panel.how.value
    with netcat(panel, panel.code) as stream:
        type_in(stream, b"hello from a terminal")
        assert stream.readline() == b"hello from a terminal\n"
        assert shown(panel, "hello from a terminal")[-1] == "hello from a terminal"
        say(panel, "hello back")
        assert stream.readline() == b"Ana: hello back\n"


def test_without_the_code_one_is_in_another_room(serve):
    panel = ChatPanel(serve, name="Ana")
    with netcat(panel, "WRONG") as stream:
        type_in(stream, b"can you hear me?")
        assert stream.readline() == b"can you hear me?\n"
    say(panel, "anybody?")
    assert shown(panel, "Ana: anybody?") == ["Ana: anybody?"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_and_names_are_shown_as_text(serve, text):
    panel = joined(ChatPanel(serve, name=text))
    with netcat(panel, panel.code) as stream:
        type_in(stream, text.encode())
        stream.readline()
        say(panel, text)
        stream.readline()
        assert len(shown(panel, printable(f"{text}: {text}".encode(), 200))) == 2
    panel.stop()
    everything = "".join(w.value for w in below(panel.box) if isinstance(w, ipw.HTML))
    assert not re.search("<(img|script|b>&)|\x1b", everything)


def test_only_the_last_lines_are_kept_and_a_long_one_is_cut(serve):
    panel = joined(ChatPanel(serve))
    with netcat(panel, panel.code) as stream:
        for number in range(SHOWN + 3):
            type_in(stream, b"%d" % number)
        type_in(stream, b"x" * 900)
        lines = shown(panel, "x" * 200 + "…")
    assert lines[:-1] == [str(n) for n in range(4, SHOWN + 3)]


def test_it_listens_on_loopback_and_says_so(serve):
    panel = ChatPanel(serve)
    assert panel.listens[0] == LOOPBACK
    assert len(panel.code) == 6
    assert "only this machine" in panel.status.value


def test_open_to_others_it_says_what_it_opens(beside, serve):
    panel = joined(beside(serve, host="0.0.0.0", name="Ana"))
    port = panel.listens[1]
    assert f"OPEN TO OTHER MACHINES: TCP, 0.0.0.0:{port}" in panel.status.value
    guest = beside(join=panel.code, name="Bea")
    say(guest, "hello")
    assert shown(panel, "Bea: hello") == ["Bea: hello"]


def test_the_address_for_others_is_not_everywhere():
    assert reachable("0.0.0.0") != "0.0.0.0"
    assert reachable("10.1.2.3") == "10.1.2.3"


def test_a_line_too_long_for_the_server_ends_this_guest_only(beside, serve):
    host = beside(serve, name="Ana")
    guest = beside(join=host.code, name="Bea")
    say(guest, "x" * 2000)
    deadline = time.monotonic() + PATIENCE
    while "over" not in guest.status.value and time.monotonic() < deadline:
        guest.pump.flush()
        time.sleep(0.002)
    assert "The chat is over" in guest.status.value
    say(host, "still here")
    assert shown(host, "Ana: still here") == ["Ana: still here"]


def test_a_line_end_typed_as_a_byte_is_refused(serve):
    panel = ChatPanel(serve)
    say(panel, r"one\x0atwo")
    assert "Not sent" in panel.status.value


def test_stop_ends_the_server_disables_all_and_is_idempotent(serve, nothing_left_open):
    panel = ChatPanel(serve)
    control(panel, "stop").click()
    panel.stop()
    assert "stopped" in panel.status.value
    assert all(w.disabled for w in panel._controls())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(panel.address, 1)


def test_a_second_panel_replaces_the_first(serve):
    first, second = ChatPanel(serve), ChatPanel(serve)
    assert not first.is_open
    say(second, "alive")
    assert shown(second, f"{second.name.value}: alive")


def test_guests_are_told_when_the_server_stops(beside, serve):
    host = beside(serve)
    guest = beside(join=host.code)
    say(guest, "hello")
    shown(guest, f"{guest.name.value}: hello")
    host.stop()
    guest.stop()
    assert not guest.is_open


def test_a_code_that_leads_nowhere_gets_a_sentence_and_can_be_corrected(beside, serve):
    host = joined(beside(serve))
    with socket.create_server((LOOPBACK, 0)) as closed:
        code = str(Invitation(LOOPBACK, closed.getsockname()[1], 5))
    wrong = {"hello": "expected a code of 6 or 13", code: "nobody listens there"}
    for entry, reason in wrong.items():
        guest = beside(join=entry)
        assert guest.status.value.startswith("Not joined: ")
        assert reason in html.unescape(guest.status.value)
        say(guest, "hello?")
        assert "Not sent: you have not joined yet" in guest.status.value
        assert guest.text.value == "hello?"
    guest.entry.value = host.code
    control(guest, "join").click()
    assert "You have joined" in guest.status.value
    say(guest, "hello at last")
    line = f"{guest.name.value}: hello at last"
    assert shown(host, line) == [line]


def test_impossible_panels_are_refused(serve, nothing_left_open):
    with pytest.raises(ValueError, match="either a server to run or a code"):
        ChatPanel()
    with pytest.raises(ValueError, match="either a server to run or a code"):
        ChatPanel(serve, join="123456")
    with pytest.raises(ValueError, match="host must be an IPv4 address, got '::1'"):
        ChatPanel(serve, host="::1")


@given(invitations)
def test_a_code_says_what_it_was_made_from(invitation):
    code = str(invitation)
    assert len(code) == (6 if invitation.host == LOOPBACK else 13)
    assert Invitation.parse(code) == invitation
    spoken = f" {code[:3].lower()}-{code[3:].replace('0', 'o').replace('1', 'l')} "
    assert Invitation.parse(spoken) == invitation


@given(invitations, st.data())
def test_a_wrong_character_and_a_swap_are_found(invitation, data):
    code = str(invitation)
    where = data.draw(st.integers(0, len(code) - 2))
    other = data.draw(st.sampled_from([d for d in DIGITS if d != code[where]]))
    swapped = code[:where] + code[where + 1] + code[where] + code[where + 2 :]
    for wrong in {code[:where] + other + code[where + 1 :], swapped} - {code}:
        # modulo 31, the first and the last of the 32 characters weigh the same
        if {code[where], other} != {"0", "Z"} and set("0Z") - set(code[where : where + 2]):
            with pytest.raises(ValueError, match="expected a code as it was shown"):
                Invitation.parse(wrong)


@given(st.text(DIGITS + "oil OIL-\n\xff", max_size=14))
def test_whatever_is_typed_is_a_code_or_an_error_that_says_so(text):
    with contextlib.suppress(ValueError):
        assert Invitation.parse(text).port < 65536


def test_an_invitation_holds_ipv4_only():
    for host, port, secret in (("::1", 1, 1), (LOOPBACK, 65536, 1), (LOOPBACK, 1, 512)):
        with pytest.raises(ValueError):
            Invitation(host, port, secret)


@contextlib.contextmanager
def guest_of(server):
    """Join whatever `server(connection)` is; yield the panel, while the server runs in a thread."""
    with (
        TCPListener() as listener,
        Background(lambda: server(listener.accept())),
    ):
        panel = ChatPanel(join=str(Invitation(*listener.address, 5)))
        try:
            yield panel
        finally:
            panel.stop()


def is_over(panel: ChatPanel) -> str:
    """Return the panel's status once it says that the chat is over."""
    deadline = time.monotonic() + PATIENCE
    while "over" not in panel.status.value:
        assert time.monotonic() < deadline, panel.status.value
        panel.pump.flush()
        time.sleep(0.002)
    return html.unescape(panel.status.value)


def test_a_server_without_line_ends_is_left_before_it_fills_the_memory():
    sent = []

    def server(connection: TCPConnection):
        with connection, contextlib.suppress(OSError):
            for _ in range(1000):
                connection.send_all(bytes(65536))
                sent.append(65536)

    with guest_of(server) as panel:
        assert "FramingError: expected b'\\n' within 65536 bytes" in is_over(panel)
    assert sum(sent) < 30e6, "only what the kernel's buffers hold"


def test_a_server_that_resets_is_named_before_anybody_speaks():
    def server(connection: TCPConnection):
        connection._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.receive()
        connection.close()

    with guest_of(server) as panel:
        assert "ConnectionResetError" in is_over(panel)


def test_after_the_end_a_message_is_not_lost_in_silence():
    with guest_of(lambda connection: connection.close()) as panel:
        is_over(panel)
        say(panel, "hello?")
        assert "Not sent: The chat is over" in panel.status.value
        assert panel.text.value == "hello?"


def test_a_line_that_meets_a_server_that_has_gone_comes_back_into_the_field():
    said = threading.Event()

    def server(connection: TCPConnection):
        connection._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        said.wait(PATIENCE)
        connection.close()  # with the line unread

    with guest_of(server) as panel:
        say(panel, "anybody there?")
        assert panel.text.value == ""
        said.set()
        assert "Your last line did not come back" in is_over(panel)
        assert panel.text.value == "anybody there?"


def test_what_the_server_failed_with_is_said_at_stop(beside):
    def serve(listener: socket.socket, stop: socket.socket):
        arrivals = selectors.DefaultSelector()
        with arrivals:
            arrivals.register(stop, selectors.EVENT_READ)
            arrivals.select(PATIENCE)
        raise RuntimeError("no more of this")

    panel = beside(serve)
    panel.stop()
    assert "It ended with RuntimeError('no more of this')" in html.unescape(panel.status.value)
    assert panel.stop_button.disabled


def test_lines_that_end_as_in_telnet_are_shown_without_the_carriage_return():
    def server(connection: TCPConnection):
        with connection:
            connection.send_all(b"hello\r\nmid\rdle\r\n")

    with guest_of(server) as panel:
        is_over(panel)
        assert shown(panel) == ["hello", "mid\\rdle"]
