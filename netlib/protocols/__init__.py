"""Pure machines: no socket, clock, thread or chance; the same objects run in every world."""

from netlib.protocols.fec import FecReceiver, FecSender
from netlib.protocols.go_back_n import GoBackNReceiver, GoBackNSender
from netlib.protocols.selective_repeat import SelectiveRepeatReceiver, SelectiveRepeatSender
from netlib.protocols.stop_and_wait import StopAndWaitReceiver, StopAndWaitSender
from netlib.protocols.timeout import FixedTimeout, RttEstimator
