"""Framing: however a stream is cut, the same messages come out, and the same errors."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.sockets import Delimited, FramingError, LengthPrefixed

MAX = 6
DELIMITERS = (b"\n", b"\r\n", b"aa", b"aba")
FRAMINGS = [lambda: LengthPrefixed(MAX), *(lambda d=d: Delimited(d, MAX) for d in DELIMITERS)]
EACH = pytest.mark.parametrize("framing", FRAMINGS, ids=["length", *map(repr, DELIMITERS)])
PROVED = settings(max_examples=100, database=None, derandomize=True)

MESSAGES = st.lists(st.text("ab\r\n", max_size=MAX).map(str.encode), max_size=8)
CUTS = st.lists(st.integers(0, 80), max_size=12)
# scraps of headers and of delimiters, so that chance finds long, short and broken messages
SCRAPS = st.sampled_from([b"\0\0\0", b"\2", b"\7", b"\xff", b"a", b"b", b"\r", b"\n", b"aba"])
GARBAGE = st.lists(SCRAPS, max_size=30).map(b"".join)


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    """Return the stream cut at these places."""
    ends = sorted({cut for cut in cuts if cut < len(stream)})
    return [stream[a:b] for a, b in zip([0, *ends], [*ends, len(stream)], strict=True)]


def read(framing, parts: list[bytes]) -> tuple[list[bytes], int | None]:
    """Feed the parts; return the messages, and which part was refused (None: none was)."""
    messages = []
    for number, part in enumerate(parts):
        try:
            messages += framing.feed(part)
        except FramingError as error:
            return messages + error.messages, number
    return messages, None


def encodable(framing, messages: list[bytes]) -> list[bytes]:
    """Return those of the messages that may be sent with this framing."""
    delimiter = getattr(framing, "delimiter", None)
    return [m for m in messages if not delimiter or (m + delimiter).find(delimiter) == len(m)]


@EACH
@PROVED
@given(messages=MESSAGES, cuts=CUTS)
def test_any_cut_of_any_messages_gives_the_same_messages(framing, messages, cuts):
    sent = encodable(framing(), messages)
    stream, receiving = b"".join(map(framing().encode, sent)), framing()
    assert read(receiving, pieces(stream, cuts)) == (sent, None)
    receiving.end()


@EACH
@PROVED
@given(stream=GARBAGE, cuts=CUTS)
def test_garbage_is_refused_at_the_same_byte_after_the_same_messages_for_any_cut(
    framing, stream, cuts
):
    messages, last = read(framing(), [stream[n : n + 1] for n in range(len(stream))])
    parts = pieces(stream, cuts)
    got, refused = read(framing(), parts)
    assert got == messages
    if last is None or refused is None:
        assert refused is last
    else:  # the part that was refused is the one that holds the byte
        assert len(b"".join(parts[:refused])) <= last < len(b"".join(parts[: refused + 1]))


@EACH
@PROVED
@given(messages=MESSAGES, cuts=CUTS)
def test_a_message_above_the_limit_is_refused_and_those_before_it_are_kept(framing, messages, cuts):
    sent = encodable(framing(), messages)
    larger = framing()
    larger.max_size = MAX + 1
    stream = b"".join(map(framing().encode, sent)) + larger.encode(b"b" * (MAX + 1))
    got, refused = read(framing(), pieces(stream, cuts))
    assert got == sent
    assert refused is not None


@PROVED
@given(stream=GARBAGE, cuts=CUTS)
def test_delimited_messages_are_what_split_returns(stream, cuts):
    for delimiter in DELIMITERS:
        framing = Delimited(delimiter, max_size=1000)
        assert read(framing, pieces(stream, cuts)) == (stream.split(delimiter)[:-1], None)


@EACH
def test_a_stream_that_ends_inside_a_message_is_an_error(framing):
    whole = framing().encode(b"bbb")
    for cut in range(1, len(whole)):
        receiving = framing()
        assert receiving.feed(whole[:cut]) == []
        with pytest.raises(FramingError, match=f"inside a message: {cut} bytes are left over"):
            receiving.end()


@EACH
def test_a_stream_that_was_refused_stays_refused(framing):
    receiving = framing()
    for part in (b"\xff" * 20, b"", receiving.encode(b"b")):
        with pytest.raises(FramingError):
            receiving.feed(part)


def test_the_error_says_which_length_or_which_delimiter_was_expected():
    with pytest.raises(FramingError, match=r"a length up to 6, got 1195725856 \(the bytes b'GET '"):
        LengthPrefixed(MAX).feed(b"GET / HTTP/1.1\r\n")
    with pytest.raises(FramingError, match=r"expected b'\\n' within 6 bytes, got 7"):
        Delimited(b"\n", MAX).feed(b"1234567")


def test_the_length_goes_before_the_message_most_significant_byte_first():
    assert LengthPrefixed().encode(b"abc") == b"\0\0\0\3abc"


@EACH
def test_encode_refuses_a_message_above_the_limit(framing):
    assert framing().encode(b"b" * MAX)
    with pytest.raises(ValueError, match="at most 6 bytes, got 7"):
        framing().encode(b"b" * (MAX + 1))


@pytest.mark.parametrize(
    ("delimiter", "message"),
    [(b"\n", b"a\nb"), (b"\r\n", b"\r\n"), (b"aa", b"ba"), (b"aba", b"ab")],
)
def test_encode_refuses_a_message_in_which_the_delimiter_would_be_found(delimiter, message):
    with pytest.raises(ValueError, match="may not contain the delimiter"):
        Delimited(delimiter).encode(message)


def test_a_framing_that_cannot_work_is_refused():
    with pytest.raises(ValueError, match="at least one byte, got b''"):
        Delimited(b"")
    for framing in (LengthPrefixed, Delimited):
        with pytest.raises(ValueError, match=r"max_size must be .* 1 or more, got 0"):
            framing(max_size=0)
