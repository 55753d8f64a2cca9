"""Who sends through a relay: each client has a socket of its own towards the destination.

So an answer finds its way back by the socket that it comes in at, as in a home router (NAT).
"""

from collections.abc import Callable

from netlib.trace import Address
from netlib.worlds.relay.sockets import Port


class Client:
    """One client: its address, and the port in which its answers arrive."""

    def __init__(self, address: Address, port: Port):
        self.address, self.port = address, port
        self.heard = 0.0  # when a datagram last came from it [s]


class Clients:
    """All clients of a relay, at most `room` of them: a newcomer takes the place of the one that
    has been silent for longest. `open_port` makes the port of a new one.
    """

    def __init__(self, room: int, open_port: Callable[[], Port]):
        self.evicted = 0
        self.ports: list[int] = []  # file descriptors, for select
        self._room, self._open_port = room, open_port
        self._known: dict[Address, Client] = {}
        self._by_port: dict[int, Client] = {}
        self._lost_in_closed_ports = 0

    def find(self, address: Address, at: float) -> Client:
        """Return the client at this address, from which a datagram has come at `at` [s]."""
        client = self._known.get(address) or self._admit(address)
        client.heard = at
        return client

    def behind(self, port: int) -> Client | None:
        """Return the client whose port has this file descriptor, if it is still here."""
        return self._by_port.get(port)

    def overflowed(self) -> int:
        """Return how many answers the kernel has thrown away because a port's buffer was full."""
        return self._lost_in_closed_ports + sum(c.port.overflowed() for c in self._known.values())

    def close(self):
        for client in list(self._known.values()):
            self._forget(client)

    def __len__(self) -> int:
        return len(self._known)

    def _admit(self, address: Address) -> Client:
        if len(self._known) >= self._room:
            self._forget(min(self._known.values(), key=lambda client: client.heard))
            self.evicted += 1
        client = self._known[address] = Client(address, self._open_port())
        self._by_port[client.port.fileno()] = client
        self.ports = list(self._by_port)
        return client

    def _forget(self, client: Client):
        del self._known[client.address], self._by_port[client.port.fileno()]
        self.ports = list(self._by_port)
        client.port.close()
        self._lost_in_closed_ports += client.port.overflowed()
