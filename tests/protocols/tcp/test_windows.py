"""Flow control: RFC 9293, 3.8.6: shut windows, probes, and the silly window on both sides."""

from timeline import HANDSHAKE, play

from netlib.protocols.tcp import ByteStream

SHUT = """
    1.0   < ACK      1:1     ack 1    win 0
    1.0   write 2500
"""
PROBED = """
    2.0   > ACK      1:2     ack 1
    2.1   < ACK      1:1     ack 1    win 0
    4.0   > ACK      1:2     ack 1
    4.1   < ACK      1:1     ack 1    win 0
    8.0   > ACK      1:2     ack 1
"""


def established(table, capacity=65535, mss=1000, **parameters):
    return play(HANDSHAKE + table, mss=mss, inbound=lambda: ByteStream(capacity), **parameters)


def test_9293_3_8_6_no_more_is_sent_than_the_window_takes():
    established("""
        1.0   < ACK      1:1     ack 1    win 2000
        1.0   write 3500
        1.0   > ACK      1:2001  ack 1    each 1000
        1.1   < ACK      1:1     ack 1001 win 2000
        1.1   > ACK      2001:3001 ack 1
    """)


def test_9293_3_8_6_1_a_shut_window_is_probed_at_ever_longer_intervals():
    established(SHUT + "1.9 silent" + PROBED)


def test_9293_3_8_6_1_what_waits_goes_at_once_when_the_window_opens():
    established(
        SHUT
        + PROBED
        + """
        8.1   < ACK      1:1     ack 1    win 9000
        8.1   > ACK      1:2     ack 1
        8.1   > ACK      2:2501  ack 1    each 1000
        """
    )


def test_9293_3_8_6_1_what_was_repeated_once_is_repeated_again_when_the_window_opens_again():
    established(
        SHUT.replace("2500", "1")
        + """
        2.0   > ACK      1:2     ack 1
        2.1   < ACK      1:1     ack 1    win 1
        2.1   > ACK      1:2     ack 1
        2.2   < ACK      1:1     ack 1    win 0
        2.3   < ACK      1:1     ack 1    win 1
        2.3   > ACK      1:2     ack 1
        """
    )


def test_9293_3_8_6_1_a_probe_that_was_taken_needs_no_repetition():
    established(
        SHUT
        + PROBED
        + """
        8.1   < ACK      1:1     ack 2    win 9000
        8.1   > ACK      2:2501  ack 1    each 1000
        """
    )


def test_9293_3_8_6_1_a_peer_that_answers_probes_is_never_given_up():
    answered = "".join(
        f"{time} > ACK 1:2 ack 1 \n {time}.1 < ACK 1:1 ack 1 win 0 \n"
        for time in (2, 4, 8, 16, 32, 64, 124, 184)
    )
    established(SHUT + answered + "184.2 state ESTABLISHED", attempts=3)


def test_9293_3_8_6_1_a_peer_that_answers_no_probe_is_given_up():
    table = "2.0 > ACK 1:2 ack 1 \n 4.0 > ACK 1:2 ack 1 \n 8.0 error timeout"
    established(SHUT + table, attempts=2)


def test_9293_3_8_6_a_window_that_shrinks_stops_what_is_new_and_repeats_what_is_lost():
    established("""
        1.0   write 4000
        1.0   > ACK      1:4001  ack 1    each 1000
        1.1   < ACK      1:1     ack 1001 win 500    # it took its offer back
        1.1   write 1000
        1.5   silent
        2.1   > ACK      1001:2001 ack 1
    """)


def test_9293_3_8_6_2_1_a_small_segment_waits_while_more_than_it_is_buffered():
    """With half of the widest window, a segment goes although it is not full."""
    established("""
        1.0   write 9000
        1.0   > ACK      1:9001  ack 1    each 1000
        1.1   < ACK      1:1     ack 9001 win 400
        1.1   write 800
        1.2   < ACK      1:1     ack 9001 win 700
        1.2   silent
        1.3   < ACK      1:1     ack 9001 win 800
        1.3   > ACK      9001:9801 ack 1
    """)


def test_9293_3_8_6_2_1_half_of_the_widest_window_is_worth_a_segment():
    play("""
        0.0   connect
        0.0   > SYN      0:0
        0.1   < SYN,ACK  0:0     ack 1    win 600   <mss 1000>
        0.1   > ACK      1:1     ack 1
        0.1   write 2000
        0.1   > ACK      1:601   ack 1
        0.2   < ACK      1:1     ack 601  win 299
        0.2   silent
        0.3   < ACK      1:1     ack 601  win 300
        0.3   > ACK      601:901 ack 1
    """)


def test_9293_3_8_6_2_1_what_no_wider_window_follows_goes_after_a_timeout():
    established("""
        1.0   write 3000
        1.0   > ACK      1:3001  ack 1    each 1000
        1.1   < ACK      1:1     ack 3001 win 700
        1.1   write 2000
        2.0   silent
        2.1   > ACK      3001:3701 ack 1
    """)


def test_9293_3_8_6_2_2_no_window_is_offered_that_is_smaller_than_a_segment():
    established(
        """
        1.0   < ACK      1:3001  ack 1
        1.0   > ACK      1:1     ack 3001 win 0
        1.1   read 900
        1.1   silent
        1.1   < ACK      3001:3002 ack 1    # a probe
        1.1   > ACK      1:1     ack 3001 win 0
        1.2   read 100
        1.2   > ACK      1:1     ack 3001 win 1000
        """,
        capacity=3000,
    )


def test_9293_3_8_6_2_2_as_long_as_a_segment_fits_the_peer_need_not_hear_of_more():
    established(
        """
        1.0   < ACK      1:2001  ack 1
        1.0   > ACK      1:1     ack 2001 win 1000
        1.1   read 2000
        1.1   silent
        1.2   < ACK      2001:2002 ack 1
        1.2   > ACK      1:1     ack 2002 win 2999
        """,
        capacity=3000,
    )


def test_9293_3_8_6_2_2_of_a_small_buffer_half_is_enough():
    established(
        """
        1.0   < ACK      1:501   ack 1
        1.0   > ACK      1:1     ack 501 win 0
        1.1   read 249
        1.1   silent
        1.1   read 1
        1.1   > ACK      1:1     ack 501 win 250
        """,
        capacity=500,
    )


def test_9293_3_8_6_the_offered_edge_never_moves_back():
    established(
        """
        1.0   < ACK      1:1001  ack 1
        1.0   > ACK      1:1     ack 1001 win 2000
        1.1   < ACK      1501:2001 ack 1
        1.1   > ACK      1:1     ack 1001 win 2000 <sack 1501:2001>
        1.2   < ACK      1001:1501 ack 1
        1.2   > ACK      1:1     ack 2001 win 1000
        """,
        capacity=3000,
    )


def test_5681_4_2_every_second_segment_is_acknowledged_at_once_a_single_one_later():
    established(
        """
        1.00  < ACK      1:1001    ack 1
        1.15  silent
        1.15  < ACK      1001:2001 ack 1
        1.15  > ACK      1:1     ack 2001
        1.20  < ACK      2001:3001 ack 1
        1.39  silent
        1.40  > ACK      1:1     ack 3001
        """,
        delayed_ack=0.2,
    )


def test_5681_4_2_what_is_out_of_order_or_fills_a_gap_is_acknowledged_at_once():
    established(
        """
        1.0   < ACK      1001:2001 ack 1
        1.0   > ACK      1:1     ack 1    <sack 1001:2001>
        1.1   < ACK      1:1001  ack 1
        1.1   > ACK      1:1     ack 2001
        1.2   < ACK      1:1001  ack 1      # again
        1.2   > ACK      1:1     ack 2001
        1.3   < FIN,ACK  2001:2002 ack 1
        1.3   > ACK      1:1     ack 2002
        """,
        delayed_ack=0.2,
    )


def test_5681_4_2_data_carries_the_ack_that_waits():
    established(
        """
        1.0   < ACK      1:1001  ack 1
        1.1   write 10
        1.1   > ACK      1:11    ack 1001
        1.5   silent
        """.replace("1.5   silent", "1.2   < ACK 1001:1001 ack 11 \n 1.5 silent"),
        delayed_ack=0.2,
    )
