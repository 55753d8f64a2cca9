"""The header byte for byte, and what is not of its form."""

import pytest

from netlib.protocols import wire

DATAGRAMS = {
    "data": (wire.data(0x0102, b"hi"), b"D\x01\x02hi"),
    "empty": (wire.data(65_535, b""), b"D\xff\xff"),
    "ack": (wire.ack(0x0102), b"A\x01\x02"),
    "parity": (wire.parity(0x0102, 3, b"\xf0"), b"P\x01\x02\x03\xf0"),
}


@pytest.mark.parametrize("name", DATAGRAMS)
def test_the_bytes_are_those_of_the_header(name):
    datagram, expected = DATAGRAMS[name]
    assert datagram == expected


def test_each_reader_reads_its_own_kind():
    assert wire.read_data(b"D\x01\x02hi") == (0x0102, b"hi")
    assert wire.read_data(b"D\xff\xff") == (65_535, b"")
    assert wire.read_ack(b"A\x01\x02") == 0x0102
    assert wire.read_parity(b"P\x01\x02\x03\xf0") == (0x0102, 3, b"\xf0")


@pytest.mark.parametrize(
    ("read", "kind"), [(wire.read_data, b"D"), (wire.read_ack, b"A"), (wire.read_parity, b"P")]
)
def test_a_reader_takes_no_other_kind_and_nothing_that_is_too_short(read, kind):
    others = [datagram for datagram, _ in DATAGRAMS.values() if datagram[:1] != kind]
    assert [read(datagram) for datagram in [*others, b"", kind, kind + b"\0"]] == [None] * (
        len(others) + 3
    )


def test_an_acknowledgement_has_nothing_behind_it_and_a_parity_covers_something():
    assert wire.read_ack(b"A\0\0x") is None
    assert wire.read_parity(b"P\0\0") is wire.read_parity(b"P\0\0\0x") is None


@pytest.mark.parametrize(
    ("datagram", "label"),
    [
        (b"D\0\x03hello", "DATA 3 'hello'"),
        (b"D\0\x03", "DATA 3"),
        (b"D\0\x03a\nb", "DATA 3 (3 bytes)"),
        (b"D\0\x03\xff", "DATA 3 (1 bytes)"),
        (b"A\xff\xff", "ACK 65535"),
        (b"P\0\0\x02\xff", "PARITY 0 (2 bytes)"),
        (b"A\0", "b'A\\x00'"),
        (b"Z\0\0", "b'Z\\x00\\x00'"),
    ],
)
def test_a_label_names_kind_number_and_content(datagram, label):
    assert wire.describe(datagram) == label


def test_a_padded_message_is_read_back_and_nothing_else_is():
    assert wire.padded(b"abc", 9) == b"\0\x03abc\0\0\0\0"
    assert wire.unpadded(wire.padded(b"abc", 9)) == b"abc"
    assert wire.unpadded(b"\0\x05abc") is None and wire.unpadded(b"\0\x01ab") is None
    with pytest.raises(ValueError, match="size must be 2 bytes more than the message, got 4"):
        wire.padded(b"abc", 4)
