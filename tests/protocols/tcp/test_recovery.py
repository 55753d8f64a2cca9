"""What is repeated, and when: RFC 5681, 3042, 6582 without SACK; RFC 2018, 6675 with it."""

from functools import partial

import pytest
from timeline import HANDSHAKE, play

from netlib.protocols.tcp import Fixed, Reno

TEN = """
    1.0   write 20000
    1.0   > ACK      1:10001 ack 1    each 1000
"""
PLAIN = HANDSHAKE.replace(" sack>", ">")


def with_sack(table, control=Reno, **parameters):
    return play(HANDSHAKE + TEN + table, mss=1000, control=control, **parameters)


def without_sack(table, control=Reno, **parameters):
    return play(PLAIN + TEN + table, mss=1000, control=control, **parameters)


def test_6928_2_the_initial_window_has_ten_segments():
    with_sack("1.0 cwnd 10 \n 1.9 silent")


def test_5681_3_1_slow_start_adds_a_segment_for_each_acknowledged():
    """An ACK that acknowledges two segments counts as one (RFC 3465 would count both)."""
    with_sack("""
        1.1   < ACK      1:1     ack 1001
        1.1   > ACK      10001:12001 ack 1 each 1000
        1.1   cwnd 11
        1.1   < ACK      1:1     ack 3001
        1.1   > ACK      12001:15001 ack 1 each 1000
        1.1   cwnd 12
    """)


def test_5681_3_1_congestion_avoidance_adds_a_segment_a_round_trip():
    table = "".join(
        f"1.1 < ACK 1:1 ack {1001 + 1000 * n} \n"
        f"1.1 > ACK {10001 + 1000 * n}:{11001 + 1000 * n} ack 1 \n"
        for n in range(10)
    )
    end = play(PLAIN + TEN + table, mss=1000, control=partial(Reno, 10, 10))
    assert 10.9 < end.sender.control.cwnd < 11


def test_5681_3_1_what_does_not_fill_the_window_does_not_widen_it():
    """RFC 7661 says why: nobody has tried the path with so many."""
    table = TEN.replace("20000", "10000")
    table += "1.1 < ACK 1:1 ack 1001 \n 1.1 cwnd 11 \n 1.1 < ACK 1:1 ack 10001 \n 1.1 cwnd 11"
    play(PLAIN + table, mss=1000)


def test_3042_and_5681_3_2_two_duplicates_let_out_something_new_the_third_repeats():
    without_sack("""
        1.1   < ACK      1:1     ack 1
        1.1   > ACK      10001:11001 ack 1
        1.1   < ACK      1:1     ack 1
        1.1   > ACK      11001:12001 ack 1
        1.1   ssthresh inf
        1.1   < ACK      1:1     ack 1
        1.1   > ACK      1:1001  ack 1
        1.1   ssthresh 5
        1.1   recover 12001
        1.9   silent
    """)


@pytest.mark.parametrize(
    "other",
    ["1:1 ack 1 win 50000", "1:101 ack 1", "1:2 ack 1"],
)
def test_5681_2_with_data_or_another_window_an_ack_is_no_duplicate(other):
    answer = "" if other.startswith("1:1 ") else "1.1 > ACK 10001:10001 ack {} \n"
    end = other.split()[0].split(":")[1]
    lines = "".join(
        f"1.1 < ACK {other.replace('50000', str(50000 + n))} \n {answer.format(end)}"
        for n in range(4)
    )
    without_sack(lines + "1.9 silent")


def test_3042_the_receivers_window_holds_for_limited_transmit_too():
    table = "1.05 < ACK 1:1 ack 1 win 10000 \n" + 2 * "1.1 < ACK 1:1 ack 1 win 10000 \n"
    without_sack(table + "1.9 silent")


def test_5681_3_1_ssthresh_is_half_the_flight_and_two_segments_at_least():
    for size, ssthresh in ((10, 5), (7, 3.5), (5, 2.5), (4, 2), (2, 2), (1, 2)):
        table = f"1.0 write {size}000 \n 1.0 > ACK 1:{size}001 ack 1 each 1000 \n"
        table += f"2.0 > ACK 1:1001 ack 1 \n 2.0 ssthresh {ssthresh} \n 2.0 cwnd 1"
        play(PLAIN + table, mss=1000)


def test_5681_3_1_a_second_timeout_leaves_ssthresh_where_it_was():
    without_sack("""
        2.0   > ACK      1:1001  ack 1
        2.0   ssthresh 5
        4.0   > ACK      1:1001  ack 1
        4.0   ssthresh 5
        4.0   cwnd 1
    """)


def test_5681_3_1_after_a_timeout_slow_start_repeats_everything():
    without_sack("""
        2.0   > ACK      1:1001  ack 1
        2.1   < ACK      1:1     ack 1001
        2.1   > ACK      1001:3001 ack 1 each 1000
        2.1   cwnd 2
        2.2   < ACK      1:1     ack 2001
        2.2   > ACK      3001:5001 ack 1 each 1000
        2.2   cwnd 3
        2.2   < ACK      1:1     ack 10001   # the rest had arrived
        2.2   > ACK      10001:14001 ack 1 each 1000
        2.2   cwnd 4
        2.2   recover none
    """)


def duplicates(count):
    """Return the table of three duplicates without limited transmit, and of more behind them."""
    return (
        "1.05 < ACK 1:1 ack 1 win 10000 \n"
        + 3 * "1.1 < ACK 1:1 ack 1 win 10000 \n"
        + "1.1 > ACK 1:1001 ack 1 \n"
        + (count - 3) * "1.1 < ACK 1:1 ack 1 win 10000 \n"
    )


def test_6582_3_2_once_half_have_left_each_duplicate_lets_out_a_segment():
    without_sack(
        duplicates(5)
        + """
        1.1   < ACK      1:1     ack 1    win 10000
        1.1   cwnd 5
        1.9   silent                        # 10 are in flight, 5 + 6 may be, the window is full
        """
    )
    without_sack(
        """
        1.1   < ACK      1:1     ack 1
        1.1   > ACK      10001:11001 ack 1  # limited transmit
        1.1   < ACK      1:1     ack 1
        1.1   > ACK      11001:12001 ack 1
        1.1   < ACK      1:1     ack 1
        1.1   > ACK      1:1001  ack 1
        1.1   < ACK      1:1     ack 1      # 12 are in flight, 5 + 4 may be
        1.1   < ACK      1:1     ack 1
        1.1   < ACK      1:1     ack 1
        1.1   < ACK      1:1     ack 1
        1.1   < ACK      1:1     ack 1      # 5 + 8
        1.1   > ACK      12001:13001 ack 1
        1.1   < ACK      1:1     ack 1
        1.1   > ACK      13001:14001 ack 1
        """
    )


def test_6582_3_2_a_partial_ack_repeats_the_next_hole_at_once():
    without_sack(
        duplicates(8)
        + """
        1.2   < ACK      1:1     ack 4001 win 10000      # 4001 is missing, too
        1.2   > ACK      4001:5001 ack 1
        1.2   > ACK      10001:14001 ack 1 each 1000     # 6 in flight, 5 + 8 - 4 + 1 may be
        1.2   recover 10001
        1.2   cwnd 5
        1.3   < ACK      1:1     ack 10001 win 10000
        1.3   > ACK      14001:15001 ack 1
        1.3   recover none
        1.3   cwnd 5
        """
    )


def test_6582_3_2_duplicates_of_what_a_timeout_repeated_start_no_recovery():
    end = without_sack(
        "2.0 > ACK 1:1001 ack 1 \n 2.1 < ACK 1:1 ack 2001 \n 2.1 > ACK 2001:4001 ack 1 each 1000"
        + 4 * "\n 2.2 < ACK 1:1 ack 2001"
        + "\n 2.9 silent"
    )
    assert end.sender.recoveries == 0


def test_6675_5_three_ranges_or_more_than_two_segments_behind_mean_a_loss():
    """SACK itself takes from the pipe, so that something new goes (3042, and 6675, 5, 3)."""
    with_sack("""
        1.1   < ACK      1:1     ack 1    <sack 1001:2001>
        1.1   > ACK      10001:11001 ack 1
        1.1   < ACK      1:1     ack 1    <sack 1001:3001>
        1.1   > ACK      11001:12001 ack 1
        1.1   < ACK      1:1     ack 1    <sack 1001:4001>
        1.1   > ACK      1:1001  ack 1
        1.1   ssthresh 5                    # what duplicates let out is not counted
    """)


def test_6675_5_what_is_lost_shows_before_the_third_duplicate():
    with_sack("""
        1.1   < ACK      1:1     ack 1    <sack 1001:4001>
        1.1   > ACK      1:1001  ack 1
        1.1   recover 10001
        1.1   pipe 7000
    """)


def test_6675_4_is_lost_takes_three_separate_ranges_however_small():
    play(
        HANDSHAKE
        + """
        1.0   write 40
        1.0   > ACK      1:41  ack 1
        1.0   write 30
        1.0   > ACK      41:71 ack 1
        1.0   write 30
        1.0   > ACK      71:101 ack 1
        1.0   write 30
        1.0   > ACK      101:131 ack 1
        1.0   write 30
        1.0   > ACK      131:161 ack 1
        1.0   write 30
        1.0   > ACK      161:191 ack 1
        1.1   < ACK      1:1   ack 1    <sack 41:71 101:131>
        1.1   silent
        1.1   < ACK      1:1   ack 1    <sack 161:191 41:71 101:131>
        1.1   > ACK      1:41  ack 1    # lost, by three ranges
        1.1   > ACK      71:101 ack 1   # not lost for sure: rule 3
        1.1   > ACK      131:161 ack 1  # the last, too: rule 4 has nothing to add
        1.1   silent
        1.1   pipe 160                  # the copies of 71 and 131 count, the first of 1 does not
        """,
        mss=1000,
        control=partial(Fixed, 1),
    )


def test_6675_4_next_seg_repeats_what_is_lost_before_anything_new():
    """Rule 1 takes 1 and 1001, rule 2 the new 10001, in the room that SACK makes."""
    with_sack(
        """
        1.1   < ACK      1:1     ack 1    <sack 2001:5001>
        1.1   > ACK      1:2001  ack 1    each 1000
        1.1   > ACK      10001:13001 ack 1 each 1000
        """,
        control=partial(Fixed, 10),
    )


def test_6675_4_next_seg_takes_what_sack_passed_over_when_nothing_is_new():
    """Rule 3 takes 5001, rule 4 the last, 9001, once; then it waits."""
    play(
        HANDSHAKE
        + TEN.replace("20000", "10000")
        + """
        1.1   < ACK      1:1     ack 1    <sack 1001:5001 6001:7001>
        1.1   > ACK      1:1001  ack 1
        1.1   > ACK      5001:6001 ack 1
        1.1   > ACK      9001:10001 ack 1
        1.1   pipe 7000
        1.9   silent
        """,
        mss=1000,
        control=partial(Fixed, 10),
    )


def test_6675_5_the_recovery_ends_at_its_recovery_point_and_cuts_once():
    with_sack("""
        1.1   < ACK      1:1     ack 1    <sack 1001:4001 5001:9001>
        1.1   > ACK      1:1001  ack 1
        1.1   > ACK      4001:5001 ack 1
        1.1   > ACK      10001:12001 ack 1 each 1000
        1.1   pipe 5000
        1.1   cwnd 5
        1.2   < ACK      1:1     ack 4001 <sack 5001:9001>
        1.2   > ACK      12001:13001 ack 1
        1.2   cwnd 5
        1.3   < ACK      1:1     ack 9001
        1.3   > ACK      13001:14001 ack 1
        1.3   recover 10001
        1.4   < ACK      1:1     ack 10001
        1.4   > ACK      14001:15001 ack 1
        1.4   recover none
        1.4   cwnd 5
    """)


def test_2018_4_the_first_block_has_the_latest_segment_and_four_fit():
    play(
        HANDSHAKE
        + """
        1.0   < ACK      1001:2001 ack 1
        1.0   > ACK      1:1     ack 1    <sack 1001:2001>
        1.0   < ACK      3001:4001 ack 1
        1.0   > ACK      1:1     ack 1    <sack 3001:4001 1001:2001>
        1.0   < ACK      5001:6001 ack 1
        1.0   > ACK      1:1     ack 1    <sack 5001:6001 3001:4001 1001:2001>
        1.0   < ACK      2001:2501 ack 1
        1.0   > ACK      1:1     ack 1    <sack 1001:2501 5001:6001 3001:4001>
        1.0   < ACK      7001:8001 ack 1
        1.0   > ACK      1:1     ack 1    <sack 7001:8001 1001:2501 5001:6001 3001:4001>
        1.0   < ACK      9001:9011 ack 1
        1.0   > ACK      1:1     ack 1    <sack 9001:9011 7001:8001 1001:2501 5001:6001>
        1.1   < ACK      1:1001  ack 1
        1.1   > ACK      1:1     ack 2501 <sack 9001:9011 7001:8001 5001:6001 3001:4001>
        """,
        mss=1000,
    )


def test_2018_8_after_a_timeout_what_was_sacked_is_sent_again():
    with_sack("""
        1.1   < ACK      1:1     ack 1    <sack 1001:3001>
        1.1   > ACK      10001:12001 ack 1 each 1000
        2.0   > ACK      1:1001  ack 1
        2.1   < ACK      1:1     ack 1001
        2.1   > ACK      1001:3001 ack 1 each 1000
    """)


def test_2018_blocks_of_what_was_never_sent_or_is_acknowledged_count_for_nothing():
    with_sack("""
        1.1   < ACK      1:1     ack 1    <sack 10001:30001>
        1.1   < ACK      1:1     ack 1    <sack 5001:2001>
        1.1   < ACK      1:1     ack 1    <sack 4294960000:1>
        1.1   pipe 10000
        1.9   silent
    """)


def test_9293_3_8_1_an_ack_amid_a_segment_leaves_the_rest_to_be_repeated():
    play(
        PLAIN
        + """
        1.0   write 1000
        1.0   > ACK      1:1001  ack 1
        1.1   < ACK      1:1     ack 401
        1.1   pipe 600
        2.1   > ACK      401:1001 ack 1
        """,
        mss=1000,
    )
