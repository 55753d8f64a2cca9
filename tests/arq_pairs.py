"""The protocols that the tests of several files run: a pair of machines for each name."""

from netlib.endpoint import Endpoint
from netlib.protocols import (
    GoBackNReceiver,
    GoBackNSender,
    SelectiveRepeatReceiver,
    SelectiveRepeatSender,
    StopAndWaitReceiver,
    StopAndWaitSender,
    wire,
)
from netlib.trace import Trace

PAIRS = {
    "alternating bit": (
        lambda messages, timeout: StopAndWaitSender(messages, timeout),
        StopAndWaitReceiver,
    ),
    "stop-and-wait": (
        lambda messages, timeout: StopAndWaitSender(messages, timeout, bits=16),
        lambda: StopAndWaitReceiver(16),
    ),
    "go-back-N": (lambda messages, timeout: GoBackNSender(messages, 4, timeout), GoBackNReceiver),
    "selective repeat": (
        lambda messages, timeout: SelectiveRepeatSender(messages, 4, timeout),
        lambda: SelectiveRepeatReceiver(4),
    ),
}
SURVIVE_REORDERING = ("stop-and-wait", "go-back-N", "selective repeat")


def pair(name: str, messages: list[bytes], timeout=0.1) -> tuple[Endpoint, Endpoint]:
    """Return a fresh sender of these messages and its receiver."""
    make_sender, make_receiver = PAIRS[name]
    return make_sender(messages, timeout), make_receiver()


def numbered(count: int) -> list[bytes]:
    """Return `count` messages, each unlike the others."""
    return [f"m{n}".encode() for n in range(count)]


def transcript(trace: Trace) -> str:
    """Return a conversation as text, times in ms, one line for each event."""
    verbs = {"send": ">", "receive": "<", "lost": "x"}
    lines = (
        f"{e.time * 1000:g} {e.role} {verbs[e.action]} {wire.describe(e.payload)} {e.note}".rstrip()
        for e in trace
    )
    return "\n".join(lines)
