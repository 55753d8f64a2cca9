"""Two kinds of silence, and what a program's clocks make of them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from netlib.kernel.packet_filter import unplugged
from netlib.sockets.pair import pair

RECORDED = {
    "heartbeat": ("gone after 0.3 s", "gone after 0.3 s"),
    "keepalive": ("there after 2.2 s", "gone after 2.0 s"),
}


def two_silences(*clocks: Callable) -> tuple[dict[str, tuple[str, str]], str]:
    """Return, for each clock's name, what it says of two silent peers, and where that comes from.

    The first peer is a frozen program: its kernel acknowledges. The second has vanished: nothing
    comes back. A clock is a function of a socket that returns what it found; all run at once.
    Where the kernel has no packet filter or no keepalive, the answers are a recording's.
    """
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        try:
            sockets = [_silent_peers(stack) for _ in clocks]
            found = [
                [pool.submit(_timed, clock, each) for each in both]
                for clock, both in zip(clocks, sockets, strict=True)
            ]
            answers = [(frozen.result(), vanished.result()) for frozen, vanished in found]
        except (OSError, AttributeError) as refusal:
            return RECORDED, f"Not on this system ({refusal}). Recorded on Linux 6.18:"
    names = [clock.__name__ for clock in clocks]
    return dict(zip(names, answers, strict=True)), "Measured just now, on this machine:"


def _silent_peers(stack: ExitStack):
    """Return a socket whose peer is frozen, and one whose peer has vanished."""
    with_frozen, _ = stack.enter_context(pair())
    with_vanished, host = stack.enter_context(pair())
    stack.enter_context(unplugged(host))
    return with_frozen, with_vanished


def _timed(clock: Callable, sock) -> str:
    began = time.monotonic()
    answer = clock(sock)
    return f"{answer} after {time.monotonic() - began:.1f} s"
