"""What the tests of several rooms share."""

import gc
import os
import socket
import threading
import warnings

import pytest


@pytest.fixture(scope="module")
def garbage_collected():
    """Close what the tests before these left to the garbage collector, so that it counts there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


@pytest.fixture
def nothing_left_open(garbage_collected):
    """Fail if the test leaves a file descriptor or a thread behind."""
    descriptors, threads = len(os.listdir("/dev/fd")), threading.active_count()
    yield
    assert len(os.listdir("/dev/fd")) <= descriptors
    assert threading.active_count() <= threads


@pytest.fixture(params=["127.0.0.1", "::1"])
def host(request) -> str:
    """Run the test over IPv4 and, where this machine has it, over IPv6."""
    try:
        family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
        socket.create_server((request.param, 0), family=family).close()
    except OSError as error:
        pytest.skip(f"this machine has no {request.param}: {error}")
    return request.param
