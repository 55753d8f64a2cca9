"""Whatever a path does, both streams come whole. All seeds: python tests/soak.py."""

from functools import partial
from itertools import product

import pytest
from transfers import CLIENT, SERVER, Program, Watched, nasty, transfer

from netlib.links import Link
from netlib.protocols.tcp import ByteStream, Connection, Drain, Fixed, Zeros, parse
from netlib.protocols.tcp.segment import NUMBERS
from netlib.worlds import simulate


def path(seed: int, **troubles) -> tuple[Link, Link]:
    return tuple(Link(delay=0.02, seed=2 * seed + n, **troubles) for n in (0, 1))


def lossy(seed: int):
    """Run and judge a transfer at 10 % loss both ways."""
    shape = {"sack": seed % 2 == 0, "outside": seed % 4 < 2}
    transfer(*path(seed, loss=0.1), (30_000, 30_000), seed=seed, **shape).judge(seed)


@pytest.mark.parametrize("tens", range(6))
def test_any_loss_duplication_reordering_and_corruption_leaves_both_streams_whole(tens):
    for seed in range(10 * tens, 10 * tens + 10):
        nasty(seed).judge(seed)


@pytest.mark.parametrize("tens", range(6))
def test_at_ten_per_cent_loss_nothing_is_wrong(tens):
    for seed in range(10 * tens, 10 * tens + 10):
        lossy(seed)


def test_a_flipped_bit_is_found_by_the_checksum_and_counted():
    result = transfer(*path(1), (100_000, 0), damage=0.2, seed=3)
    result.judge()
    assert result.server.ignored > 10


@pytest.mark.parametrize("isn", [NUMBERS - 1, NUMBERS - 2, NUMBERS - 10_000, 2**31 - 5_000])
def test_numbers_wrap_in_mid_transfer(isn):
    ends = {"client": {"isn": isn}, "server": {"isn": (isn + 2**31) % NUMBERS}}
    transfer(*path(isn, loss=0.05), (20_000, 20_000), seed=isn, **ends).judge()


SHAPES = list(product([True, False], [True, False], [0.0, 0.2], [1, 2, 3, 1000], [1, 1000]))


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_every_shape_of_connection_gets_on_with_every_other(loss):
    for n, (sack, other_sack, delay, capacity, mss) in enumerate(SHAPES):
        client = {"sack": sack, "delayed_ack": delay}
        server = {"sack": other_sack, "capacity": capacity}
        sizes = min(20 * mss, 900), min(20 * mss, 40 * capacity, 900)
        transfer(*path(n, loss=loss), sizes, client=client, server=server, mss=mss).judge(n)


@pytest.mark.parametrize("hungry", ["client", "server", "both"])
def test_a_slow_reader_shuts_the_window_and_gets_everything(hungry):
    appetites = tuple(100 if hungry in (end, "both") else None for end in ("client", "server"))
    result = transfer(*path(1), (20_000, 20_000), appetites, capacity=2000, mss=500)
    result.judge()
    assert result.client.sender.transmissions > 40


def test_a_reader_that_never_reads_is_probed_and_never_given_up():
    client = Connection(CLIENT, SERVER, outbound=Zeros(5000), mss=500, attempts=3)
    server = Connection(SERVER, capacity=1000, mss=500)
    client.connect(), server.listen()
    simulate(Watched(client), Watched(server), *path(1), until=3600, trace=False)
    assert (client.state, server.inbound.buffered) == ("ESTABLISHED", 1000)
    assert 60 < client.sender.probes < 75  # one a minute, once it has backed off


@pytest.mark.parametrize("cut", [0.0, 0.03, 0.5])
def test_a_path_that_ends_is_found_out_and_called_a_timeout(cut):
    """Cut before the SYN, in the handshake, in mid-stream."""

    class Ends:
        def carry(self, size: int, now: float) -> list[float]:
            return [now + 0.02] if now < cut else []

    client = Connection.client(outbound=Zeros(), attempts=4)
    server = Connection.server(inbound=Drain(65535), attempts=4)
    simulate(Watched(client), Watched(server), Ends(), Ends(), until=300, trace=False)
    assert (client.state, client.error, client.deadline) == ("CLOSED", "timeout", None)
    assert (server.state, server.error) in [
        ("LISTEN", ""),
        ("CLOSED", "timeout"),
        ("ESTABLISHED", ""),
    ]


def test_a_window_is_never_more_than_the_smaller_of_the_two():
    """Watched sees to it at each step; here it must bind, too."""
    for cwnd, capacity, most in ((8, 65535, 8000), (50, 5000, 5000)):
        client = Connection.client(mss=1000, outbound=Zeros(), control=Fixed(cwnd))
        server = Connection.server(mss=1000, inbound=Drain(capacity))
        largest = []
        watched = Watched(client)
        watched.step = lambda *step, of=watched, all=largest: (
            Watched.step(of, *step), all.append(of.end.sender.in_flight)
        )[0]  # fmt: skip
        simulate(watched, Watched(server), *path(1), until=5, trace=False)
        assert max(largest) == most


def test_memory_is_bounded_by_the_capacity_whatever_comes_out_of_order():
    server = partial(ByteStream, 3000)
    result = transfer(*path(5, loss=0.2, reorder=0.2), (30_000, 0), server={"inbound": server()})
    result.judge()  # Watched adds up what is held at each step


def test_a_syn_that_comes_before_our_own_has_gone_is_answered():
    other, end = Connection(SERVER, CLIENT), Connection(CLIENT, SERVER)
    other.connect(), end.connect()
    (syn,) = other.wake(0.0)
    (answer,) = end.receive(syn, 0.0)
    assert str(parse(answer)) == "SYN,ACK seq 0 ack 1"


@pytest.mark.parametrize("loss", [0.0, 0.2])
def test_two_that_call_each_other_at_once_meet(loss):
    one, other = Program(b"one" * 500), Program(b"other" * 300)
    ends = [
        Connection(CLIENT, SERVER, app=one, isn=7, msl=500.0),
        Connection(SERVER, CLIENT, app=other, isn=NUMBERS - 4, msl=500.0),
    ]
    for end in ends:
        end.connect()
    simulate(*map(Watched, ends), *path(3, loss=loss), until=10_000, trace=False)
    assert (bytes(one.got), bytes(other.got)) == (other.data, one.data)
    assert [(end.state, end.error) for end in ends] == 2 * [("CLOSED", "")]
