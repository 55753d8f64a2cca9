"""A load for chat servers: many clients at once, in a process of their own, within bounds."""

import ipaddress
import math
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from netlib.child import ENDED, Child
from netlib.load.clients import LoadConfig, play
from netlib.sockets.base import explained
from netlib.trace import Address, named

LIMITS: dict[str, tuple[float, float]] = {  # a load must end
    "clients": (1, 20_000),
    "messages": (1, 1_000_000),
    "room": (1, 20_000),
    "size": (16, 10_000),
    "rate": (1e-3, 1e6),
    "seconds": (1e-3, 600.0),
}


@dataclass(frozen=True)
class Report:
    """What the clients saw: times in seconds, `cpu` is the processor time of their process.

    wanted: how many clients were asked for, connected: how many there were. round_trips: one for
    each message that came back; sent_at: when each of these was sent (time.monotonic). seconds:
    from the first sent to the last that came back; in_flight: how many were on their way meanwhile,
    on average over time. heard: other clients' lines that arrived. errors: how often each happened.
    """

    wanted: int
    connected: int
    round_trips: list[float] = field(repr=False)
    sent_at: list[float] = field(repr=False)
    heard: int
    errors: dict[str, int]
    seconds: float
    in_flight: float
    cpu: float

    @property
    def answered(self) -> int:
        """How many messages came back."""
        return len(self.round_trips)

    @property
    def rate(self) -> float:
        """Messages that came back per second."""
        return self.answered / self.seconds if self.seconds else 0.0

    @property
    def mean(self) -> float:
        """The mean round trip [s]."""
        return math.fsum(self.round_trips) / self.answered if self.answered else math.nan

    def quantile(self, q: float) -> float:
        """Return the round trip [s] that a fraction `q` of the messages did not exceed."""
        if not 0 < q <= 1:
            raise ValueError(f"q must be in (0, 1], got {q!r}")
        if not self.answered:
            return math.nan
        return sorted(self.round_trips)[math.ceil(q * self.answered) - 1]

    def __repr__(self) -> str:
        p50, p99 = (1e3 * self.quantile(q) for q in (0.5, 0.99))
        of = f" of {self.wanted}" if self.connected < self.wanted else ""
        who = f"{self.connected}{of} clients"
        lines = [f"{who}, {self.answered} messages in {self.seconds:.3g} s: {self.rate:.3g} per s"]
        lines += [f"round trip: p50 {p50:.3g} ms, p99 {p99:.3g} ms"]
        lines += [f"the clients' own processor time: {self.cpu:.3g} s"]
        lines += [f"{count} × {error}" for error, count in self.errors.items()] or ["no errors"]
        return "\n".join(lines)


def load(
    address: Address,
    clients: int = 100,
    messages: int = 10,
    *,
    room: int = 4,
    size: int = 32,
    rate: float | None = None,
    seed: int = 0,
    seconds: float = 10.0,
    anywhere: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Report:
    """Load a chat server with clients that send one message after the other; report what they saw.

    Each client sends `messages` lines of `size` bytes, the next when the last has come back, and
    leaves; `room` of them share a room. All connect, then all begin; with a `rate`, they come by
    themselves, so many per second on average (Poisson arrivals by `seed`), and a round trip begins
    when the client asks for its connection. After `seconds` it is over for all. `anywhere`: the
    server may be on another machine; ask its owner first. `progress` is called with the number of
    messages that came back since the last call, for example a bar's `update`. An interrupt ends
    it: the report so far is the argument of the KeyboardInterrupt.
    """
    config = LoadConfig(address, clients, messages, room, size, rate, seed, seconds)
    for name, (low, high) in LIMITS.items():
        value = getattr(config, name)
        if value is not None and not low <= value <= high:
            raise ValueError(f"{name} must be in [{low:g}, {high:g}], got {value!r}")
    if not (anywhere or is_loopback(address[0])):
        hint = "pass anywhere=True (--anywhere) if you may load that machine"
        raise ValueError(f"expected a loopback address, got {named(address)}; {hint}")
    config = config._replace(address=_looked_up(address))
    return _played(config, progress or (lambda count: None))


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine and nothing else."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name; whatever it stands for may change
        return False


def _looked_up(address: Address) -> Address:
    """Return the numeric address; of a name that has both, IPv4's."""
    try:
        answers = socket.getaddrinfo(address[0], address[1], type=socket.SOCK_STREAM)
    except OSError as error:
        raise explained(error, f"cannot find {named(address)}") from None
    return min(answers, key=lambda answer: answer[0] != socket.AF_INET)[4]


def _played(config: LoadConfig, progress: Callable[[int], object]) -> Report:
    """Have the clients play in a fresh Python, which shares no interpreter with the server."""
    child = Child(play)
    try:
        child.send(config)
        return _awaited(child, config, progress)
    except KeyboardInterrupt:
        child.send("stop")
        raise KeyboardInterrupt(_awaited(child, config, lambda count: None)) from None
    finally:
        child.end()


def _awaited(child: Child, config: LoadConfig, progress: Callable[[int], object]) -> Report:
    done = 0
    while isinstance(answer := child.answers.get(), int):
        progress(answer - done)
        done = answer
    if answer is ENDED:
        child.end()
        raise RuntimeError(f"the clients' process has died: {child.exit_reason}")
    progress(len(answer["round_trips"]) - done)
    return Report(wanted=config.clients, **answer)
