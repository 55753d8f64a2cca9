"""The loop over real sockets: when it wakes, what it hands over, how it ends, who is named."""

import subprocess
import sys
import threading
from functools import partial

import pytest
from arq_pairs import PAIRS, numbered, pair

from netlib.links import Link
from netlib.protocols import wire
from netlib.sockets import Background, UDPReceiver, UDPSender
from netlib.trace import Trace
from netlib.worlds import Driver, Relay, converse, drive, simulate

pytestmark = [
    pytest.mark.usefixtures("nothing_left_open"),
    pytest.mark.filterwarnings("error"),
]
each_protocol = pytest.mark.parametrize("name", PAIRS)


class Scripted:
    """An endpoint that speaks at its deadlines, echoes, and keeps a diary."""

    def __init__(self, *deadlines):
        self.diary, self._deadlines = [], list(deadlines)
        self.deadline = self._deadlines.pop(0) if deadlines else None

    def receive(self, datagram, now):
        self.diary.append((datagram, now))
        return [b"echo"] if datagram == b"hello" else []

    def wake(self, now):
        self.diary.append(("wake", now))
        self.deadline = self._deadlines.pop(0) if self._deadlines else None
        return [b"hello"]


def heard(endpoint, count):
    return lambda: len(endpoint.diary) >= count


def test_it_wakes_at_every_deadline_and_never_before():
    speaker, listener = Scripted(0.0, 0.01, 0.03), Scripted()
    with Driver(listener) as there, Driver(speaker, there.address) as here:
        assert drive(here, there, limit=5, until=heard(speaker, 6))
    woken = [now for what, now in speaker.diary if what == "wake"]
    assert all(now >= due for now, due in zip(woken, (0.0, 0.01, 0.03), strict=True))
    assert [what for what, _ in listener.diary] == [b"hello"] * 3
    assert there.peer == here.address  # learned from the first datagram


def test_the_clock_starts_with_the_first_run_and_goes_on_in_the_next():
    endpoint = Scripted(0.02)
    with UDPReceiver() as nobody, Driver(endpoint, nobody.address) as driver:
        assert driver.now == 0.0
        assert not driver.run(0.001) and endpoint.diary == []
        assert driver.run(5, until=heard(endpoint, 1))
        assert endpoint.diary[0][1] >= 0.02


def test_when_the_time_is_up_it_says_so():
    with Driver(Scripted()) as driver:
        assert driver.run(0.001) is False
        assert driver.run(0.001, until=lambda: True) is True


def test_an_interrupt_from_another_thread_ends_a_run():
    waiting = threading.Event()

    def until():
        waiting.set()
        return False

    with Driver(Scripted()) as driver, Background(driver.run, 30, until) as background:
        assert waiting.wait(5)
        driver.interrupt()
    assert background.result is False
    assert driver.run(30) is False  # and every later one


def test_a_block_that_fails_ends_the_run_in_the_background():
    with (
        Driver(Scripted()) as driver,
        pytest.raises(ZeroDivisionError),
        Background(Driver.run, driver, 30) as background,
    ):
        raise ZeroDivisionError
    assert background.result is False


def test_a_datagram_from_somebody_else_is_dropped_and_counted():
    endpoint = Scripted()
    with UDPSender() as peer, UDPSender() as stranger, Driver(endpoint) as driver:
        for sender in (peer, stranger, peer):
            sender.send(b"x", driver.address)
        assert driver.run(5, until=heard(endpoint, 2))
    assert (driver.strangers, driver.peer) == (1, peer.address)


def test_a_peer_may_be_named_and_the_family_be_either(host):
    endpoint, name = Scripted(), "localhost" if host == "127.0.0.1" else host
    with (
        UDPSender(host) as peer,
        Driver(endpoint, (name, peer.address[1]), host=host) as driver,
    ):
        peer.send(b"x", driver.address)
        assert driver.run(5, until=heard(endpoint, 1))
    assert driver.strangers == 0


def test_the_trace_has_both_ends_in_causal_order():
    trace, speaker, listener = Trace(), Scripted(0.0), Scripted()
    with (
        Driver(listener, trace=trace, role="listener") as there,
        Driver(speaker, there.address, trace=trace, role="speaker") as here,
    ):
        drive(here, there, limit=5, until=heard(speaker, 2))
    assert [(e.role, e.action, e.payload) for e in trace] == [
        ("speaker", "send", b"hello"),
        ("listener", "receive", b"hello"),
        ("listener", "send", b"echo"),
        ("speaker", "receive", b"echo"),
    ]
    assert [trace.roles[e.peer] for e in trace] == ["listener", "speaker", "speaker", "listener"]


# ---- the protocols, the same objects as in virtual time


@each_protocol
def test_over_two_real_sockets_all_is_delivered(name):
    sender, receiver = pair(name, numbered(50), 1.0)
    trace = converse(sender, receiver)
    assert sender.done and receiver.delivered == numbered(50)
    assert (len(trace.only("send", role="sender")), trace[0].role) == (
        sender.transmissions,
        "sender",
    )


@each_protocol
def test_through_a_relay_with_the_seed_of_the_simulation_the_same_is_delivered(name):
    path = Link(delay=0.002, loss=0.2, duplicate=0.05, seed=5)
    messages, results = numbered(15), []
    for run in (
        partial(simulate, forward=path.copy(), backward=path.reverse()),
        partial(converse, through=lambda to: Relay(to, path, path.reverse(), thread=True)),
    ):
        sender, receiver = pair(name, messages, 0.02)
        trace = run(sender, receiver)
        assert sender.done
        results.append(receiver.delivered)
    assert results[0] == results[1] == messages
    assert {trace.roles[e.peer] for e in trace} == {"sender", "receiver"}  # the relay does not show
    assert sender.retransmissions > 0


def test_two_threads_do_as_well_as_one():
    sender, receiver = pair("go-back-N", numbered(50), 1.0)
    with (
        Driver(receiver) as there,
        Driver(sender, there.address) as here,
        Background(Driver.run, there, 30),
    ):
        assert here.run(10, until=lambda: sender.done)
        there.interrupt()
    assert receiver.delivered == numbered(50)


def test_a_conversation_can_end_when_something_else_is_true():
    sender, receiver = pair("stop-and-wait", numbered(50), 1.0)
    converse(sender, receiver, until=lambda: len(receiver.delivered) == 7)
    assert (len(receiver.delivered), sender.done) == (7, False)


def test_a_conversation_nobody_answers_ends_at_the_limit():
    sender, _ = pair("stop-and-wait", [b"m0"], 0.01)
    trace = converse(sender, Scripted(), limit=0.05)
    assert {wire.describe(e.payload) for e in trace} == {"DATA 0 'm0'"}
    assert not sender.done


MANY_FILES = """
import resource, socket, sys
from netlib.worlds import Driver, Echo, Source, drive, steady

soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if hard != resource.RLIM_INFINITY and hard < 1200:
    sys.exit(77)
resource.setrlimit(resource.RLIMIT_NOFILE, (1200, hard))
others = [open("/dev/null") for _ in range(1100)]
source = Source(steady(1000, 100, 5))
with Driver(Echo()) as there, Driver(source, there.address) as here:
    assert here.fileno() >= 1024
    assert drive(here, there, limit=10, until=lambda: len(source.answers) == 5)
assert [n for n, _ in source.answers] == [0, 1, 2, 3, 4]
assert all(at >= n / 1000 for n, at in enumerate(source.sent))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="its select knows no largest descriptor")
def test_a_process_with_more_than_1024_open_files_is_no_obstacle():
    child = subprocess.run(
        [sys.executable, "-c", MANY_FILES], capture_output=True, text=True, timeout=30
    )
    if child.returncode == 77:
        pytest.skip("this system allows a process fewer than 1200 files")
    assert child.returncode == 0, child.stderr


# ---- mistakes


def test_an_endpoint_that_does_not_move_its_deadline_is_named():
    class Stuck(Scripted):
        def wake(self, now):
            return []

    left = r"sender: wake\(0.\d+\) left the deadline at 0.001"
    with (
        Driver(Stuck(0.001), role="sender") as driver,
        pytest.raises(RuntimeError, match=left),
    ):
        driver.run(5)


@pytest.mark.parametrize("answer", ["text", [7], [bytearray(b"x")]])
def test_what_is_not_a_list_of_bytes_is_named(answer):
    class Wrong(Scripted):
        def wake(self, now):
            self.deadline = None
            return answer

    with (
        UDPReceiver() as peer,
        Driver(Wrong(0.0), peer.address) as driver,
        pytest.raises(TypeError, match="endpoint must return a list of bytes, got"),
    ):
        driver.run(5)


def test_to_speak_first_takes_a_peer():
    with (
        Driver(Scripted(0.0), role="sender") as driver,
        pytest.raises(ValueError, match="sender must know its peer before it sends"),
    ):
        driver.run(5)


def test_impossible_arguments_are_refused():
    with pytest.raises(TypeError, match=r"expected an Endpoint \(deadline, receive, wake\), got 7"):
        Driver(7)
    with pytest.raises(ValueError, match=r"peer must be \(host, port\), got 'localhost'"):
        Driver(Scripted(), "localhost")
    with Driver(Scripted()) as driver, pytest.raises(ValueError, match=r"limit must be .*, got 0"):
        driver.run(0)


def test_it_is_bound_to_loopback_unless_asked():
    with Driver(Scripted()) as driver, Driver(Scripted(), host="0.0.0.0") as open_to_all:
        assert driver.address[0] == "127.0.0.1" and open_to_all.address[0] == "0.0.0.0"
