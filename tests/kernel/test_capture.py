"""Segments as they are on the wire: captured where it is allowed, recorded elsewhere."""

import socket
import struct
import subprocess

import pytest
from kernels import NOTEBOOKS
from programs import program

from netlib.kernel import capture
from netlib.kernel.capture import Capture, capture_or_load, parse
from netlib.show.ladder import Ladder
from netlib.sockets import TCPConnection, TCPListener, UDPReceiver, UDPSender

RECORDING = NOTEBOOKS / "data" / "handshake.txt"


def packet(flags=0x02, payload=b"", options=b"", ip_options=b"") -> bytes:
    """Return a packet put together by hand, independently of the parser."""
    ip = bytes([0x45 + len(ip_options) // 4]) + bytes(8) + b"\x06" + bytes(2)
    ip += bytes([127, 0, 0, 1, 127, 0, 0, 2]) + ip_options
    offset = (20 + len(options)) // 4 << 4
    tcp = struct.pack("!HHIIBBHHH", 5000, 80, 7, 9, offset, flags, 100, 0, 0)
    return ip + tcp + options + payload


@pytest.mark.parametrize("options", [b"", b"\x01" * 12])
@pytest.mark.parametrize("ip_options", [b"", b"\x01" * 8])
def test_a_segment_is_found_behind_options_of_any_length(options, ip_options):
    segment = parse(packet(0x18, b"data", options, ip_options))
    assert segment.source == ("127.0.0.1", 5000)
    assert segment.destination == ("127.0.0.2", 80)
    assert (segment.seq, segment.ack, segment.payload) == (7, 9, b"data")
    assert segment.label == "ACK, 4 B"


@pytest.mark.parametrize(
    "flags, label",
    [(0x02, "SYN"), (0x12, "SYN, ACK"), (0x10, "ACK"), (0x11, "FIN, ACK"), (0x04, "RST")],
)
def test_flags_have_their_names(flags, label):
    assert parse(packet(flags)).label == label


@pytest.mark.parametrize("end", [0, 1, 19, 39])
def test_what_is_no_segment_is_refused_whatever_its_length(end):
    with pytest.raises(ValueError, match="expected TCP over IP"):
        parse(packet()[:end])


def test_the_recording_is_a_whole_connection_and_says_where_it_is_from():
    packets, told = capture.load(RECORDING)
    labels = [parse(each).label for each in packets]
    assert labels[:3] == ["SYN", "SYN, ACK", "ACK"]
    assert sorted(labels).count("FIN, ACK") == 2
    assert "Linux 6" in told and "20" in told and "raw socket" in told


def test_the_ladder_counts_sequence_numbers_from_the_first_of_each_side():
    packets, _ = capture.load(RECORDING)
    lines = repr(Ladder(capture.trace(map(parse, packets)))).splitlines()
    assert lines[0].startswith("client ── SYN  seq 0")
    assert lines[1].startswith("server ── SYN, ACK  0:1")
    assert lines[-1].startswith("client ── ACK  7:2")  # 1 for SYN, 5 bytes, 1 for FIN


def captured(port: int) -> Capture:
    """Begin to capture; skip the test where that is not allowed."""
    try:
        return Capture(port)
    except OSError as failure:
        pytest.skip(f"no raw socket here ({failure}): it takes CAP_NET_RAW")


def test_a_capture_sees_all_of_loopback_and_counts_what_it_had_no_room_for():
    with (
        TCPListener("127.8.8.8") as listener,
        captured(listener.address[1]) as taking,
        TCPConnection.connect(listener.address) as client,
        listener.accept() as server,
    ):
        for _ in range(2000):
            client.send_all(bytes(1000))
            server.receive_exactly(1000)
        segments = [parse(each) for each in taking.packets()]
        assert segments[0].destination == listener.address
        assert taking.lost > 0
        assert len(segments) + taking.lost >= 2000


def test_a_capture_sees_each_segment_over_ipv6_once():
    try:
        listener = TCPListener("::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with listener, captured(listener.address[1]) as taking:
        with TCPConnection.connect(listener.address) as client, listener.accept() as server:
            client.send_all(b"hello")
            server.receive_exactly(5)
            client.close()
        segments = [parse(each) for each in taking.connection()]
    assert [s.label for s in segments[:4]] == ["SYN", "SYN, ACK", "ACK", "ACK, 5 B"]
    assert segments[0].source == client.local[:2]
    assert segments[0].destination == listener.address[:2]
    assert segments[3].payload == b"hello" and len(set(segments)) == len(segments)


def test_datagrams_to_the_same_port_are_not_captured():
    with (
        UDPReceiver() as receiver,
        UDPSender() as sender,
        captured(receiver.address[1]) as taking,
    ):
        sender.send(b"hello", receiver.address)
        receiver.receive()
        assert taking.packets() == []


def test_a_capture_sees_one_connection_and_no_other():
    with TCPListener() as listener, TCPListener() as elsewhere:
        taking = captured(listener.address[1])
        with taking, TCPConnection.connect(elsewhere.address), elsewhere.accept():
            with TCPConnection.connect(listener.address) as client, listener.accept() as server:
                client.send_all(b"hello")
                server.receive_exactly(5)
                client.close()
            segments = [parse(each) for each in taking.connection()]
    assert segments[-1].label == "ACK" and segments[-1].source == client.local
    assert [s.label for s in segments[:4]] == ["SYN", "SYN, ACK", "ACK", "ACK, 5 B"]
    assert {listener.address[1], client.local[1]} == {
        port for s in segments for port in (s.source[1], s.destination[1])
    }


def test_where_capturing_is_refused_a_recording_is_loaded_and_says_so(monkeypatch):
    def refuse(self, port):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Capture, "__init__", refuse)
    packets, origin = capture_or_load(lambda listener: 1 / 0, RECORDING)
    assert packets == capture.load(RECORDING)[0]
    assert origin.startswith("No capture here") and "Linux 6" in origin


def test_where_capturing_is_allowed_the_connection_is_made_and_captured():
    def connect_and_close(listener):
        socket.create_connection(listener.getsockname(), timeout=2).close()
        listener.accept()[0].close()

    captured(1)._socket.close()
    packets, origin = capture_or_load(connect_and_close, "/nowhere")
    assert [parse(each).label for each in packets][:3] == ["SYN", "SYN, ACK", "ACK"]
    assert "just now" in origin


def test_the_recording_of_a_lost_ack_is_drawn_with_its_cross_and_the_fin_again():
    packets, origin = capture.load(NOTEBOOKS / "data" / "last-ack.txt")
    segments = [parse(each) for each in packets]
    lines = repr(Ladder(capture.trace(segments, lost=[len(segments) - 3]))).splitlines()
    assert lines[-3].startswith("client ── ACK  2:2") and "✗ server" in lines[-3]
    assert lines[-2].startswith("server ── FIN, ACK") and lines[-2].endswith("(again)")
    assert lines[-1].startswith("client ── ACK  2:2") and "▶ server" in lines[-1]
    assert "Linux 6" in origin and "dropped" in origin


PCAP, RAW = struct.Struct("=IHHiIII"), 101  # LINKTYPE_RAW: each packet begins with its IP header


def as_pcap(packets: list[bytes]) -> bytes:
    """Return a file that other programs read: draft-ietf-opsawg-pcap."""
    rows = (struct.pack("=IIII", 0, 0, len(each), len(each)) + each for each in packets)
    return PCAP.pack(0xA1B2C3D4, 2, 4, 0, 0, 65535, RAW) + b"".join(rows)


def test_tshark_reads_in_our_packets_what_we_read(tmp_path):
    fields = ["srcport", "dstport", "seq_raw", "ack_raw", "flags", "len"]
    line = [program("tshark"), "-r", str(tmp_path / "pcap"), "-T", "fields"]
    line += [word for field in fields for word in ("-e", f"tcp.{field}")]

    def act(listener):
        with (
            TCPConnection.connect(listener.getsockname()) as client,
            listener.accept()[0] as server,
        ):
            client.send_all(b"hello")
            server.recv(5)

    packets = capture.load(RECORDING)[0] + capture_or_load(act, RECORDING)[0]
    (tmp_path / "pcap").write_bytes(as_pcap(packets))
    ended = subprocess.run(line, capture_output=True, text=True, check=True)
    seen = [[int(word, 0) for word in row.split("\t")] for row in ended.stdout.splitlines()]
    assert seen == [ours(parse(packet)) for packet in packets]


def ours(segment: capture.Segment) -> list[int]:
    flags = sum(1 << capture.FLAGS.index(name) for name in segment.flags)
    ports = segment.source[1], segment.destination[1]
    return [*ports, segment.seq, segment.ack, flags, len(segment.payload)]
