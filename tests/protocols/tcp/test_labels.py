"""What a ladder writes at a segment's arrow."""

import pytest

from netlib.protocols.tcp import Options, Segment, describe, pack
from netlib.protocols.tcp.segment import ACK, FIN, PSH, RST, SYN

A, B = "10.0.0.1", "10.0.0.2"


@pytest.mark.parametrize(
    "fields, label",
    [
        ((0, 0, SYN, 9), "SYN 0:1"),
        ((7, 1, ACK | PSH, 9, Options(), b"abc"), "7:10 ack 1"),
        ((7, 1, ACK | FIN, 9, Options(), b"abc"), "FIN 7:11 ack 1"),
        ((1, 7, ACK, 0), "ack 7 win 0"),
        ((1, 7, ACK, 9, Options(sack=((9, 12), (20, 22)))), "ack 7 sack 9:12 sack 20:22"),
        ((2**32 - 1, 1, ACK, 9, Options(), b"abc"), "4294967295:2 ack 1"),
        ((5, 0, RST, 0), "RST"),
    ],
)
def test_a_label_has_the_numbers_that_a_segment_takes_and_the_one_it_asks_for(fields, label):
    assert describe(pack(Segment(1, 2, *fields), A, B)) == label


def test_what_is_no_segment_is_called_broken():
    assert describe(b"") == "broken"
