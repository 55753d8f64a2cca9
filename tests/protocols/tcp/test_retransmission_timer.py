"""When silence means loss: RFC 6298; its arithmetic is tested in test_timeout.py."""

from timeline import HANDSHAKE, play

from netlib.protocols import RttEstimator


def established(table, **parameters):
    return play(HANDSHAKE + table, mss=1000, **parameters)


def test_6298_5_1_the_first_segment_starts_the_timer_later_ones_do_not():
    established("""
        1.0   write 1000
        1.0   > ACK      1:1001  ack 1
        1.5   write 1000
        1.5   > ACK      1001:2001 ack 1
        1.99  silent
        2.0   > ACK      1:1001  ack 1
    """)


def test_6298_5_2_the_timer_stops_when_all_is_acknowledged():
    established("""
        1.0   write 1000
        1.0   > ACK      1:1001  ack 1
        1.1   < ACK      1:1     ack 1001
        99.0  silent
    """)


def test_6298_5_3_an_ack_of_something_new_starts_the_timer_again():
    established("""
        1.0   write 2000
        1.0   > ACK      1:2001  ack 1    each 1000
        1.9   < ACK      1:1     ack 1001
        1.9   rto 1.15                      # 0.2 + 4 * 0.2375
        3.04  silent
        3.05  > ACK      1001:2001 ack 1
    """)


def test_6298_5_3_a_duplicate_ack_does_not():
    established("""
        1.0   write 2000
        1.0   > ACK      1:2001  ack 1    each 1000
        1.9   < ACK      1:1     ack 1
        2.0   > ACK      1:1001  ack 1
    """)


def test_6298_5_4_and_5_5_only_the_earliest_is_sent_again_after_twice_the_time():
    established("""
        1.0   write 3000
        1.0   > ACK      1:3001  ack 1    each 1000
        2.0   > ACK      1:1001  ack 1
        4.0   > ACK      1:1001  ack 1
        8.0   > ACK      1:1001  ack 1
        8.0   rto 8
    """)


def test_6298_5_5_the_timeout_grows_to_60_seconds_and_no_further():
    times = [0, 1, 3, 7, 15, 31, 63, 123, 183]
    lines = [f"{1 + time} > ACK 1:11 ack 1 \n" for time in times]
    established("1 write 10 \n" + "".join(lines) + "184 rto 60")


def test_6298_3_nothing_is_measured_on_what_was_sent_twice():
    """Karn: the answer may be to either. So the back-off stays until something is measured."""
    established("""
        1.0   write 1000
        1.0   > ACK      1:1001  ack 1
        2.0   > ACK      1:1001  ack 1
        2.1   < ACK      1:1     ack 1001
        2.1   rto 2
        3.0   write 1000
        3.0   > ACK      1001:2001 ack 1
        3.1   < ACK      1:1     ack 2001
        3.1   rto 1
    """)


def test_6298_3_nothing_is_measured_on_what_sack_had_acknowledged_before():
    end = established("""
        1.0   write 2000
        1.0   > ACK      1:2001  ack 1    each 1000
        1.1   < ACK      1:1     ack 1    <sack 1001:2001>
        2.0   > ACK      1:1001  ack 1
        2.1   < ACK      1:1     ack 2001
        2.1   pipe 0
    """)
    assert [rtt for rtt, _ in end.sender.timer.history] == [0.1]  # that of the SYN


def test_6298_2_1_before_a_measurement_it_waits_a_second():
    play("""
        0.0   connect
        0.0   > SYN      0:0
        0.99  silent
        1.0   > SYN      0:0
        3.0   > SYN      0:0
    """)


def test_6298_5_7_after_a_lost_syn_data_wait_three_seconds():
    play(
        """
        0.0   connect
        0.0   > SYN      0:0
        1.0   > SYN      0:0
        1.1   < SYN,ACK  0:0     ack 1
        1.1   > ACK      1:1     ack 1
        1.1   rto 3
        1.1   cwnd 1                        # RFC 5681, 3.1
        2.0   write 100
        2.0   > ACK      1:101   ack 1
        4.99  silent
        5.0   > ACK      1:101   ack 1
        """,
        mss=1000,
    )


def test_6298_5_7_holds_for_the_listener_too():
    play(
        """
        0.0   listen
        0.0   < SYN      0:0
        0.0   > SYN,ACK  0:0     ack 1
        1.0   > SYN,ACK  0:0     ack 1
        1.1   < ACK      1:1     ack 1
        1.1   rto 3
        """,
        peer=("0.0.0.0", 0),
    )


def test_6298_5_3_a_timer_of_ones_own_is_used():
    established(
        """
        1.0   write 10
        1.0   > ACK      1:11    ack 1
        1.29  silent
        1.3   > ACK      1:11    ack 1
        """,
        timer=lambda: RttEstimator(0.3, least=0.3),
    )
