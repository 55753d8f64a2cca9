"""Virtual time: what arrives when, who is woken, how ties break, whose mistake is named."""

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.endpoint import Endpoint
from netlib.links.link import Link
from netlib.protocols.selective_repeat import SelectiveRepeatReceiver, SelectiveRepeatSender
from netlib.worlds import (
    Conversation,
    Echo,
    Simulation,
    Sink,
    Source,
    poisson,
    simulate,
    simulate_all,
    steady,
)


class Scripted:
    """An endpoint that does what a test says at each deadline, and keeps a diary."""

    def __init__(self, deadlines=(), answer=lambda datagram: [], say=b"hello"):
        self.diary, self.answer, self.say = [], answer, say
        self._deadlines = iter(deadlines)
        self.deadline = next(self._deadlines, None)

    def wake(self, now):
        self.diary.append(("wake", now))
        self.deadline = next(self._deadlines, None)
        return [self.say]

    def receive(self, datagram, now):
        self.diary.append((datagram, now))
        return self.answer(datagram)


def lines(trace):
    return [(round(e.time, 9), e.role, e.action, e.payload[:4], e.note) for e in trace]


def test_a_trace_tells_what_happened_in_order():
    number = [n.to_bytes(4, "big") for n in range(3)]
    trace = simulate(
        Source(steady(100, 100, 3)), Sink(), Link(delay=0.02, loss={1}, duplicate={2}), Link()
    )
    assert lines(trace) == [
        (0.00, "sender", "send", number[0], ""),
        (0.01, "sender", "send", number[1], ""),
        (0.01, "link", "lost", number[1], "coin"),
        (0.02, "receiver", "receive", number[0], ""),
        (0.02, "sender", "send", number[2], ""),
        (0.04, "receiver", "receive", number[2], ""),
        (0.04, "receiver", "receive", number[2], "copy"),
    ]
    assert "2  10.000  sender    send     → receiver  100" in trace.table()


def test_a_corrupt_datagram_arrives_with_another_bit_and_a_note():
    link = Link(delay=0.02, corrupt={1}, duplicate={1})
    trace = simulate(Source(steady(100, 100, 3)), Sink(), link, Link())
    sent = [event.payload for event in trace.only("send")]
    arrived = [(event.payload in sent, event.note) for event in trace.only("receive")]
    assert arrived == [(True, ""), (False, "corrupt"), (False, "copy"), (True, "")]
    flipped = trace.only("receive")[1].payload
    assert (int.from_bytes(flipped) ^ int.from_bytes(sent[1])).bit_count() == 1


def test_what_the_queue_drops_is_told_from_what_the_coin_takes():
    trace = simulate(Source([(0.0, 1000)] * 4), Sink(), Link(rate=1e6, queue=1, loss={0}), Link())
    assert [e.note for e in trace.only("lost")] == ["coin", "queue overflow"]
    assert {e.role for e in trace.only("lost")} == {"link"}


def test_answers_go_back_over_the_other_link():
    source = Source(steady(10, 100, 3))
    simulate(source, Echo(), Link(delay=0.030), Link(delay=0.020))
    assert [at - source.sent[n] for n, at in source.answers] == pytest.approx([0.05] * 3)


def test_without_a_trace_the_results_are_the_same():
    link, results = Link(delay=0.01, jitter=0.01, loss=0.1, rate=1e6, queue=5), []
    for trace in (True, False):
        sink = Sink()
        told = simulate(Source(poisson(200, 500, 500)), sink, link.copy(), Link(), trace=trace)
        results.append(sink.arrivals)
        assert bool(len(told)) == trace
    assert results[0] == results[1]


def test_two_runs_are_equal_event_by_event():
    def run():
        forward = Link.parse("delay 20ms 10ms loss 5% duplicate 5% reorder 10% rate 1mbit limit 9")
        return list(simulate(Source(poisson(150, 900, 300)), Echo(), forward, forward.reverse()))

    assert run() == run()


# ---- deadlines


def test_nobody_is_woken_before_the_deadline_and_everybody_at_it():
    sleeper = Scripted([0.25, 1.5, 1.75])
    simulate(sleeper, Sink(), Link(), Link())
    assert [now for _, now in sleeper.diary] == [0.25, 1.5, 1.75]


def test_a_deadline_moved_to_later_is_met_once():
    class Postponed(Scripted):
        def receive(self, datagram, now):
            self.deadline = now + 1.0  # every datagram gives it more time
            return super().receive(datagram, now)

    postponed = Postponed([1.0])
    simulate(Source(steady(2, 100, 6)), postponed, Link(delay=0.1), Link())
    assert [now for what, now in postponed.diary if what == "wake"] == [2.6 + 1.0]


def test_a_deadline_moved_to_earlier_is_met_then():
    class Hurried(Scripted):
        def receive(self, datagram, now):
            self.deadline = now + 0.01
            return super().receive(datagram, now)

    hurried = Hurried([50.0, 55.0])
    simulate(Source(steady(1, 100, 1)), hurried, Link(delay=0.1), Link())
    assert [now for what, now in hurried.diary if what == "wake"] == pytest.approx([0.11, 55.0])


def test_a_deadline_taken_away_is_not_met():
    class Calmed(Scripted):
        def receive(self, datagram, now):
            self.deadline = None
            return super().receive(datagram, now)

    calmed = Calmed([5.0])
    simulate(Source(steady(1, 100, 1)), calmed, Link(), Link())
    assert [what for what, _ in calmed.diary if what == "wake"] == []


def test_a_deadline_in_the_past_is_met_now():
    class Late(Scripted):
        def receive(self, datagram, now):
            self.deadline = 0.0
            return super().receive(datagram, now)

    late = Late()
    simulate(Source([(3.0, 100)]), late, Link(delay=0.5), Link())
    assert late.diary[-1] == ("wake", 3.5)


def test_at_the_same_instant_a_datagram_arrives_before_the_deadline_goes_off():
    patient = Scripted([1.0])
    simulate(Source([(0.5, 100)]), patient, Link(delay=0.5), Link())
    assert [what for what, _ in patient.diary][1:] == ["wake"]
    assert [now for _, now in patient.diary] == [1.0, 1.0]


def test_datagrams_that_arrive_together_arrive_in_the_order_they_were_sent():
    sink = Sink()
    simulate(Source([(0.0, 100)] * 50), sink, Link(delay=0.1, reorder={7}), Link())
    assert [n for n, _ in sink.arrivals] == [7, *range(7), *range(8, 50)]


def test_it_ends_at_until_and_not_before():
    sink = Sink()
    simulate(Source(steady(1, 100)), sink, Link(), Link(), until=3.0)
    assert [at for _, at in sink.arrivals] == [0.0, 1.0, 2.0, 3.0]


def test_an_hour_ends_when_nothing_is_left_to_happen():
    trace = simulate(Source(steady(1, 100, 3)), Sink(), Link(), Link(), until=float("inf"))
    assert trace[-1].time == 2.0


def test_nothing_to_do_is_an_empty_trace():
    assert len(simulate(Sink(), Echo(), Link(), Link())) == 0


LINKS = st.fixed_dictionaries(
    {
        "delay": st.floats(0, 0.1),
        "jitter": st.floats(0, 0.1),
        "loss": st.floats(0, 0.5),
        "duplicate": st.floats(0, 0.5),
        "reorder": st.floats(0, 0.5),
        "rate": st.one_of(st.none(), st.floats(1e5, 1e7)),
        "queue": st.one_of(st.none(), st.integers(0, 9)),
        "seed": st.integers(0, 999),
    }
)


@given(LINKS, st.integers(0, 999), st.floats(0.05, 1.0))
@settings(max_examples=60)
def test_in_equals_out_plus_lost_plus_still_on_the_way_and_time_never_goes_back(
    impaired, seed, until
):
    link, sink = Link(**impaired), Sink()
    source = Source(poisson(300, 800, 100, seed))
    trace = simulate(source, sink, link, Link(), until)
    times = [event.time for event in trace]
    assert times == sorted(times)
    assert link.carried == len(source.sent) == len(trace.only("send"))
    assert len(sink.arrivals) == len(trace.only("receive"))
    on_the_way = link.carried + link.duplicated - link.lost - link.overflowed - len(sink.arrivals)
    alone = link.copy()  # the same datagrams, carried by hand
    expected = sorted(at for n, sent in enumerate(source.sent) for at in alone.carry(800, sent))
    assert [at for _, at in sink.arrivals] == [at for at in expected if at <= until]
    assert on_the_way == sum(at > until for at in expected)


# ---- many conversations


def test_two_flows_share_a_bottleneck_and_its_rate():
    bottleneck, sinks = Link(delay=0.01, rate=1e6, queue=10), [Sink(), Sink()]
    flows = [
        Conversation(Source(poisson(100, 1000, seed=n)), sink, bottleneck, Link())
        for n, sink in enumerate(sinks)
    ]
    trace = simulate_all(flows, until=20.0)
    got = [len(sink.arrivals) for sink in sinks]
    assert sum(got) == pytest.approx(20 * 125, abs=12)  # 1 Mbit/s of 1000 bytes
    assert min(got) > 0.8 * max(got)
    assert {e.role for e in trace.only("send")} == {"sender", "sender 2"}
    assert len(trace.only("receive", role="receiver 2")) == got[1]


def test_a_conversation_can_begin_later_and_have_names():
    early, late = Scripted([0.0]), Scripted([0.0])
    trace = simulate_all(
        [
            Conversation(early, Sink(), Link(), Link(), names=("anna", "bo")),
            Conversation(late, Sink(), Link(), Link(), names=("carl", "dora"), start=10.0),
        ]
    )
    assert (early.diary, late.diary) == ([("wake", 0.0)], [("wake", 10.0)])
    assert [e.role for e in trace] == ["anna", "bo", "carl", "dora"]


def test_a_link_of_your_own_will_do():
    class EverySecond:
        def __init__(self):
            self.seen = count()

        def carry(self, size, now):
            return [now + 0.1] if next(self.seen) % 2 == 0 else []

    sink = Sink()
    trace = simulate(Source(steady(10, 100, 4)), sink, EverySecond(), EverySecond())
    assert [n for n, _ in sink.arrivals] == [0, 2]
    assert [e.note for e in trace.only("lost")] == ["", ""]


# ---- mistakes


def test_an_endpoint_that_does_not_move_its_deadline_is_named():
    class Busy(Scripted):
        def wake(self, now):
            return []

    with pytest.raises(
        RuntimeError, match=r"sender: wake\(1.5\) left the deadline at 1.5, and would"
    ):
        simulate(Busy([1.5]), Sink(), Link(), Link())


def test_an_echo_of_an_echo_over_no_distance_is_an_error_and_not_a_hang(monkeypatch):
    monkeypatch.setattr("netlib.worlds.simulator.STANDSTILL", 1000)
    shouting = Scripted([0.0], answer=lambda datagram: [datagram])
    with pytest.raises(RuntimeError, match=r"1000 events at 0.0 s: .* never waits"):
        simulate(shouting, Echo(), Link(), Link())


def test_a_used_link_is_refused():
    link = Link()
    simulate(Source(steady(1, 100, 1)), Sink(), link, Link())
    with pytest.raises(
        ValueError, match=r"expected a fresh link, got one that has carried 1: use copy"
    ):
        simulate(Source(steady(1, 100, 1)), Sink(), link, Link())
    simulate(Source(steady(1, 100, 1)), Sink(), link.copy(), Link())


def test_two_directions_with_the_same_luck_are_refused():
    with pytest.raises(ValueError, match="the same seed 0, so their loss would be the same"):
        simulate(Sink(), Sink(), Link(loss=0.1), Link(loss=0.2))
    with pytest.raises(ValueError, match="their delay and reorder would"):
        simulate(Sink(), Sink(), *(Link(delay=0.1, jitter=0.1, reorder=0.1, seed=3) for _ in "12"))
    for backward in (
        Link(loss=0.1, seed=1),
        Link(loss=0.1).reverse(),
        Link(jitter=0.1),
        Link(loss={3}),
    ):
        simulate(Sink(), Sink(), Link(loss=0.1), backward)


@pytest.mark.parametrize("answer", [b"bytes", "text", ["text"], [bytearray(b"x")], [7]])
def test_what_is_not_a_list_of_bytes_is_named(answer):
    with pytest.raises(TypeError, match="receiver must return a list of bytes, got"):
        simulate(Source(steady(1, 100, 1)), Scripted(answer=lambda d: answer), Link(), Link())


def test_a_link_that_delivers_in_the_past_is_named():
    class Backwards:
        def carry(self, size, now):
            return [0.02]  # forgot to add now

    with pytest.raises(ValueError, match=r"expected an arrival at 1.0 s or later, got 0.02"):
        simulate(Source([(1.0, 100)]), Sink(), Backwards(), Link())


def test_what_is_no_endpoint_is_refused():
    with pytest.raises(
        TypeError, match=r"expected an Endpoint \(deadline, receive, wake\), got None"
    ):
        simulate(Sink(), None, Link(), Link())
    with pytest.raises(ValueError, match="expected each endpoint in one place, got one in two"):
        simulate(sink := Sink(), sink, Link(), Link())
    with pytest.raises(ValueError, match="until must be a number of seconds above 0, got 0"):
        simulate(Sink(), Sink(), Link(), Link(), until=0)


# ---- traffic


def test_traffic_keeps_the_contract():
    assert all(isinstance(end, Endpoint) for end in (Source([]), Sink(), Echo()))


def test_a_source_keeps_to_its_schedule():
    source = Source(steady(50, 200, 3, start=1.0))
    assert source.deadline == 1.0
    first = source.wake(1.0)
    assert (len(first), len(first[0]), source.deadline) == (1, 200, 1.02)
    assert [len(d) for d in source.wake(9.0)] == [200, 200]  # woken late: both are due
    assert (source.deadline, source.sent) == (None, [1.0, 9.0, 9.0])


def test_a_sink_counts_what_it_cannot_read():
    sink = Sink()
    sink.receive(b"abc", 0.0)
    sink.receive((5).to_bytes(4, "big") + b"...", 0.5)
    assert (sink.malformed, sink.arrivals) == (1, [(5, 0.5)])


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: steady(0), "per_second must be above 0 datagrams per second, got 0"),
        (lambda: poisson(-1), "per_second must be"),
        (lambda: steady(1, size=3), "size must be a whole number of bytes, 4 or more, got 3"),
        (lambda: poisson(1, size=10.5), "got 10.5"),
    ],
)
def test_impossible_traffic_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_in_slices_the_same_happens_as_at_once():
    def conversations():
        way = Link(0.05, loss=0.2, seed=3)
        ends = SelectiveRepeatSender([b"%d" % n for n in range(30)], 4, 0.3)
        return [Conversation(ends, SelectiveRepeatReceiver(4), way, way.reverse())]

    whole, slices = Simulation(conversations()), Simulation(conversations())
    whole.run(5.0)
    for end in (0.01, 0.3, 0.3, 0.75, 5.0):
        slices.run(end)
    assert len(whole.trace) > 60
    assert list(whole.trace) == list(slices.trace)
