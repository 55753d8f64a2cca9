"""The figure of a header has in its boxes what stands in the packet."""

from matplotlib.figure import Figure

from netlib.protocols.tcp import Options, Segment, pack
from netlib.protocols.tcp.segment import ACK, PSH, SYN
from netlib.show.figures.header import header


def drawn(segment):
    ax = header(pack(segment, "10.0.0.1", "10.0.0.2"), Figure().subplots())
    return [text.get_text() for text in ax.texts]


def test_each_field_shows_its_value_beside_its_bytes():
    words = drawn(Segment(50000, 80, 7, 2**32 - 1, ACK | PSH, 65535, payload=b"to be"))
    for expected in ("source port 50000", "sequence number 7", "window 65535", "offset\n5"):
        assert expected in words
    assert "acknowledgement number 4294967295" in words and "ff ff ff ff" in words
    assert "PSH, ACK" in words and "payload: 5 bytes" in words


def test_options_have_a_row_of_their_own_and_what_is_empty_has_none():
    words = drawn(Segment(50000, 80, 0, 0, SYN, 0, Options(mss=1000)))
    assert "options: 4 bytes" in words and "02 04 03 e8" in words
    assert not any(word.startswith("payload") for word in words)
