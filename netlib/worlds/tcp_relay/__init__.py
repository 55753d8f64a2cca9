"""World 2 for TCP: delay, rate and silence in front of real connections."""

from netlib.worlds.tcp_relay.relay import StreamReport, TCPRelay
