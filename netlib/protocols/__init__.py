"""Pure machines: no socket, clock, thread or chance; the same objects run in every world."""

from netlib.protocols.arq import StopAndWaitReceiver, StopAndWaitSender
from netlib.protocols.rtt import FixedTimeout, RttEstimator

__all__ = [
    "FixedTimeout",
    "RttEstimator",
    "StopAndWaitReceiver",
    "StopAndWaitSender",
]
