"""Real sockets, as the kernel offers them: UDP, TCP, framing, gauges, a loop for protocols."""

from netlib.sockets.background import Background, Collector
from netlib.sockets.driver import Driver, converse, drive
from netlib.sockets.framing import Delimited, FramingError, LengthPrefixed
from netlib.sockets.tcp import IncompleteReadError, TCPConnection, TCPListener
from netlib.sockets.udp import Datagram, UDPReceiver, UDPSender

__all__ = [
    "Background",
    "Collector",
    "Datagram",
    "Delimited",
    "Driver",
    "FramingError",
    "IncompleteReadError",
    "LengthPrefixed",
    "TCPConnection",
    "TCPListener",
    "UDPReceiver",
    "UDPSender",
    "converse",
    "drive",
]
