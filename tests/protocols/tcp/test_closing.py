"""How a connection ends: RFC 9293, 3.6 and 3.10.7.4; RFC 5961 for what must not end it."""

import pytest
from timeline import HANDSHAKE, play

CLOSE = """
    1.0   close
    1.0   > FIN,ACK  1:2     ack 1
    1.0   state FIN-WAIT-1
"""
ACKED = "1.1 < ACK 1:1 ack 2 \n 1.1 state FIN-WAIT-2 \n"


def established(table, **parameters):
    return play(HANDSHAKE + table, mss=1000, **parameters)


def test_9293_figure_12_each_direction_ends_by_itself():
    established(
        CLOSE
        + ACKED
        + """
        1.2   < FIN,ACK  1:2     ack 2
        1.2   > ACK      2:2     ack 2
        1.2   state TIME-WAIT
        21.1  state TIME-WAIT
        21.3  state CLOSED
        21.3  error none
        """,
        msl=10.0,
    )


def test_9293_figure_12_seen_from_the_other_side():
    established("""
        1.0   < FIN,ACK  1:2     ack 1
        1.0   > ACK      1:1     ack 2
        1.0   state CLOSE-WAIT
        1.5   close
        1.5   > FIN,ACK  1:2     ack 2
        1.5   state LAST-ACK
        1.6   < ACK      2:2     ack 2
        1.6   state CLOSED
        1.6   error none
    """)


def test_9293_figure_13_both_may_close_at_once():
    established(
        CLOSE
        + """
        1.1   < FIN,ACK  1:2     ack 1
        1.1   > ACK      2:2     ack 2
        1.1   state CLOSING
        1.2   < ACK      2:2     ack 2
        1.2   state TIME-WAIT
        """
    )


def test_9293_3_10_7_4_a_fin_that_also_acknowledges_ours_leads_to_time_wait():
    established(
        CLOSE
        + """
        1.1   < FIN,ACK  1:2     ack 2
        1.1   > ACK      2:2     ack 2
        1.1   state TIME-WAIT
        """
    )


def test_9293_3_6_after_our_fin_the_peer_may_go_on():
    established(
        CLOSE
        + ACKED
        + """
        2.0   < ACK      1:1001  ack 2
        2.0   > ACK      2:2     ack 1001
        2.0   read 1000
        2.1   < ACK      1001:1501 ack 2
        2.1   > ACK      2:2     ack 1501
        2.1   state FIN-WAIT-2
        2.1   received 1500
        """
    )


def test_9293_3_6_after_the_peers_fin_we_may_go_on():
    established("""
        1.0   < FIN,ACK  1:2     ack 1
        1.0   > ACK      1:1     ack 2
        2.0   write 1500
        2.0   > ACK      1:1501  ack 2    each 1000
        2.1   < ACK      2:2     ack 1501
        2.1   state CLOSE-WAIT
    """)


def test_9293_3_10_4_close_sends_what_is_buffered_and_the_fin_with_it():
    established("""
        1.0   write 300
        1.0   > ACK      1:301   ack 1
        1.0   close
        1.0   > FIN,ACK  301:302 ack 1
    """)


def test_9293_3_10_4_a_close_before_the_handshake_is_over_is_not_forgotten():
    play("""
        0.0   connect
        0.0   > SYN      0:0
        0.0   write 10
        0.0   close
        0.1   < SYN,ACK  0:0     ack 1
        0.1   > FIN,ACK  1:12    ack 1
        0.1   state FIN-WAIT-1
    """)


def test_9293_3_10_7_4_a_fin_out_of_order_waits_for_what_is_missing():
    established("""
        1.0   < FIN,ACK  501:1002 ack 1
        1.0   > ACK      1:1     ack 1    <sack 501:1002>
        1.0   state ESTABLISHED
        1.1   < ACK      1:501   ack 1
        1.1   > ACK      1:1     ack 1002
        1.1   state CLOSE-WAIT
        1.1   received 1000
    """)


def test_nothing_lies_behind_a_fin_whatever_a_peer_says():
    established("""
        1.0   < FIN,ACK  101:202 ack 1
        1.0   > ACK      1:1     ack 1    <sack 101:202>
        1.1   < ACK      1:501   ack 1      # 300 bytes more than there are
        1.1   > ACK      1:1     ack 202
        1.1   received 200
    """)


def test_9293_3_10_7_4_a_repeated_fin_is_acknowledged_and_time_wait_begins_again():
    established(
        CLOSE
        + ACKED
        + """
        1.2   < FIN,ACK  1:2     ack 2
        1.2   > ACK      2:2     ack 2
        20.0  < FIN,ACK  1:2     ack 2
        20.0  > ACK      2:2     ack 2
        39.9  state TIME-WAIT
        40.1  state CLOSED
        """,
        msl=10.0,
    )


def test_9293_3_10_7_4_our_fin_is_repeated_until_it_is_acknowledged():
    established(
        CLOSE
        + """
        1.9   silent
        2.0   > FIN,ACK  1:2     ack 1
        4.0   > FIN,ACK  1:2     ack 1
        4.1   < ACK      1:1     ack 2
        9.0   state FIN-WAIT-2
        """
    )


@pytest.mark.parametrize("state", ["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT"])
def test_9293_3_10_7_4_a_reset_at_the_next_number_ends_the_connection(state):
    before = {
        "ESTABLISHED": "",
        "FIN-WAIT-1": CLOSE,
        "FIN-WAIT-2": CLOSE + ACKED,
        "CLOSE-WAIT": "1.0 < FIN,ACK 1:2 ack 1 \n 1.0 > ACK 1:1 ack 2 \n",
    }[state]
    number = 2 if state == "CLOSE-WAIT" else 1
    established(
        f"""{before}
        1.9   state {state}
        1.9   < RST      {number}:{number}
        1.9   state CLOSED
        1.9   error reset
        """
    )


@pytest.mark.parametrize("state", ["CLOSING", "LAST-ACK", "TIME-WAIT"])
def test_9293_3_10_7_4_a_reset_at_the_end_of_both_streams_is_no_error(state):
    before = {
        "CLOSING": CLOSE + "1.1 < FIN,ACK 1:2 ack 1 \n 1.1 > ACK 2:2 ack 2",
        "LAST-ACK": "1.0 < FIN,ACK 1:2 ack 1 \n 1.0 > ACK 1:1 ack 2 \n"
        "1.0 close \n 1.0 > FIN,ACK 1:2 ack 2",
        "TIME-WAIT": CLOSE + "1.1 < FIN,ACK 1:2 ack 2 \n 1.1 > ACK 2:2 ack 2",
    }[state]
    table = "1.9 < RST 2:2 \n 1.9 state CLOSED \n 1.9 error none"
    established(f"{before} \n 1.9 state {state} \n {table}")


def test_a_reset_that_loses_bytes_is_an_error_also_when_both_have_closed():
    established("""
        1.0   < FIN,ACK  1:2     ack 1
        1.0   > ACK      1:1     ack 2
        1.0   write 100
        1.0   > ACK      1:101   ack 2
        1.0   close
        1.0   > FIN,ACK  101:102 ack 2
        1.1   < RST      2:2
        1.1   error reset
    """)


def test_5961_3_2_a_reset_elsewhere_in_the_window_is_challenged_outside_ignored():
    established("""
        1.0   < RST      2:2                # a guess: let the peer say it with the right number
        1.0   > ACK      1:1     ack 1
        1.0   < RST      65535:65535
        1.0   > ACK      1:1     ack 1
        1.0   < RST      65537:65537        # behind the window
        1.0   < RST      0:0                # before it
        1.0   state ESTABLISHED
        1.1   < RST      1:1
        1.1   error reset
    """)


def test_5961_4_2_a_syn_in_a_connection_is_challenged_whatever_its_number():
    established("""
        1.0   < SYN      1:1
        1.0   > ACK      1:1     ack 1
        1.0   < SYN      90000:90000
        1.0   > ACK      1:1     ack 1
        1.0   < SYN,ACK  500:500 ack 1
        1.0   > ACK      1:1     ack 1
        1.0   state ESTABLISHED
    """)


def test_5961_5_2_an_ack_of_what_was_never_sent_or_long_ago_brings_no_data():
    established("""
        1.0   < ACK      1:101   ack 2      # never sent
        1.0   > ACK      1:1     ack 1
        1.0   < ACK      1:101   ack 3000000000
        1.0   > ACK      1:1     ack 1
        1.0   received 0
        1.0   < ACK      1:101   ack 1
        1.0   > ACK      1:1     ack 101
    """)


def test_9293_figure_9_a_half_open_connection_is_found_when_the_peer_calls_again():
    established("""
        9.0   < SYN      400:400            # it has forgotten us
        9.0   > ACK      1:1     ack 1
        9.1   < RST      1:1
        9.1   state CLOSED
        9.1   error reset
    """)


def test_9293_figure_9_seen_from_the_caller_that_has_forgotten():
    play("""
        0.0   connect
        0.0   > SYN      0:0
        0.1   < ACK      300:300 ack 100
        0.1   > RST      100:100
        0.1   state SYN-SENT
        1.0   > SYN      0:0
    """)


def test_9293_3_9_1_abort_sends_a_reset_and_forgets():
    established("""
        1.0   write 10
        1.0   > ACK      1:11    ack 1
        1.0   abort
        1.0   > RST,ACK  11:11   ack 1
        1.0   state CLOSED
        9.0   silent
    """)


def test_9293_3_8_3_after_so_many_silences_it_gives_up():
    established(
        """
        1.0   write 10
        1.0   > ACK      1:11    ack 1
        2.0   > ACK      1:11    ack 1
        4.0   > ACK      1:11    ack 1
        8.0   state CLOSED
        8.0   error timeout
        """,
        attempts=2,
    )


def test_9293_3_8_3_a_syn_that_nobody_answers_is_given_up():
    play(
        """
        0.0   connect
        0.0   > SYN      0:0
        1.0   > SYN      0:0
        3.0   > SYN      0:0
        7.0   state CLOSED
        7.0   error timeout
        """,
        attempts=2,
    )


def test_2018_3_a_fin_that_came_alone_is_sacked_by_its_number():
    established("""
        1.0   < FIN,ACK  501:502 ack 1
        1.0   > ACK      1:1     ack 1    <sack 501:502>
        1.1   < ACK      1:501   ack 1
        1.1   > ACK      1:1     ack 502
        1.1   state CLOSE-WAIT
    """)
