"""What a connection takes, and what it only answers: RFC 9293, 3.4 and 3.10.7.4."""

import pytest
from timeline import HANDSHAKE, play

from netlib.protocols.tcp import ByteStream

SMALL = {"mss": 1000, "inbound": lambda: ByteStream(1000)}
SHUT = """
    1.0   < ACK      1:1001  ack 1
    1.0   > ACK      1:1     ack 1001 win 0
"""


@pytest.mark.parametrize(
    ("first", "end", "received", "ack"),
    [
        (1, 101, 100, 101),  # at the beginning of the window
        (901, 1001, 0, 1),  # at its end
        (1001, 1101, 0, 1),  # behind it
        (901, 1101, 0, 1),  # over its end
    ],
)
def test_9293_3_4_what_begins_or_ends_in_the_window_is_taken(first, end, received, ack):
    sack = f"<sack {first}:{min(end, 1001)}>" if 1 < first < 1001 else "<>"
    play(
        HANDSHAKE
        + f"""
        1.0   < ACK      {first}:{end} ack 1
        1.0   > ACK      1:1     ack {ack} {sack}
        1.0   received {received}
        """,
        **SMALL,
    )


def test_9293_3_4_what_lies_before_the_window_is_answered_what_reaches_into_it_trimmed():
    play(
        HANDSHAKE
        + """
        1.0   < ACK      1:501   ack 1
        1.0   > ACK      1:1     ack 501
        1.1   < ACK      1:501   ack 1      # again: our ACK was lost
        1.1   > ACK      1:1     ack 501
        1.2   < ACK      301:801 ack 1      # cut anew
        1.2   > ACK      1:1     ack 801
        1.2   received 800
        """,
        **SMALL,
    )


def test_9293_3_4_more_than_the_window_is_cut_at_its_end():
    play(HANDSHAKE + "1.0 < ACK 1:1201 ack 1 \n 1.0 > ACK 1:1 ack 1001 win 0", **SMALL)


def test_9293_3_4_a_shut_window_takes_acks_and_resets_but_no_data():
    play(
        HANDSHAKE
        + "0.5 write 10 \n 0.5 > ACK 1:11 ack 1"
        + SHUT.replace("1:1 ", "11:11 ")
        + """
        1.1   < ACK      1001:1101 ack 1
        1.1   > ACK      11:11   ack 1001 win 0
        1.1   received 1000
        1.2   < ACK      1001:1001 ack 11
        1.2   pipe 0
        1.2   < RST      1001:1001
        1.2   error reset
        """,
        **SMALL,
    )


def test_5961_3_2_a_reset_counts_also_after_more_than_was_offered():
    """There is room for what was read, but no window of that size is worth an offer."""
    play(
        HANDSHAKE
        + """
        0.5   < ACK      1:601   ack 1
        0.5   > ACK      1:1     ack 601  win 400
        0.5   read 300
        0.6   < ACK      601:1101 ack 1
        0.6   > ACK      1:1     ack 1101 win 0
        0.7   < RST      1101:1101
        0.7   error reset
        """,
        **SMALL,
    )


def test_9293_3_10_7_4_an_ack_beside_refused_data_counts():
    play(
        HANDSHAKE
        + "0.5 write 10 \n 0.5 > ACK 1:11 ack 1"
        + SHUT.replace("1:1 ", "11:11 ")
        + """
        1.1   < ACK      1001:1101 ack 11   # a probe that also acknowledges
        1.1   > ACK      11:11   ack 1001 win 0
        1.1   pipe 0
        """,
        **SMALL,
    )


def test_9293_3_10_7_4_a_segment_without_ack_is_dropped():
    play(HANDSHAKE + "1.0 < PSH 1:101 \n 1.0 silent \n 1.0 received 0", **SMALL)


def test_9293_3_8_5_urgent_is_ignored_but_the_bytes_count():
    play(
        HANDSHAKE
        + """
        1.0   < URG,ACK  1:101   ack 1
        1.0   > ACK      1:1     ack 101
        1.0   received 100
        """,
        **SMALL,
    )


def test_9293_3_10_7_4_data_after_the_peers_fin_is_acknowledged_and_ignored():
    play(
        HANDSHAKE
        + """
        1.0   < FIN,ACK  1:2     ack 1
        1.0   > ACK      1:1     ack 2
        1.1   < ACK      2:102   ack 1
        1.1   > ACK      1:1     ack 2
        1.1   received 0
        """,
        **SMALL,
    )


@pytest.mark.parametrize("wrong", ["port", "address", "checksum"])
def test_a_packet_for_somebody_else_is_counted_and_changes_nothing(wrong):
    from netlib.protocols.tcp import Connection, Segment, pack

    end = Connection.server()
    segment = Segment(1, 81 if wrong == "port" else 80, 0, 0, 2, 1000)
    packet = pack(segment, "10.0.0.1", "10.0.0.3" if wrong == "address" else "10.0.0.2")
    packet = packet[:-1] + bytes([packet[-1] ^ (wrong == "checksum")])
    assert end.receive(packet, 0.0) == []
    assert (end.state, end.ignored, end.deadline) == ("LISTEN", 1, None)
