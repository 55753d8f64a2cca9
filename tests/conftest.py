"""What the tests of several rooms share; how tests are shared out; how notebooks reach kernels."""

import gc
import os
import re
import socket
import sys
import threading
import warnings

import hypothesis
import nbval.kernel
import pytest
from kernels import PortlessManager

# a hundred kernels and relays each compile the package anew if they may not keep what they compile
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a dozen processes share these processors
# no time limit for an example: it may be kept waiting
hypothesis.settings.register_profile("busy machine", deadline=None)
hypothesis.settings.load_profile("busy machine")
nbval.kernel.KernelManager = PortlessManager  # nbval has no setting for it

# Three workers share two processors: while one waits for a timeout or a browser, two compute. That
# works if what mostly waits runs beside what mostly computes, not all of it at the end. So each
# file of tests that waits (left) begins with the tests of a notebook that computes (right). A name
# that no file has any more changes the order, and no result.
BESIDE = {
    "browser": "00",
    "binder": "01",
    "ladder_panel": "02",
    "hostile_peers": "03",
    "interrupts": "08",
    "link_panel": "08",
    "load": "09",
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep on one worker what shares a kernel, a server or a browser: a notebook, a test file.

    Done here because marks (`xdist_group`) do nothing under pytest 9.2: pytest-xdist issue 1386.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFileAndNotebook(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    return ByFileAndNotebook(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]):
    """Keep the processors busy to the end: what is short comes last."""
    items.sort(key=lambda item: turn(item.nodeid))


def turn(nodeid: str) -> str:
    """Return what sorts the tests: by notebook, what is BESIDE one with it, then the rest."""
    file, _, _ = nodeid.partition("::")
    for name, beside in BESIDE.items():
        if re.search(rf"/(test_)?{name}\b", file):
            return beside
    notebook = re.search(r"\b\d\d-[a-z-]+", nodeid)
    return notebook[0] if notebook else "the rest"


def group(nodeid: str) -> str:
    """Return what is tested by one worker: a file, one notebook's tests in it, or the browser."""
    file, _, test = nodeid.partition("::")
    if "/browser/" in file:
        return "browser"
    notebook = re.search(r"\[(\d\d-[^]]+)\]", test)
    return f"{file} {notebook[1]}" if notebook else file


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
