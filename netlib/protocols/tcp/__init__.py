"""A small TCP in real segments; connection.py says how its parts, which stand alone, meet."""

from netlib.protocols.tcp.bytestream import ByteStream, Drain, Zeros
from netlib.protocols.tcp.congestion import Cubic, Fixed, Reno, Vegas
from netlib.protocols.tcp.connection import Connection
from netlib.protocols.tcp.reassembler import Reassembler
from netlib.protocols.tcp.segment import Options, Segment, describe, pack, parse
