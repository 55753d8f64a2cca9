"""The tables of timeline.py can fail: they notice what is wrong, late, missing or too much."""

import pytest
from timeline import HANDSHAKE, play

RIGHT = "0.1   > ACK      1:1    ack 1"


def test_a_right_table_passes():
    assert play(HANDSHAKE, mss=1000).state == "ESTABLISHED"


@pytest.mark.parametrize(
    "wrong",
    [
        "0.1   > ACK      2:2    ack 1",
        "0.1   > ACK      1:1    ack 2",
        "0.1   > FIN,ACK  1:2    ack 1",
        "0.1   > ACK      1:2    ack 1",
        "0.1   > ACK      1:1    ack 1   win 1",
        "0.1   > ACK      1:1    ack 1   <sack 5:6>",
        "0.2   > ACK      1:1    ack 1",
        f"{RIGHT}\n 0.1 > ACK 1:1 ack 1",
        f"{RIGHT}\n 0.1 state LISTEN",
        f"{RIGHT}\n 0.1 pipe 1",
        "0.1   silent",
        "",
    ],
)
def test_a_wrong_table_fails(wrong):
    assert HANDSHAKE.count(RIGHT) == 1
    with pytest.raises(AssertionError):
        play(HANDSHAKE.replace(RIGHT, wrong), mss=1000)


def test_bytes_are_compared():
    table = HANDSHAKE + "0.1 write 100\n 0.1 > ACK 1:101 ack 1"
    play(table, mss=1000)
    with pytest.raises(AssertionError):
        play(table.replace("1:101", "1:100"), mss=1000)
