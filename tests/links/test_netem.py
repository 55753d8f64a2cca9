"""netem's words: read, printed back, printed as a command, and refused with a reason."""

from contextlib import suppress

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from programs import complaints, in_a_network_of_its_own, program

from netlib.links.delays import Constant, Empirical, Normal, Pareto, Uniform
from netlib.links.link import Link
from netlib.links.loss import AtLeastApart, GilbertElliott, Independent

WORDS = (
    "delay 24ms 10ms 8% distribution normal loss 1% 25% duplicate 0.1% corrupt 0.2% "
    "reorder 25% 50% rate 1mbit limit 20"
)


def test_the_words_mean_the_models():
    assert Link.parse(WORDS, seed=7) == Link(
        delay=Normal(0.024, 0.010, correlation=0.08),
        loss=Independent(0.01, correlation=0.25),
        duplicate=0.001,
        corrupt=0.002,
        reorder=Independent(0.25, correlation=0.5),
        rate=1e6,
        queue=20,
        seed=7,
    )


def test_the_words_are_printed_back():
    assert str(Link.parse(WORDS)) == WORDS
    assert repr(Link.parse(WORDS, seed=7)) == f"Link.parse({WORDS + ' seed 7'!r})"


def test_the_words_become_a_tc_command():
    command = f"tc qdisc add dev eth0 root netem {WORDS}"
    assert Link.parse(WORDS, seed=7).tc_command() == command  # without our seed
    assert Link.parse(command).tc_command("lo") == command.replace("eth0", "lo")
    assert Link().tc_command() == "tc qdisc add dev eth0 root netem"


@pytest.mark.parametrize(
    "words, link",
    [
        ("", Link()),
        ("delay 100us", Link(delay=0.0001)),
        ("delay 1.5s", Link(delay=1.5)),
        ("DELAY 100MSEC", Link(delay=0.1)),
        ("delay 24ms 10ms", Link(delay=0.024, jitter=0.010)),
        ("delay 24ms 10ms distribution uniform", Link(delay=Uniform(0.024, 0.010))),
        ("delay 24ms 10ms 8%", Link(delay=Uniform(0.024, 0.010, 0.08))),
        ("delay 24ms 10ms distribution pareto", Link(delay=Pareto(0.024, 0.010))),
        ("latency 100us", Link(delay=0.0001)),
        ("delay 24ms 10ms dist normal", Link(delay=Normal(0.024, 0.010))),
        ("drop 1%", Link(loss=0.01)),
        ("corrupt 1% 25%", Link(corrupt=Independent(0.01, correlation=0.25))),
        ("loss random 0.3%", Link(loss=0.003)),
        ("loss gemodel 1%", Link(loss=GilbertElliott(0.01, 0.99))),
        ("loss gemodel 1% 10%", Link(loss=GilbertElliott(0.01, 0.1))),
        ("loss gemodel 1% 10% 70%", Link(loss=GilbertElliott(0.01, 0.1, 0.0, 0.7))),
        ("loss gemodel 1% 10% 70% 0.1%", Link(loss=GilbertElliott(0.01, 0.1, 0.001, 0.7))),
        ("delay 10ms reorder 25% gap 5", Link(delay=0.01, reorder=AtLeastApart(0.25, 5))),
        ("delay 10ms reorder 25% 50% gap 5", Link(delay=0.01, reorder=AtLeastApart(0.25, 5, 0.5))),
        ("rate 2.5gbit", Link(rate=2.5e9)),
        ("rate 512kbit 14", Link(rate=512e3, overhead=14)),
        ("rate 9600bit limit 3", Link(rate=9600, queue=3)),
        ("loss 1% seed 5", Link(loss=0.01, seed=5)),
    ],
)
def test_each_clause_is_read(words, link):
    assert Link.parse(words) == link
    assert Link.parse(str(link)) == link


def test_a_seed_given_wins_over_the_word():
    assert Link.parse("loss 1% seed 5", seed=6).seed == 6


SECONDS, CHANCE = st.floats(0, 100), st.floats(0, 1)
RHO = st.floats(0, 1, exclude_max=True)
DELAYS = st.one_of(
    st.builds(Constant, SECONDS),
    st.sampled_from([Uniform, Normal, Pareto]).flatmap(
        lambda kind: st.builds(kind, SECONDS, SECONDS, RHO)
    ),
)
PICKS = st.builds(Independent, CHANCE, RHO)
BURSTS = st.builds(GilbertElliott, st.floats(0.001, 1), CHANCE, CHANCE, CHANCE)
LINKS = st.builds(
    Link,
    delay=DELAYS,
    loss=st.one_of(PICKS, BURSTS),
    duplicate=PICKS,
    corrupt=PICKS,
    reorder=st.one_of(PICKS, st.builds(AtLeastApart, CHANCE, st.integers(1, 99), RHO)),
    rate=st.floats(1, 1e12),
    queue=st.one_of(st.none(), st.integers(0, 10**6)),
    overhead=st.integers(0, 99),
    seed=st.integers(0, 2**64),
)


@given(LINKS)
@settings(max_examples=150)
def test_what_is_printed_is_read_back_as_the_same_link(link):
    assert Link.parse(str(link)) == link
    assert str(Link.parse(str(link))) == str(link)


@given(st.text(max_size=60) | st.lists(st.sampled_from(WORDS.split()), max_size=9).map(" ".join))
@settings(max_examples=150)
def test_any_text_is_read_or_refused_with_a_reason(text):
    try:
        assert Link.parse(str(link := Link.parse(text))) == link
    except ValueError as refusal:
        assert str(refusal)


KNOWN = "known: delay, loss, duplicate, corrupt, reorder, rate, limit, seed"


@pytest.mark.parametrize(
    "words, message",
    [
        ("dealy 24ms", f"unknown word 'dealy'; {KNOWN}; did you mean 'delay'?"),
        ("gap 5 delay 1ms", f"unknown word 'gap'; {KNOWN}; it comes after reorder"),
        ("ecn", f"unknown word 'ecn'; {KNOWN}; netem has it, a Link has not"),
        ("rate 1mbit 14 48 5", "netem has cells for the rate, a Link has not; got '48'"),
        (
            "delay 1ms 1ms dist paretonormal",
            "'paretonormal'; known: uniform, normal, pareto; netem has it, a Link has not",
        ),
        ("slot 10ms", f"unknown word 'slot'; {KNOWN}; netem has it, a Link has not"),
        ("24ms", f"unknown word '24ms'; {KNOWN}"),
        ("loss 1% 25% 3%", f"unknown word '3%'; {KNOWN}"),
        ("delay 24", "expected a time such as 24ms (s, ms, us), got '24'"),
        ("delay 24ms 10", "expected a time such as 24ms (s, ms, us), got '10'"),
        ("delay -24ms", "expected a time such as 24ms (s, ms, us), got '-24ms'"),
        ("delay", "expected a time such as 24ms (s, ms, us), got nothing more"),
        ("delay 24ms 10ms 8ms", "expected a percentage from 0% to 100%, got '8ms'"),
        ("delay 1ms distribution normal", "expected a jitter before 'distribution', as in"),
        (
            "delay 1ms 1ms distribution gauss",
            "unknown distribution 'gauss'; known: uniform, normal",
        ),
        ("delay 1ms 1ms distribution", "expected the name of a distribution: uniform, normal"),
        ("loss 1", "expected a percentage from 0% to 100%, got '1'"),
        ("loss 101%", "expected a percentage from 0% to 100%, got '101%'"),
        ("loss", "expected random, gemodel or a percentage after 'loss', got nothing more"),
        (
            "loss state 1%",
            "expected random, gemodel or a percentage after 'loss', got 'state'; netem has",
        ),
        (
            "rate 10mbps",
            "expected a rate such as 1mbit (bit, kbit, mbit, gbit), got '10mbps'; to tc",
        ),
        ("rate 0mbit", "rate must be bits per second above 0"),
        ("limit 2.5", "expected a whole number, got '2.5'"),
        ("delay 1ms reorder 1% gap 0", "gap must be a whole number of datagrams, 1 or more, got 0"),
        ("delay 1ms loss 1% delay 2ms", "'delay' is there twice"),
        ("rate 1mbit limit 3 limit 4", "'limit' is there twice"),
        (f"rate 10kbit 1{'0' * 400}", "overhead must be a whole number of bytes, 0 or more, got"),
        (f"limit 1{'0' * 400}", "got one of 1329 bits, too large to calculate with"),
        (f"rate 1{'0' * 400}bit", "rate must be bits per second above 0, or None: no limit; got"),
        ("loss 1% 100%", "correlation must be in [0, 1), got 1.0"),
    ],
)
def test_a_wrong_word_is_named_and_what_is_known_is_listed(words, message):
    with pytest.raises(ValueError) as refusal:
        Link.parse(words)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    "link, lacking",
    [
        (Link(loss={3, 7}), "loss=These({3, 7})"),
        (Link(loss=AtLeastApart(0.1, 3)), "loss=AtLeastApart"),
        (Link(duplicate=GilbertElliott(0.1, 0.1)), "duplicate=GilbertElliott"),
        (Link(delay=Empirical((0.01, 0.02))), "delay=Empirical(2 samples, 10 to 20 ms)"),
        (Link(delay=Pareto(0.1, 0.1, shape=4)), "a Pareto shape other than 3"),
        (Link(overhead=14), "an overhead without a rate"),
        (Link(queue_bytes=9000), "queue_bytes"),
        (Link(keep_order=True), "keep_order"),
    ],
)
def test_what_netem_has_no_words_for_is_not_made_a_command(link, lacking):
    with pytest.raises(ValueError) as refusal:
        link.tc_command()
    assert lacking in str(refusal.value)
    assert str(link).startswith("Link(")


@pytest.mark.parametrize(
    "words, reason",
    [
        ("reorder 25%", "reorder without a delay"),
        ("delay 0.5us reorder 25%", "reorder without a delay"),
        ("delay 20ms 0ms distribution normal", "distribution without a delay and a jitter"),
        ("delay 0ms 20ms distribution pareto", "distribution without a delay and a jitter"),
        ("delay 20ms 0.0001us distribution normal", "distribution without a delay and a jitter"),
        ("delay 1ms reorder 0% gap 5", "a gap without a chance to reorder"),
        ("rate 7bit", "below 8bit it would be no limit"),
        ("delay 300s", "a time above 274 s"),
        ("delay 20ms 300s", "a time above 274 s"),
        ("limit 4294967296", "tc refuses a number"),
        ("rate 1mbit 3000000000", "tc refuses a number"),
        ("delay 20ms reorder 25% gap 5000000000", "tc refuses a number"),
        ("rate 1mbit limit 0", "would drop every datagram"),
    ],
)
def test_what_tc_would_refuse_is_not_made_a_command(words, reason):
    with pytest.raises(ValueError, match=reason):
        Link.parse(words).tc_command()


SPOKEN = [
    "delay 100us",
    "delay 274s",
    "delay 24ms 10ms 8%",
    "delay 20ms 1ms distribution pareto",
    "loss gemodel 1% 10% 70% 0.1%",
    "delay 10ms reorder 25% 50% gap 5",
    "rate 512kbit 14 limit 2147483647",
    "latency 20ms 5ms dist normal drop 1% corrupt 1% 25%",
    WORDS,
]
REFUSED = [
    "delay 1ms reorder 25% gap 5000000000",
    "delay 300s",
    "delay 20ms 0ms distribution normal",
    "reorder 25%",
    "rate 1mbit 3000000000",
]


def test_tc_takes_the_commands_and_refuses_what_is_said_to_be_refused():
    program("tc")
    taken = [Link.parse(words).tc_command("lo") for words in SPOKEN] + random_commands()
    refused = [f"tc qdisc add dev lo root netem {words}" for words in REFUSED]
    answers = in_a_network_of_its_own(complaints, taken + refused)
    assert dict(zip(taken, answers, strict=False)) == dict.fromkeys(taken, "")
    assert all(answers[len(taken) :]), answers


def random_commands() -> list[str]:
    """Return the commands of random links, of those that can be said."""
    commands = []

    @given(LINKS)
    @settings(max_examples=200, phases=[Phase.generate], database=None, derandomize=True)
    def collect(link):
        with suppress(ValueError):
            commands.append(link.tc_command("lo"))

    collect()
    assert len(commands) > 50
    return commands
