"""Segments as bytes: against scapy, bit by bit, and whatever else may come."""

import os
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netlib.protocols.tcp import Options, Segment, pack, parse
from netlib.protocols.tcp.segment import LARGEST_SCALE, NUMBERS, checksum, pack_options, unwrap

HERE, THERE = "10.0.0.1", "192.168.255.254"
NUMBER, SHORT = st.integers(0, NUMBERS - 1), st.integers(0, 65535)
BLOCKS = st.lists(st.tuples(NUMBER, NUMBER), max_size=4).map(tuple)
SCALE = st.integers(0, LARGEST_SCALE)
SYN_OPTIONS = st.builds(  # of a NamedTuple itself, hypothesis draws what has a default, too
    lambda *fields: Options(*fields), st.none() | SHORT, st.none() | SCALE, st.booleans()
)
SACKS = st.builds(lambda blocks: Options(sack=blocks), BLOCKS)
SEGMENTS = st.builds(
    Segment, SHORT, SHORT, NUMBER, NUMBER, st.integers(0, 63), SHORT, SYN_OPTIONS | SACKS,
    st.binary(max_size=40),
)  # fmt: skip
A_SYN = Segment(50000, 80, 1, 2, 2, 3, Options(1460, 7, True))
SOME = [
    A_SYN,
    Segment(1, 2, 3, 4, 16, 5, payload=b"odd"),
    Segment(1, 2, 3, 4, 24, 5, Options(sack=((1, 2), (5, 9), (20, 30), (40, 50))), b"even"),
    Segment(1, 2, 3, 4, 17, 5),
]


@pytest.fixture
def scapy():
    try:
        from scapy.layers import inet
    except ImportError:
        if os.environ.get("CI"):
            raise
        pytest.skip("scapy, in tests/requirements.txt, is not installed")
    return inet


def as_scapy(inet, segment):
    mss, scale, permitted, sack = segment.options
    options = [("MSS", mss)] if mss is not None else []
    options += [("NOP", None), ("NOP", None), ("SAckOK", b"")] if permitted else []
    options += [("NOP", None), ("WScale", scale)] if scale is not None else []
    if sack:
        options += [("NOP", None), ("NOP", None), ("SAck", tuple(n for two in sack for n in two))]
    names = "".join(name for n, name in enumerate("FSRPAU") if segment.flags >> n & 1)
    tcp = inet.TCP(
        sport=segment.source, dport=segment.destination, seq=segment.seq, ack=segment.ack,
        flags=names, window=segment.window, options=options,
    )  # fmt: skip
    return inet.IP(src=HERE, dst=THERE, id=0, flags="DF", ttl=64) / tcp / segment.payload


@pytest.mark.parametrize("segment", SOME, ids=str)
def test_scapy_packs_the_same_bytes_and_we_read_them(segment, scapy):
    packet = bytes(as_scapy(scapy, segment))
    assert pack(segment, HERE, THERE) == packet
    assert parse(packet) == segment


def test_scapy_packs_the_same_bytes_of_any_segment(scapy):
    @settings(max_examples=40)
    @given(SEGMENTS)
    def same(segment):
        assert pack(segment, HERE, THERE) == bytes(as_scapy(scapy, segment))

    same()


@given(SEGMENTS)
@example(A_SYN)
def test_what_is_packed_is_what_is_parsed(segment):
    packet = pack(segment, HERE, THERE)
    assert parse(packet) == segment
    assert parse(packet + b"padding of a short frame") == segment
    assert len(packet) == 40 + len(pack_options(segment.options)) + len(segment.payload)


@pytest.mark.parametrize("segment", SOME, ids=str)
def test_every_single_flipped_bit_is_noticed(segment):
    """All of a packet but time to live is under a checksum, and that is under IP's."""
    packet = pack(segment, HERE, THERE)
    for bit in range(8 * len(packet)):
        number = int.from_bytes(packet, "big") ^ 1 << bit
        assert parse(number.to_bytes(len(packet), "big")) is None


@pytest.mark.parametrize("segment", SOME, ids=str)
def test_a_packet_that_is_cut_is_refused(segment):
    packet = pack(segment, HERE, THERE)
    assert all(parse(packet[:size]) is None for size in range(len(packet)))


def test_the_checksum_is_the_complement_of_the_sum_of_words_with_its_carry():
    """RFC 1071, 3: 0001 + f203 + f4f5 + f6f7 = 2ddf0, with the carry ddf2."""
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2
    assert checksum(b"\x01") == checksum(b"\x01\x00")  # an odd length is filled up


@given(st.binary(max_size=60))
def test_the_checksum_is_that_of_a_loop_over_the_words(data):
    total = 0
    for at in range(0, len(data), 2):
        total += int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")
        total = (total & 0xFFFF) + (total >> 16)
    assert checksum(data) % 65535 == (total ^ 0xFFFF) % 65535


def with_options(options: bytes) -> bytes:
    """Return a right packet whose options are these bytes."""
    packet = bytearray(pack(Segment(1, 2, 3, 4, 2, 5, payload=options), HERE, THERE))
    packet[32] = (20 + len(options)) << 2
    packet[36:38] = b"\0\0"
    pseudo = packet[12:20] + bytes([0, 6]) + (len(packet) - 20).to_bytes(2, "big")
    packet[36:38] = checksum(bytes(pseudo + packet[20:])).to_bytes(2, "big")
    return bytes(packet)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("01010101", Options()),  # nothing
        ("00020405", Options()),  # an end, and what it hides
        ("020405b4", Options(mss=1460)),
        ("0303ff00", Options(scale=14)),  # 14 at most (RFC 7323, 2.3)
        ("01030307", Options(scale=7)),
        ("04020101", Options(sack_permitted=True)),
        ("0101050a0000000100000002", Options(sack=((1, 2),))),
        ("fd04abcd020405b4", Options(mss=1460)),  # an unknown kind is passed over
        ("0101080a0000000100000002", Options()),  # timestamps
        ("02030401", Options()),  # a wrong length
        ("05060000000100000000"[:16], Options()),  # half a range
        ("02000000", Options()),  # a length of 0 would never end
        ("02010000", Options()),
        ("02ff05b4", Options()),  # beyond the header
        ("01010102", Options()),  # a kind without a length
        ("01010205b4020405"[:16], Options()),
    ],
)
def test_options_are_read_and_broken_ones_left_out(options, expected):
    assert parse(with_options(bytes.fromhex(options))).options == expected


@given(st.binary(max_size=40).map(lambda data: data[: len(data) // 4 * 4]))
def test_no_options_raise(options):
    assert parse(with_options(options)).payload == b""


@pytest.mark.parametrize("offset", range(16))
def test_an_offset_points_into_the_segment_or_the_packet_is_refused(offset):
    packet = bytearray(with_options(b"\1" * 8))
    packet[32], before = offset << 4, packet[32]
    total = int.from_bytes(packet[36:38], "big") + ((before - packet[32]) << 8)
    packet[36:38] = (total % 65535).to_bytes(2, "big")
    assert (parse(bytes(packet)) is not None) == (5 <= offset <= 7)


@pytest.mark.parametrize(
    ("at", "value"),
    [(0, 0x46), (0, 0x65), (6, 0x20), (7, 1), (9, 17), (2, 1)],
    ids=["IP options", "IPv6", "more fragments", "a fragment", "UDP", "a wrong length"],
)
def test_what_is_no_whole_tcp_packet_is_refused(at, value):
    packet = bytearray(pack(SOME[1], HERE, THERE))
    packet[at] = value
    packet[10:12] = b"\0\0"
    packet[10:12] = checksum(bytes(packet[:20])).to_bytes(2, "big")
    assert parse(bytes(packet)) is None


@given(st.binary(max_size=100))
@example(b"")
def test_no_bytes_raise(data):
    parse(data)


@given(st.integers(0, 1 << 80), st.integers(-(2**31), 2**31 - 1))
def test_a_number_unwraps_to_the_nearest_position(near, distance):
    assert unwrap((near + distance) % NUMBERS, near) == near + distance


def test_a_segment_of_the_largest_size_is_packed_and_parsed():
    data = random.Random(1).randbytes(65495)
    assert parse(pack(Segment(1, 2, 3, 4, 16, 5, payload=data), HERE, THERE)).payload == data


def test_a_segment_takes_a_number_each_for_syn_and_fin():
    assert [Segment(1, 2, 3, 4, flags, 5, payload=b"ab").length for flags in (16, 2, 1, 3)] == [
        2, 3, 3, 4,
    ]  # fmt: skip


def test_a_segment_is_written_as_one_line():
    sack = "sack 1-2 sack 5-9 sack 20-30 sack 40-50"
    assert str(SOME[2]) == f"PSH,ACK seq 3 (4 bytes) ack 4 {sack}"
