"""Reliability by repetition (ARQ): three protocols, of which each fills the pipe better."""

from netlib.protocols.stop_and_wait import StopAndWaitReceiver, StopAndWaitSender

__all__ = [
    "StopAndWaitReceiver",
    "StopAndWaitSender",
]
