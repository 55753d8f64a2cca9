"""A load for chat servers: many clients at once, in a process of their own, within bounds."""

import ipaddress
import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from netlib.load.clients import Plan
from netlib.trace import Address, named

MOST_CLIENTS, MOST_MESSAGES, LONGEST = 20_000, 1_000_000, 600.0  # a load must end
PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1])\nfrom netlib.load.clients import main; main()"
)


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
        who = f"{self.connected} clients"
        if self.connected < self.wanted:
            who = f"{self.connected} of {self.wanted} clients"
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
    messages that came back since the last call, for example a bar's `update`.
    """
    _refuse_impossible(clients, messages, room, size, rate, seconds)
    if not (anywhere or is_loopback(address[0])):
        hint = "pass anywhere=True (--anywhere) if you may load that machine"
        raise ValueError(f"expected a loopback address, got {named(address)}; {hint}")
    plan = Plan(tuple(address[:2]), clients, messages, room, size, rate, seed, seconds)
    return Report(wanted=clients, **_played(plan, progress or (lambda count: None)))


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine and nothing else."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name; whatever it stands for may change
        return False


def _refuse_impossible(clients, messages, room, size, rate, seconds):
    limits = {"clients": (clients, 1, MOST_CLIENTS), "messages": (messages, 1, MOST_MESSAGES)}
    limits |= {"room": (room, 1, MOST_CLIENTS), "size": (size, 16, 10_000)}
    limits |= {"seconds": (seconds, 0.001, LONGEST)}
    if rate is not None:
        limits["rate"] = (rate, 1e-3, 1e6)
    for name, (value, low, high) in limits.items():
        if not low <= value <= high:
            raise ValueError(f"{name} must be in [{low:g}, {high:g}], got {value!r}")


def _played(plan: Plan, progress: Callable[[int], object]) -> dict:
    """Have the clients play in a fresh Python; return what they saw."""
    quiet = ["-B"] if sys.dont_write_bytecode else []  # isolated, it would not look
    command = [sys.executable, "-I", "-S", *quiet, "-c", PROGRAM]
    process = subprocess.Popen(
        [*command, str(Path(__file__).resolve().parents[2])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows
    )
    with process:
        try:
            return _told(process, plan, progress)
        finally:  # also when the cell is interrupted
            process.kill()


def _told(process: subprocess.Popen, plan: Plan, progress: Callable[[int], object]) -> dict:
    json.dump(plan._asdict(), process.stdin)
    process.stdin.close()
    done = 0
    for line in process.stdout:
        item = json.loads(line)
        if isinstance(item, dict):
            progress(len(item["round_trips"]) - done)
            return item
        progress(item - done)
        done = item
    raise RuntimeError(f"the clients' process has died: {process.stderr.read().strip()}")
