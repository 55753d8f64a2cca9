"""CoDel's control law, held to the pseudocode of RFC 8289, 5, written out as it stands there."""

from collections import deque
from itertools import pairwise
from math import sqrt
from random import Random

import pytest

from netlib.links import CoDel, Link

TARGET, INTERVAL = 0.005, 0.1


class PseudocodeOfTheRFC:
    """RFC 8289, 5.3 to 5.6, but for the packet that it spares when nothing is behind it."""

    def __init__(self):
        self.queue: deque[tuple[int, float]] = deque()
        self.first_above_time = self.drop_next = 0.0
        self.count = self.lastcount = 0
        self.dropping = False
        self.dropped: list[int] = []

    def dodequeue(self, now):
        if not self.queue:
            self.first_above_time = 0.0
            return None, False
        packet, arrived = self.queue.popleft()
        ok_to_drop = False
        if now - arrived < TARGET:
            self.first_above_time = 0.0
        elif self.first_above_time == 0:
            self.first_above_time = now + INTERVAL
        elif now >= self.first_above_time:
            ok_to_drop = True
        return packet, ok_to_drop

    def control_law(self, t, count):
        return t + INTERVAL / sqrt(count)

    def dequeue(self, now):
        packet, ok_to_drop = self.dodequeue(now)
        if self.dropping:
            if not ok_to_drop:
                self.dropping = False
            while self.dropping and now >= self.drop_next:
                self.dropped.append(packet)
                self.count += 1
                packet, ok_to_drop = self.dodequeue(now)
                if not ok_to_drop:
                    self.dropping = False
                else:
                    self.drop_next = self.control_law(self.drop_next, self.count)
        elif ok_to_drop:
            self.dropped.append(packet)
            packet, ok_to_drop = self.dodequeue(now)
            self.dropping = True
            delta = self.count - self.lastcount
            self.count = 1
            if delta > 1 and now - self.drop_next < 16 * INTERVAL:
                self.count = delta
            self.drop_next = self.control_law(now, self.count)
            self.lastcount = self.count
        return packet


def drops_of_the_rfc(arrivals: list[float], spent: float) -> list[int]:
    """Serve packets one after the other, as soon as there is one; return which are dropped."""
    model, coming, free_at = PseudocodeOfTheRFC(), deque(enumerate(arrivals)), 0.0
    while coming or model.queue:
        if not model.queue and coming[0][1] > free_at:
            free_at = coming[0][1]
        while coming and coming[0][1] <= free_at:
            model.queue.append(coming.popleft())
        if model.dequeue(free_at) is not None:
            free_at += spent
        elif not coming and not model.queue:
            break
    return model.dropped


def drops_of_the_link(arrivals: list[float], spent: float) -> list[int]:
    link = Link(rate=8000 / spent, queue=CoDel(TARGET, INTERVAL, limit=10_000))
    return [n for n, at in enumerate(arrivals) if not link.carry(1000, at)]


@pytest.mark.parametrize("load", [0.9, 1.05, 1.3, 2.0])
@pytest.mark.parametrize("seed", range(8))
def test_the_same_packets_are_dropped_as_by_the_pseudocode_of_the_rfc(load, seed):
    chance, spent, now, arrivals = Random(seed), 0.001, 0.0, []
    for n in range(6000):
        pause = 3.0 if n in (2500, 4500) else 0.0  # the queue runs empty, and a rate is remembered
        now += chance.expovariate(load / spent) + pause * chance.random()
        arrivals.append(now)
    dropped = drops_of_the_rfc(arrivals, spent)
    assert drops_of_the_link(arrivals, spent) == dropped
    assert len(dropped) < 20 if load < 1 else len(dropped) > 20


def test_a_standing_queue_is_dropped_from_ever_faster_by_the_square_root():
    link = Link(rate=8e6, queue=CoDel(TARGET, INTERVAL))
    lost = [n / 1100 for n in range(2200) if not link.carry(1000, n / 1100)]
    gaps = [after - before for before, after in pairwise(lost)]
    expected = [INTERVAL / sqrt(count) for count in range(1, len(gaps) + 1)]
    assert len(lost) > 10
    assert gaps[:10] == pytest.approx(expected[:10], abs=0.02)  # drops fall on departures


def test_a_burst_is_left_alone():
    link = Link(rate=8e6, queue=CoDel())
    assert all(link.carry(1000, 0.0) for _ in range(90))
    assert link.managed == 0


def test_what_finds_no_room_overflows_all_the_same():
    link = Link(rate=8e6, queue=CoDel(limit=10))
    arrivals = [link.carry(1000, 0.0) for _ in range(15)]
    assert (arrivals.count([]), link.overflowed, link.managed) == (4, 4, 0)
    assert link.why_lost == "queue overflow"


def test_a_codel_link_is_copied_changed_and_printed_and_tc_has_no_words_for_it_here():
    link = Link(rate=1e6, queue=CoDel())
    assert link.copy() == link
    assert "CoDel(target=0.005" in repr(link)
    with pytest.raises(ValueError, match="CoDel"):
        link.tc_command()
    link.change(rate=2e6)
    assert link.queue == CoDel()


@pytest.mark.parametrize("wrong", [{"target": 0.0}, {"target": 0.2}, {"limit": -1}])
def test_impossible_parameters_are_refused(wrong):
    with pytest.raises(ValueError):
        CoDel(**wrong)
