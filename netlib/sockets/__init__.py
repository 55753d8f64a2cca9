"""Real sockets, made safe: UDP, TCP, framing, and threads that end."""

from netlib.sockets.background import Background, Collector
from netlib.sockets.framing import Delimited, FramingError, LengthPrefixed
from netlib.sockets.tcp import IncompleteReadError, TCPConnection, TCPListener
from netlib.sockets.udp import Datagram, UDPReceiver, UDPSender
