"""Room for files is made as far as the system lets anybody, and said rightly where it is not."""

import contextlib
import os

import pytest

from netlib.kernel import open_files
from netlib.kernel.open_files import allow_files, file_limit

resource = pytest.importorskip("resource")


@pytest.fixture
def limits(monkeypatch):
    """A system whose limits are made up: (soft, hard) in a list, and what it refuses."""
    pair, refused = [256, resource.RLIM_INFINITY], []

    def set_limits(kind, wanted):
        if wanted[0] > 1000:
            refused.append(wanted)
            raise ValueError("current limit exceeds maximum limit")
        pair[:] = wanted

    monkeypatch.setattr(resource, "getrlimit", lambda kind: tuple(pair))
    monkeypatch.setattr(resource, "setrlimit", set_limits)
    return pair, refused


def test_room_for_files_is_made_and_never_taken_away():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(os.listdir("/dev/fd"))
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 10, before[1]))
        assert allow_files(5) == 5
        assert allow_files(50) == 50
        raised = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert raised >= used + 49
        assert allow_files(1) == 1
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == raised
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_count_below_0_is_refused():
    with pytest.raises(ValueError, match="count must be 0 or more, got -1"):
        allow_files(-1)


def test_more_than_the_hard_limit_is_not_promised():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(OverflowError):
        assert allow_files(10**7) < 10**7 or hard == resource.RLIM_INFINITY


@pytest.mark.parametrize("soft", [256, resource.RLIM_INFINITY])
def test_macos_is_never_asked_for_more_than_it_lets_a_process_open(limits, monkeypatch, soft):
    pair, refused = limits
    pair[0] = soft
    monkeypatch.setattr(open_files, "_system_limit", lambda: 1000)
    used = len(os.listdir("/dev/fd"))
    assert abs(allow_files(5000) - (1000 - used)) <= 1
    assert (file_limit(), refused) == (1000, [])


def test_a_limit_that_the_system_refuses_to_raise_stays_and_is_what_is_said(limits):
    pair, refused = limits
    used = len(os.listdir("/dev/fd"))
    assert abs(allow_files(5000) - (256 - used)) <= 1
    assert len(refused) == 1
    assert pair[0] == file_limit() == 256


def test_without_proc_the_open_files_are_counted_all_the_same(monkeypatch):
    used = len(os.listdir("/dev/fd")) - 1  # but for the one that lists them

    def fail(path):
        raise FileNotFoundError(2, "No such file or directory", path)

    monkeypatch.setattr(os, "listdir", fail)
    assert open_files._open_files(1024) == used
