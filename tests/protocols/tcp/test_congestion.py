"""How windows move: RFC 5681 and 9438 with the RFCs' own numbers, and Vegas."""

from math import inf, sqrt

import pytest
from pytest import approx

from netlib.protocols.tcp import Cubic, Fixed, Reno, Vegas

RTT = 0.1


def round_trip(control, now, rtt=RTT):
    """Acknowledge a window of segments, spread over a round trip; return when it ends."""
    end = now + rtt
    while now < end - rtt * 1e-9:
        now += rtt / control.cwnd
        control.on_ack(1.0, rtt, now)
    return now


def losing_one_in(period, control, losses=12):
    """Lose one segment of every `period`; return the mean window, once it is regular."""
    now, means = 0.0, []
    for _ in range(losses):
        began = now
        for _ in range(period):
            now += RTT / control.cwnd
            control.on_ack(1.0, RTT, now)
        means.append(period * RTT / (now - began))
        control.on_loss(control.cwnd, now)
    return sum(means[losses // 2 :]) / (losses - losses // 2)


def test_a_fixed_window_never_moves():
    control = Fixed(7)
    control.on_ack(1, RTT, 0), control.on_loss(7, 0), control.on_timeout(7, 0)
    assert control.cwnd == 7


@pytest.mark.parametrize("cwnd", [0, -1, inf, float("nan")])
def test_a_fixed_window_is_a_number_of_segments(cwnd):
    with pytest.raises(ValueError, match="segments"):
        Fixed(cwnd)


def test_5681_3_1_reno_doubles_in_slow_start_and_adds_one_a_round_trip_later():
    control = Reno(cwnd=2, ssthresh=16)
    windows = []
    for _ in range(5):
        for _ in range(round(control.cwnd)):
            control.on_ack(1.0, RTT, 0.0)
        windows.append(control.cwnd)
    assert windows == approx([4, 8, 16, 17, 18], abs=0.06)


def test_5681_3_1_reno_begins_again_with_one_segment_after_a_timeout():
    control = Reno(cwnd=20)
    control.on_timeout(20, 0.0)
    assert (control.cwnd, control.ssthresh) == (1, 10)


def test_reno_holds_the_square_root_law():
    """Periodic losses: sqrt(3/2) / sqrt(p) segments (Mathis et al. 1997)."""
    assert losing_one_in(1000, Reno(50, 50)) == approx(sqrt(1.5 * 1000), rel=0.03)


def test_9438_4_2_k_is_the_time_to_come_back_to_the_last_window():
    """K = cbrt((W_max - cwnd) / C): 100 segments, 70 left, (30 / 0.4)^(1/3) = 4.217 s."""
    control = Cubic(100, ssthresh=50)
    control.on_loss(100, 0.0)
    assert (control.cwnd, control.ssthresh, control.w_max) == (70, 70, 100)
    control.on_ack(1.0, RTT, 10.0)
    assert control.curve(0.0) == approx(70)
    assert control.curve((30 / 0.4) ** (1 / 3)) == approx(100)
    assert control.curve(2 * (30 / 0.4) ** (1 / 3)) == approx(130)


def test_9438_4_4_and_4_5_the_window_follows_the_cubic_concave_and_convex():
    control = Cubic(1000, ssthresh=500)
    control.on_loss(1000, 0.0)
    now, k = 0.0, (300 / 0.4) ** (1 / 3)
    for _ in range(150):
        now = round_trip(control, now)
        assert control.cwnd == approx(0.4 * (now - k) ** 3 + 1000, rel=0.01)
    assert now > k + 5


def test_9438_4_2_no_more_than_half_as_much_again_in_a_round_trip():
    control = Cubic(10, ssthresh=5)
    control.on_loss(10, 0.0)
    control.on_ack(1.0, RTT, 0.0)
    windows = []
    for n in range(8):  # the cubic is far above by now: half a segment for each acknowledged
        control.on_ack(1.0, RTT, 100.0 + n * RTT)
        windows.append(control.cwnd)
    assert windows == [7, 8, 8, 9, 9, 10, 10, 11]


def test_9438_4_3_a_short_round_trip_makes_it_grow_like_reno():
    """W_est grows by 3 (1 - 0.7) / (1 + 0.7) = 0.529 segments a round trip, by 1 beyond W_max."""
    control = Cubic(20, ssthresh=10)
    control.on_loss(20, 0.0)
    now, rtt, times = 0.0, 0.001, {}
    while control.cwnd < 30:
        now += rtt / control.cwnd
        control.on_ack(1.0, rtt, now)
        times.setdefault(int(control.cwnd), now)
    assert (19 - 15) * rtt / (times[19] - times[15]) == approx(0.529, rel=0.01)
    assert (29 - 21) * rtt / (times[29] - times[21]) == approx(1, rel=0.01)


def test_9438_4_6_beta_is_seven_tenths_of_what_is_in_flight():
    control = Cubic(100)
    control.on_loss(60, 0.0)
    assert control.cwnd == control.ssthresh == 42
    control.on_loss(2, 0.0)
    assert control.cwnd == 2


def test_9438_4_7_fast_convergence_leaves_room_for_others():
    control = Cubic(100)
    control.on_loss(100, 0.0)
    control.on_loss(70, 1.0)  # below the last W_max: somebody wants more
    assert control.w_max == approx(70 * 1.7 / 2)
    control = Cubic(100)
    control.on_loss(100, 0.0)
    control.cwnd = 101.0
    control.on_loss(101, 1.0)
    assert control.w_max == 101


def test_9438_4_8_a_timeout_leaves_one_segment_and_seven_tenths_as_threshold():
    control = Cubic(100)
    control.on_timeout(100, 0.0)
    assert (control.cwnd, control.ssthresh) == (1, 70)
    while control.cwnd < control.ssthresh:
        control.on_ack(1.0, RTT, 1.0)
    control.on_ack(1.0, RTT, 2.0)
    assert control.curve(0.0) == approx(control.cwnd, rel=0.02)  # the epoch begins here


def mean_of_the_cubic(segments, after):
    """Return the mean window of W(t) if one of so many segments is lost, `after` s behind K."""
    low, high = 0.0, 100.0
    while high - low > 1e-9:
        k = (low + high) / 2
        period, top = k + after, 0.4 * k**3 / 0.3
        sent = (0.4 / 4 * (after**4 - k**4) + top * period) / RTT
        low, high = (k, high) if sent < segments else (low, k)
    return segments * RTT / period


def test_9438_5_1_the_mean_window_is_that_of_the_rfc():
    """W = (C (3 + b) / (4 (1 - b)))^(1/4) RTT^(3/4) / p^(3/4), = 187 for p = 10^-4, RTT = 0.1 s.

    The RFC lets the loss come at K, when the cubic is at W_max. In whole segments it is there for
    as long as it is within one of it, and a loss anywhere in that time leaves W_max as it was.
    """
    expected = (0.4 * 3.7 / 1.2) ** 0.25 * RTT**0.75 / 1e-4**0.75
    assert expected == approx(187, abs=1)
    assert mean_of_the_cubic(10_000, 0.0) == approx(expected, rel=0.01)
    control, flat = Cubic(180, 90), (1 / 0.4) ** (1 / 3)
    mean = losing_one_in(10_000, control)
    period, k = 10_000 * RTT / mean, (0.3 * control.w_max / 0.4) ** (1 / 3)
    assert abs(period - k) < flat + RTT
    assert mean_of_the_cubic(10_000, flat) < mean < mean_of_the_cubic(10_000, -flat)


def test_9438_5_2_where_losses_are_many_it_is_as_fast_as_reno():
    reno, cubic = (losing_one_in(500, control(20, 20)) for control in (Reno, Cubic))
    assert reno < cubic < reno + 2.5  # whole segments, rounded up twice


def crossing(control, bandwidth, rounds, shortest=RTT):
    """Send windows through a path that carries `bandwidth` segments a round trip; queue the rest.

    Returns how many wait at the end of each round trip.
    """
    now, waiting = 0.0, []
    for _ in range(rounds):
        rtt = shortest * max(1.0, control.cwnd / bandwidth)
        now = round_trip(control, now, rtt)
        waiting.append(control.cwnd - bandwidth)
    return waiting


def test_vegas_keeps_two_to_four_segments_in_the_queue():
    for bandwidth in (20, 80):
        waiting = crossing(Vegas(), bandwidth, 250)
        assert all(2 <= count <= 4 for count in waiting[-50:]), waiting


def test_vegas_shrinks_by_one_a_round_trip_when_too_much_waits():
    control = Vegas(cwnd=30, ssthresh=1)
    control.shortest = RTT
    windows = [round_trip(control, n, RTT * 30 / 20) and control.cwnd for n in range(5)]
    assert windows == [29, 28, 27, 26, 25]


def test_vegas_leaves_slow_start_before_anything_is_lost():
    control = Vegas()
    crossing(control, 40, 20)
    assert control.ssthresh <= 80  # one doubling too late: the paper doubles every other time
    assert control.cwnd < 80


def test_vegas_takes_a_path_without_any_delay_for_one_without_a_queue():
    control = Vegas(cwnd=2, ssthresh=1)
    for _ in range(3):
        control.on_ack(1.0, 0.0, 0.0)
    assert control.cwnd == 3


def test_vegas_takes_losses_as_reno_does():
    control = Vegas(cwnd=20)
    control.on_loss(20, 0.0)
    assert control.cwnd == 10
