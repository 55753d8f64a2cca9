"""What a relay says of itself."""

import pytest

from netlib.worlds.relay.report import BUFFER, Counts, Lateness, RelayReport, Tally


def test_the_percentiles_are_those_of_the_sorted_values_rounded_up():
    tally = Tally()
    assert tally.lateness() is None
    for late in [10e-6] * 50 + [100e-6] * 40 + [0.0123] * 10:
        tally.add(late)
    assert tally.lateness() == pytest.approx(Lateness(11e-6, 101e-6, 0.0124, 0.0124))


def test_quality_reads_like_a_report_and_says_when_not_to_believe_a_run():
    late = Lateness(20e-6, 80e-6, 0.003, 0.004)
    counts = Counts(10, 1, 8, 1, {"coin": 2})
    report = RelayReport(counts, Counts(), late, 1, 0, cpu=0.5, elapsed=2.0)
    assert str(report).splitlines() == [
        "forward   10 + 1 copies in, 8 out (1 on their way); lost: 2 coin",
        "backward  0 in, 0 out; lost: none",
        "lateness  p50 0.02, p90 0.08, p99 3, worst 4 ms",
        "clients   1, 0 evicted",
        "processor 25.0% of 2.0 s",
    ]
    assert report.too_busy(rtt=0.1) == ""
    assert "1 % left 3 ms late or later, of 40 ms" in report.too_busy(rtt=0.04)
    dropped = RelayReport(Counts(5, drops={BUFFER: 5}), Counts(), None, 1, 0, cpu=0.5, elapsed=2.0)
    assert "the relay lost 5 datagrams of its own" in dropped.too_busy(rtt=10)
