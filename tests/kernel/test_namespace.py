"""A network of one's own: the kernel cuts and loses fragments there, and nothing of it is left."""

import os
import socket
import threading
from pathlib import Path

import pytest
from programs import in_a_network_of_its_own as here

from netlib.kernel import namespace
from netlib.kernel.fragments import datagrams_lost, fragments_created
from netlib.kernel.namespace import alone


def test_the_kernel_cuts_as_the_rfc_counts():
    assert here(fragments_created, [1, 1472, 1473, 4096, 65507]) == [0, 0, 2, 3, 45]


def test_one_lost_fragment_loses_the_datagram():
    assert here(datagrams_lost, 4096, 0.0, 50) == 0
    assert here(datagrams_lost, 4096, 1.0, 50) == 50
    lost = here(datagrams_lost, 4096, 0.05, 2000)
    expected = 1 - 0.95**3
    assert abs(lost / 2000 - expected) < 5 * (expected * (1 - expected) / 2000) ** 0.5


def test_more_incomplete_datagrams_than_the_kernel_holds_are_refused():
    with pytest.raises((ValueError, OSError), match=r"expected fewer datagrams|iptables"):
        datagrams_lost(65507, 0.01, 100)


def test_this_machine_is_as_before():
    before = Path("/sys/class/net/lo/mtu").read_text() if Path("/sys").exists() else ""
    assert here(os.getpid) != os.getpid()
    here(fragments_created, [5000])
    assert not before or Path("/sys/class/net/lo/mtu").read_text() == before


def test_what_fails_in_there_is_said_here(monkeypatch):
    here(os.getpid)
    with pytest.raises(socket.gaierror):
        alone(socket.getaddrinfo, "no such host", 1)
    with pytest.raises(ValueError, match=r"^invalid literal for int"):
        alone(int, "ten")
    with pytest.raises(TypeError, match="pickle"):  # a result that cannot come over
        alone(threading.Lock)
    with pytest.raises(TimeoutError, match=r"getsockname|select did not end within 0\.3 s"):
        import select

        alone(select.select, [], [], [], 5, timeout=0.3)
    monkeypatch.setattr(namespace.sys, "platform", "win32")
    with pytest.raises(OSError, match="no network namespaces"):
        alone(os.getpid)
