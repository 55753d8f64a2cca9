"""Reliability by repetition (ARQ): three protocols, each of which fills the pipe better."""

from netlib.protocols.go_back_n import GoBackNReceiver, GoBackNSender
from netlib.protocols.selective_repeat import SelectiveRepeatReceiver, SelectiveRepeatSender
from netlib.protocols.stop_and_wait import StopAndWaitReceiver, StopAndWaitSender

__all__ = [
    "GoBackNReceiver",
    "GoBackNSender",
    "SelectiveRepeatReceiver",
    "SelectiveRepeatSender",
    "StopAndWaitReceiver",
    "StopAndWaitSender",
]
