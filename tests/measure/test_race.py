"""Downloads that share a bottleneck, and what the scoreboard says of them."""

import math

import pytest

from netlib.links import CoDel
from netlib.measure import race, theory
from netlib.protocols import tcp

CAPACITY = 2e6 * 1000 / 1042  # bits/s of payload


def test_a_race_depends_on_its_seed_alone():
    once, again, other = [race.race([tcp.Reno] * 2, seed, 4) for seed in (1, 1, 2)]
    assert once == again != other


def test_two_renos_fill_the_line_and_no_more():
    result = race.race([tcp.Reno, tcp.Reno], seconds=12)
    assert sum(result.goodputs) == pytest.approx(CAPACITY, rel=0.02)
    assert result.jain == theory.jain(result.goodputs) > 0.9


def test_vegas_keeps_the_queue_short_and_yields_to_reno():
    alone = race.race([tcp.Vegas], seconds=10)
    pair = race.race([tcp.Reno, tcp.Vegas], seconds=10)
    assert alone.wait < 0.02 < pair.wait
    assert pair.goodputs[1] < pair.goodputs[0] / 2


def test_a_queue_that_watches_delay_gives_vegas_its_share_back():
    pair = race.race([tcp.Reno, tcp.Vegas], seconds=10, queue=CoDel())
    assert pair.jain > 0.95


def test_codel_holds_the_standing_queue_near_its_target_where_drop_tail_holds_all_of_it():
    standing = {}
    for queue in (50, CoDel()):
        way = race.Watched(race.bottleneck(5e6, queue))
        race.Simulation([race.download(tcp.Reno(), way)], trace=False).run(10)
        standing[queue] = way.median(since=3)
    service = 1042 * 8 / 5e6
    assert 25 * service < standing[50] <= 50 * service  # half of it after each cut
    assert standing[CoDel()] == pytest.approx(0.005, abs=0.003)


def test_the_waits_of_a_standing_queue_are_those_of_the_segments_before():
    way = race.Watched(race.bottleneck(1e6, 10))
    for _ in range(3):
        way.carry(1040, 0.0)
    assert [wait for _, wait in way.waits] == pytest.approx([0, 1042 * 8e-6, 2 * 1042 * 8e-6])
    assert math.isnan(way.median(since=1.0))


def test_a_scoreboard_says_what_each_leaves_the_others():
    board = race.Scoreboard({"Reno": tcp.Reno, "Vegas": tcp.Vegas}, [1], seconds=6)
    assert set(board.left) == {("Reno", "Vegas"), ("Vegas", "Reno")}
    assert board.left["Reno", "Vegas"] < 1 < board.left["Vegas", "Reno"]
    assert board.wait["Vegas"] < board.wait["Reno"]
    heading, *rows = board.rows()
    assert heading == ["", "alone", "wait [ms]", "Jain", "leaves Reno", "leaves Vegas"]
    assert [row[0] for row in rows] == ["Reno", "Vegas"] and rows[0][4] == rows[1][5] == ""
    assert "leaves Vegas" in repr(board)
