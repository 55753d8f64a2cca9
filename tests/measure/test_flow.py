"""A flow read out of a trace that can be worked out by hand, and the diary of a window."""

import numpy as np
import pytest

from netlib.links import Link
from netlib.measure.flow import Flow, Recorded
from netlib.protocols import tcp
from netlib.trace import Trace
from netlib.worlds import simulate

# 4000 bytes in segments of 1000, two at once, 10 ms each way; the datagrams of the client:
# SYN, segments 0 and 1 (which carry the ACK of the SYN), then 2 and 3.


def run(lost=(), control=None, size=4000):
    client = tcp.Connection.client(
        mss=1000, outbound=tcp.Zeros(size), control=control or tcp.Fixed(2), isn=2**32 - 1500
    )
    server = tcp.Connection.server(inbound=tcp.Drain(100_000))
    return simulate(client, server, Link(0.01, loss=set(lost)), Link(0.01), until=30)


def test_what_is_sent_acknowledged_and_in_flight_stands_as_worked_out_by_hand():
    flow = Flow(run())
    assert flow.sent[:, 1].tolist() == [0, 1000, 2000, 3000]  # though the numbers wrap
    assert flow.sent[:, 0] == pytest.approx([0.02, 0.02, 0.04, 0.04])
    assert flow.arrived[:, 0] == pytest.approx([0.03, 0.03, 0.05, 0.05])
    assert flow.in_flight[:, 1].max() == 2000 and flow.in_flight[-1, 1] == 0
    assert flow.rtts[:, 1] == pytest.approx([0.02] * 4)
    assert not flow.sent[:, 3].any() and not len(flow.lost)


def test_a_lost_segment_is_lost_once_sent_twice_and_not_measured():
    flow = Flow(run(lost=[2], control=tcp.Fixed(5), size=8000))
    assert flow.lost[:, 1].tolist() == [1000]
    again = flow.sent[flow.sent[:, 3] == 1]
    assert again[:, 1].tolist() == [1000]
    measured = set(np.round(flow.rtts[:, 1], 6))
    assert measured == {0.02}  # Karn's rule: the repair is in none of them


def test_goodput_is_what_is_acknowledged_in_each_interval():
    middles, rates = Flow(run()).goodput(0.1, until=0.1)
    assert middles == pytest.approx([0.05])
    assert rates == pytest.approx([4000 * 8 / 0.1])


def test_a_trace_without_its_syn_is_refused():
    with pytest.raises(ValueError, match="expected a trace in which 'sender' sends a SYN"):
        Flow(Trace())


def test_a_diary_holds_every_change_of_the_window_and_changes_nothing():
    diary = Recorded(tcp.Reno(2, 3))
    diary.on_ack(1, 0.1, 1.0)
    diary.on_ack(1, 0.1, 2.0)
    diary.on_loss(8, 3.0)
    diary.on_timeout(6, 4.0)
    assert diary.history == [
        (0.0, 2.0, 3),
        (1.0, 3.0, 3),
        (2.0, 3 + 1 / 3, 3),
        (3.0, 4.0, 4.0),
        (4.0, 1.0, 3.0),
    ]
    assert diary.cwnd == 1.0
    plain, noted = [
        list(run(control=each, size=40_000)) for each in (tcp.Reno(), Recorded(tcp.Reno()))
    ]
    assert plain == noted


def test_a_control_without_a_threshold_has_nan_in_its_diary():
    assert np.isnan(Recorded(tcp.Fixed(3)).history[0][2])
