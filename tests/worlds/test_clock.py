"""A clock that stands still holds a relay's real datagrams, and the timers of real endpoints."""

from math import inf
from time import perf_counter

import pytest
from relays import wait_for

from netlib.links.link import Link
from netlib.sockets import UDPReceiver, UDPSender
from netlib.worlds import Relay
from netlib.worlds.clock import Clock
from netlib.worlds.driver import Driver

pytestmark = [
    pytest.mark.usefixtures("nothing_left_open"),
    pytest.mark.filterwarnings("error"),
]


def test_it_shows_real_time_until_it_is_told_otherwise():
    before, clock, made = perf_counter(), Clock(), perf_counter()
    shown, after = clock.now(), perf_counter()
    assert 0 <= shown <= after - before
    assert clock.at(made + 100) == pytest.approx(100, abs=made - before + 1e-9)


def test_it_stands_still_and_goes_on_from_there():
    clock = Clock()
    clock.run(0)
    shown = clock.now()
    assert clock.at(perf_counter() + 100) == shown
    clock.run(2)
    assert clock.at(perf_counter() + 100) == pytest.approx(shown + 200, abs=1)


def test_it_goes_until_a_time_of_its_own_and_no_further():
    clock = Clock()
    until = clock.now() + 50
    clock.run(10, until)
    assert clock.at(perf_counter() + 4) < until
    assert clock.at(perf_counter() + 6) == until
    assert clock.when(until) == pytest.approx(perf_counter() + 5, abs=1)
    assert clock.when(until + 1e-3) == inf


def test_when_it_will_show_a_time_is_now_for_the_past_and_never_while_it_stands():
    clock = Clock()
    clock.run(0)
    assert clock.when(clock.now() - 1) <= perf_counter()
    assert clock.when(clock.now() + 1) == inf


def test_time_does_not_go_back_where_what_came_earlier_is_looked_at_later():
    clock = Clock()
    clock.run(0)
    shown = clock.now()
    clock.run(1000)
    assert clock.at(perf_counter() - 1) == shown


def test_while_the_clock_stands_still_the_relay_holds_a_real_datagram():
    clock = Clock()
    clock.run(0)
    with (
        UDPReceiver() as receiver,
        UDPSender() as sender,
        Relay(receiver.address, Link(60), Link(), thread=True, record=True, clock=clock) as relay,
    ):
        sender.send(b"held", relay.address)
        wait_for(lambda: relay.report.forward.in_flight)
        assert relay.next_due() == clock.now() + 60, "to the last digit: no time has passed"
        clock.run(600)
        assert receiver.receive().payload == b"held"
        sent, arrived = (row.time for row in relay.rows_since()[1])
    assert arrived >= sent + 60


def test_only_a_thread_can_share_a_clock():
    with pytest.raises(ValueError, match="a clock needs thread=True"):
        Relay(("127.0.0.1", 9), Link(), Link(), clock=Clock())


class Alarm:
    """An endpoint with one timer."""

    def __init__(self, deadline: float):
        self.deadline: float | None = deadline

    def receive(self, datagram: bytes, now: float) -> list[bytes]:
        return []

    def wake(self, now: float) -> list[bytes]:
        self.deadline = None
        return []


def test_a_timer_stands_still_with_the_clock_and_goes_off_once_it_goes_on():
    clock, alarm = Clock(), Alarm(60.0)
    clock.run(0)
    with Driver(alarm, clock=clock) as driver:
        assert not driver.run(0.01, until=lambda: alarm.deadline is None)
        assert driver.now == 0.0 and driver.due() == inf
        clock.run(6000)
        assert driver.run(10, until=lambda: alarm.deadline is None)


def test_a_clock_that_goes_until_a_timers_time_lets_it_go_off_and_then_stands():
    clock, alarm = Clock(), Alarm(60.0)
    clock.run(0)
    with Driver(alarm, clock=clock) as driver:
        driver.run(0.01)
        begun = clock.now()
        clock.run(6000, until=begun + 60.0 + 1e-6)  # rounding may take an ulp away
        assert driver.run(10, until=lambda: alarm.deadline is None)
        assert driver.now == pytest.approx(60.0, abs=1e-5)
