"""Where links and endpoints run: in virtual time, or on real sockets behind a relay."""

from netlib.worlds.driver import Driver, converse, drive
from netlib.worlds.relay import Relay, RelayDied
from netlib.worlds.resender import Resender
from netlib.worlds.simulator import Conversation, Simulation, simulate, simulate_all
from netlib.worlds.tcp_relay import TCPRelay
from netlib.worlds.traffic import Echo, Sink, Source, poisson, steady
