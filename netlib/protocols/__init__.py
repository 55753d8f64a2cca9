"""Pure machines: no socket, clock, thread or chance; the same objects run in every world."""

from netlib.protocols.arq import (
    GoBackNReceiver,
    GoBackNSender,
    SelectiveRepeatReceiver,
    SelectiveRepeatSender,
    StopAndWaitReceiver,
    StopAndWaitSender,
)
from netlib.protocols.fec import FecReceiver, FecSender
from netlib.protocols.rtt import FixedTimeout, RttEstimator

__all__ = [
    "FecReceiver",
    "FecSender",
    "FixedTimeout",
    "GoBackNReceiver",
    "GoBackNSender",
    "RttEstimator",
    "SelectiveRepeatReceiver",
    "SelectiveRepeatSender",
    "StopAndWaitReceiver",
    "StopAndWaitSender",
]
