"""The gauge agrees with the kernel's own table, and no probe can do harm."""

import os
import socket
import sys

import pytest

from netlib.kernel import capabilities as attempts
from netlib.kernel.capabilities import PROBES, Capability, capabilities
from netlib.kernel.gauge import Gauge, gauge
from netlib.sockets import TCPListener, UDPReceiver, UDPSender

# such as a socket that only the garbage collector closed
pytestmark = pytest.mark.filterwarnings("error")
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a socket's queue")
TABLES = {"127.0.0.1": "udp", "::1": "udp6"}


def kernels_row(receiver, table: str) -> tuple[int, int]:
    """Return rx_queue and drops of a socket, found by its inode in /proc/net/udp or udp6."""
    inode = str(os.fstat(receiver.fileno()).st_ino)
    with open(f"/proc/net/{table}") as lines:
        fields = next(line.split() for line in lines if line.split()[9] == inode)
    return int(fields[4].split(":")[1], 16), int(fields[-1])


@ON_LINUX
@pytest.mark.parametrize("count", [0, 1, 5, 2000])
def test_the_gauge_agrees_with_the_kernels_table(host, count):
    with UDPReceiver(host) as receiver, UDPSender(host) as sender:
        for _ in range(count):
            sender.send(bytes(500), receiver.address)
        seen = gauge(receiver)
        row = kernels_row(receiver, TABLES[host])
    assert (seen.queued, seen.drops) == row
    assert (seen.queued > 0, seen.drops > 0) == (count > 0, count == 2000)


@ON_LINUX
def test_while_datagrams_are_read_the_gauge_is_late_by_a_quarter_of_the_limit_at_most(host):
    with UDPReceiver(host) as receiver, UDPSender(host) as sender:
        for _ in range(100):
            sender.send(bytes(500), receiver.address)
        for _ in range(100):
            receiver.receive()
            seen, (queued, _) = gauge(receiver), kernels_row(receiver, TABLES[host])
            assert queued <= seen.queued <= queued + seen.limit // 4
        assert seen.queued == queued == 0


@ON_LINUX
def test_the_limit_is_the_receive_buffer_the_socket_has():
    with UDPReceiver() as receiver:
        receiver._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 10_000)
        limit = receiver._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        assert gauge(receiver) == Gauge(queued=0, limit=limit, drops=0)


@ON_LINUX
def test_a_listener_has_a_gauge_too():
    with TCPListener() as listener:
        assert gauge(listener).limit > 0


def test_reading_the_gauge_leaves_the_socket_as_it_was():
    with UDPReceiver(timeout=0.01) as receiver, UDPSender() as sender:
        gauge(receiver)
        sender.send(b"x", receiver.address)
        assert receiver.receive().payload == b"x"
        with pytest.raises(TimeoutError):
            receiver.receive()


@pytest.mark.parametrize(("name", "value"), [("sys.platform", "win32"), ("SO_MEMINFO", 9999)])
def test_a_system_that_does_not_tell_gives_no_gauge(monkeypatch, name, value):
    monkeypatch.setattr(f"netlib.kernel.gauge.{name}", value)
    with UDPReceiver() as receiver:
        assert gauge(receiver) is None


def test_every_capability_is_tried_once_and_says_what_was_seen():
    found = capabilities()
    assert [(c.level, c.name) for c in found] == [(level, name) for level, name, _ in PROBES]
    assert all(c.detail.strip() for c in found)


def test_what_every_notebook_needs_works_here():
    works = {c.name: c for c in capabilities() if c.level == "L1"}
    assert works["UDP over IPv4"] == Capability("L1", "UDP over IPv4", True, "a datagram came back")
    assert works["TCP over IPv4"].works


@pytest.mark.parametrize("failure", [OSError("no"), ValueError(), RuntimeError("odd\nand long")])
def test_a_probe_that_fails_is_a_finding_and_not_an_error(monkeypatch, failure):
    def probe():
        raise failure

    monkeypatch.setattr(attempts, "PROBES", [("L9", "nothing", probe), *PROBES[:1]])
    detail = str(failure) or type(failure).__name__
    broken, working = capabilities()
    assert broken == Capability("L9", "nothing", False, detail)
    assert working.works


@pytest.mark.parametrize("broken", ["getsockopt", "recvfrom", "accept", "send", "recvmsg"])
def test_a_probe_that_fails_half_way_leaves_nothing_open(monkeypatch, broken):
    def fail(*_):
        raise OSError("broken on purpose")

    monkeypatch.setattr(socket.socket, broken, fail)
    assert len(capabilities()) == len(PROBES)
