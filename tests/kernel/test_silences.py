"""Two kinds of silence: each clock is asked of both, and a recording says that it is one."""

import sys

import pytest

from netlib.kernel import silences
from netlib.kernel.silences import RECORDED, two_silences


def hears_an_answer(sock) -> str:
    """Ask the peer's kernel: does a byte leave the send buffer?"""
    import fcntl
    import termios

    from netlib.kernel.states import poll

    sock.send(b"?")

    def unacked():
        return int.from_bytes(fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)), sys.byteorder)

    try:
        poll(lambda: not unacked(), timeout=0.15)
    except TimeoutError:
        return "no"
    return "yes"


@pytest.mark.skipif(sys.platform != "linux", reason="packet filters on sockets are Linux's")
def test_a_frozen_programs_kernel_acknowledges_and_a_vanished_host_does_not():
    answers, origin = two_silences(hears_an_answer)
    frozen, vanished = answers["hears_an_answer"]
    assert frozen.startswith("yes after 0.") and vanished.startswith("no after 0.")
    assert "just now" in origin


def test_where_the_kernel_has_no_filter_a_recording_is_returned_and_named(monkeypatch):
    def refuse(sock):
        raise OSError("no filters")

    monkeypatch.setattr(silences, "unplugged", refuse)
    answers, origin = two_silences(hears_an_answer)
    assert answers == RECORDED and "no filters" in origin and "Recorded" in origin
