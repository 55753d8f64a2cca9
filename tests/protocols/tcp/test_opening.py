"""How a connection begins: RFC 9293, 3.5 and 3.7.1; RFC 7323 for the window scale."""

from timeline import HANDSHAKE, HERE, THERE, Player, play

from netlib.protocols.tcp import ByteStream, Connection

ANYBODY = {"peer": ("0.0.0.0", 0)}
LISTEN = """
    0.0   listen
    0.0   < SYN      0:0              win 60000  <mss 1000 sack>
    0.0   > SYN,ACK  0:0     ack 1
    0.0   state SYN-RECEIVED
"""


def test_9293_figure_6_three_segments_open_a_connection():
    play(HANDSHAKE + "0.1 state ESTABLISHED", mss=1000)


def test_9293_figure_6_seen_from_the_listener():
    play(LISTEN + "0.1 < ACK 1:1 ack 1 \n 0.1 state ESTABLISHED", mss=1000, **ANYBODY)


def test_9293_3_5_data_may_come_with_the_third_segment():
    table = "0.1 < ACK 1:501 ack 1 \n 0.1 > ACK 1:1 ack 501 \n 0.1 received 500"
    play(LISTEN + table, mss=1000, **ANYBODY)


def test_9293_figure_7_both_may_open_at_once():
    """The SYN,ACK that answers ours lies before the window, so that it is the ACK that counts."""
    play("""
        0.0   connect
        0.0   > SYN      0:0
        0.1   < SYN      0:0              win 60000  <mss 1000>
        0.1   > SYN,ACK  0:0     ack 1
        0.1   state SYN-RECEIVED
        0.2   < SYN,ACK  0:0     ack 1    win 60000  <mss 1000>
        0.2   > ACK      1:1     ack 1
        0.2   < ACK      1:1     ack 1
        0.2   state ESTABLISHED
        0.2   write 10
        0.2   > ACK      1:11    ack 1
    """)


def test_9293_figure_8_a_listener_recovers_from_an_old_duplicate_syn():
    play(
        """
        0.0   listen
        0.0   < SYN      0:0                # an old duplicate
        0.0   > SYN,ACK  0:0     ack 1
        0.1   < RST      1:1                # its sender never said so
        0.1   state LISTEN
        0.1   < SYN      10:10              # the true one
        0.1   > SYN,ACK  0:0     ack 11
        0.2   < ACK      11:11   ack 1
        0.2   state ESTABLISHED
        0.2   < ACK      11:11   ack 1
        0.2   write 10
        0.2   > ACK      1:11    ack 11
        """,
        **ANYBODY,
    )


def test_9293_figure_8_seen_from_the_caller():
    play("""
        0.0   connect
        0.0   > SYN      0:0
        0.1   < SYN,ACK  0:0     ack 91     # acknowledges a SYN of long ago
        0.1   > RST      91:91
        0.1   state SYN-SENT
        0.2   < SYN,ACK  0:0     ack 1
        0.2   > ACK      1:1     ack 1
        0.2   state ESTABLISHED
    """)


def test_9293_3_10_7_3_a_reset_must_acknowledge_the_syn_to_refuse_it():
    play("""
        0.0   connect
        0.0   > SYN      0:0
        0.1   < RST      0:0                # says nothing of our SYN
        0.1   < RST,ACK  0:0     ack 2      # of another one
        0.1   state SYN-SENT
        0.1   < RST,ACK  0:0     ack 1
        0.1   state CLOSED
        0.1   error refused
    """)


def test_9293_3_10_7_1_nobody_answers_with_a_reset():
    table = """
        0.0   < SYN      7:7                # no ACK in it: the reset acknowledges it
        0.0   > RST,ACK  0:0     ack 8
        0.0   < ACK      7:17    ack 99     # the reset has the number that it expects
        0.0   > RST      99:99
        0.0   < RST      7:7                # never answer a reset
        0.0   < RST,ACK  7:7     ack 99
        0.0   silent
    """
    Player(Connection(HERE, THERE), 0, 0).play(table)


def test_9293_3_10_7_2_a_listener_answers_an_ack_with_a_reset_and_ignores_one():
    play(
        """
        0.0   listen
        0.0   < RST      7:7
        0.0   < ACK      7:7     ack 99
        0.0   > RST      99:99
        0.0   < FIN      7:8                # neither SYN nor ACK: drop it
        0.0   < SYN,ACK  7:7     ack 5
        0.0   > RST      5:5
        0.0   state LISTEN
        """,
        **ANYBODY,
    )


def test_9293_3_10_7_4_a_wrong_ack_of_our_syn_is_answered_with_a_reset():
    table = """
        0.1   < ACK      1:1     ack 7
        0.1   > RST      7:7
        0.1   state SYN-RECEIVED
        0.1   < ACK      1:1     ack 1
        0.1   state ESTABLISHED
    """
    play(LISTEN + table, mss=1000, **ANYBODY)


def test_9293_3_10_7_4_a_repeated_syn_is_answered_and_the_connection_goes_on():
    table = """
        0.5   < SYN      0:0              win 60000  <mss 1000 sack>
        0.5   > ACK      1:1     ack 1
        0.6   < ACK      1:1     ack 1
        0.6   state ESTABLISHED
    """
    play(LISTEN + table, mss=1000, **ANYBODY)


def test_9293_3_7_1_without_the_option_a_segment_has_536_bytes():
    play("""
        0.0   connect
        0.0   > SYN      0:0              <mss 1460 sack scale 0>
        0.1   < SYN,ACK  0:0     ack 1
        0.1   > ACK      1:1     ack 1
        0.1   mss 536
        0.1   write 1000
        0.1   > ACK      1:1001  ack 1    each 536
    """)


def test_9293_3_7_1_a_segment_has_what_the_smaller_of_both_takes():
    shake = HANDSHAKE.replace("mss 1000", "mss {}")
    play(shake.format(700) + "0.1 mss 700", mss=1000)
    play(shake.format(9000) + "0.1 mss 1000", mss=1000)


def test_7323_2_2_the_scale_stands_in_syns_and_counts_afterwards():
    play(
        """
        0.0   connect
        0.0   > SYN      0:0              win 65535  <mss 1000 sack scale 4>
        0.1   < SYN,ACK  0:0     ack 1    win 500    <mss 1000 scale 3>
        0.1   > ACK      1:1     ack 1    win 62500  <>
        0.1   write 900
        0.1   > ACK      1:501   ack 1    win 62500  <>    # a window in a SYN is never scaled
        0.2   < ACK      1:1     ack 501  win 50
        0.2   > ACK      501:901 ack 1                     # 50 << 3 is 400
        """,
        mss=1000,
        inbound=lambda: ByteStream(1_000_000),
    )


def test_7323_1_3_the_scale_counts_only_if_both_have_offered_it():
    play(
        """
        0.0   connect
        0.0   > SYN      0:0              win 65535  <mss 1000 sack scale 4>
        0.1   < SYN,ACK  0:0     ack 1    win 500    <mss 1000>
        0.1   > ACK      1:1     ack 1    win 65535
        """,
        mss=1000,
        inbound=lambda: ByteStream(1_000_000),
    )


def test_7323_2_5_a_listener_offers_the_scale_only_in_answer():
    for offer, window in ((" scale 2", "win 62500"), ("", "win 65535")):
        answer = " scale 4" if offer else ""
        play(
            f"""
            0.0   listen
            0.0   < SYN      0:0              win 60000  <mss 1000{offer}>
            0.0   > SYN,ACK  0:0     ack 1    win 65535  <mss 1000{answer}>
            0.1   < ACK      1:1     ack 1    win 60000
            0.1   < ACK      2:3     ack 1    win 60000
            0.1   > ACK      1:1     ack 1    {window}
            """,
            mss=1000,
            inbound=lambda: ByteStream(1_000_000),
            **ANYBODY,
        )


def test_7323_2_3_a_scale_above_14_counts_as_14():
    table = """
        0.0   connect
        0.0   > SYN      0:0
        0.1   < SYN,ACK  0:0     ack 1    win 1      <mss 1000 scale 15>
        0.1   > ACK      1:1     ack 1
        0.1   < ACK      1:1     ack 1    win 1
    """
    assert play(table, mss=1000).sender.window == 1 << 14


def test_2018_2_sack_is_used_only_if_both_permit_it():
    play(
        """
        0.0   connect
        0.0   > SYN      0:0              <mss 1000 sack scale 0>
        0.1   < SYN,ACK  0:0     ack 1    <mss 1000>
        0.1   > ACK      1:1     ack 1
        0.1   < ACK      5:9     ack 1
        0.1   > ACK      1:1     ack 1    <>
        """,
        mss=1000,
    )
    play(HANDSHAKE + "0.1 < ACK 5:9 ack 1 \n 0.1 > ACK 1:1 ack 1 <sack 5:9>", mss=1000)


def test_a_listener_offers_everything_again_after_a_caller_that_took_little():
    play(
        """
        0.0   listen
        0.0   < SYN      0:0              <>
        0.0   > SYN,ACK  0:0     ack 1    <mss 1000>
        0.1   < RST      1:1
        0.1   < SYN      0:0              <mss 1000 sack scale 3>
        0.1   > SYN,ACK  0:0     ack 1    <mss 1000 sack scale 0>
        """,
        mss=1000,
        **ANYBODY,
    )
