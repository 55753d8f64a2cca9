"""World 2 for UDP: a link in front of real sockets, in a process of its own."""

from netlib.worlds.relay.relay import Relay, RelayDied
from netlib.worlds.relay.report import Record
