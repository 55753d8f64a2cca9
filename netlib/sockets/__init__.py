"""Real sockets, as the kernel offers them: UDP, TCP, framing, and gauges to see inside."""

from netlib.sockets.background import Background, Collector
from netlib.sockets.framing import Delimited, FramingError, LengthPrefixed
from netlib.sockets.tcp import IncompleteReadError, TCPConnection, TCPListener
from netlib.sockets.udp import Datagram, UDPReceiver, UDPSender

__all__ = [
    "Background",
    "Collector",
    "Datagram",
    "Delimited",
    "FramingError",
    "IncompleteReadError",
    "LengthPrefixed",
    "TCPConnection",
    "TCPListener",
    "UDPReceiver",
    "UDPSender",
]
