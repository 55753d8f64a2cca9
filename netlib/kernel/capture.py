"""The segments of a connection: captured where that is allowed, else from a recording."""

import socket
import struct
import sys
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from netlib.kernel.gauge import gauge
from netlib.kernel.packet_filter import attach, only_port
from netlib.kernel.states import poll
from netlib.trace import Address, Trace

FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK"]  # from the lowest bit on (RFC 9293, 3.1)
ETH_P_ALL = 3  # Linux: packets of every protocol, include/uapi/linux/if_ether.h
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23  # on loopback each is seen going out and coming in
# by version: where a header has the protocol and the two addresses, and the size of each of these
IP = {4: (socket.AF_INET, 9, 12, 4), 6: (socket.AF_INET6, 6, 8, 16)}
PROVENANCE = "# "  # how the lines begin that say where a recording comes from


class Segment(NamedTuple):
    """One TCP segment: who sent it to whom, its numbers, the names of its flags, its payload."""

    source: Address
    destination: Address
    seq: int
    ack: int
    flags: tuple[str, ...]
    payload: bytes

    @property
    def label(self) -> str:
        """What one would call it: "SYN", "SYN, ACK", "FIN, ACK"; PSH is left out."""
        names = [name for name in ("SYN", "FIN", "RST", "ACK") if name in self.flags]
        return ", ".join(names) + (f", {len(self.payload)} B" if self.payload else "")


class Capture:
    """Take every segment to or from `port` on loopback (127.0.0.0/8 and ::1), in the block.

    Raises PermissionError: that takes a privilege (CAP_NET_RAW); OSError on systems other than
    Linux. Source: packet(7).
    """

    _socket: socket.socket

    def __init__(self, port: int):
        if sys.platform != "linux":
            raise OSError("packets are captured as Linux does it; this is another system")
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        try:
            attach(self._socket, only_port(port))
            self._socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
            self._socket.setblocking(False)
            self._socket.bind(("lo", ETH_P_ALL))  # from here on, packets come
        except OSError:
            self._socket.close()
            raise

    @property
    def lost(self) -> int:
        """How many segments the kernel had no room for, because nobody took the others."""
        memory = gauge(self._socket)
        return memory.drops if memory else 0

    def packets(self) -> list[bytes]:
        """Return what has come since the last call, each with its IP header."""
        taken = []
        with suppress(BlockingIOError):
            while True:
                taken.append(self._socket.recv(65535))
        return taken

    def connection(self) -> list[bytes]:
        """Wait for the end of one connection; return all its packets. Raises TimeoutError."""
        taken: list[bytes] = []

        def over() -> bool:
            taken.extend(self.packets())
            return _is_over(taken)

        poll(over, "the last ACK, or a RST")
        return taken

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._socket.close()


def capture_or_load(
    act: Callable[[socket.socket], object], recording: str | Path
) -> tuple[list[bytes], str]:
    """Return the packets of the connection that `act(listener)` makes, and where they come from.

    Where capturing is refused they come from a recording, and the second value says so.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(2)
        try:
            taken = Capture(listener.getsockname()[1])
        except OSError as refusal:
            packets, origin = load(recording)
            return packets, f"No capture here ({refusal}). A recording:\n{origin}"
        with taken:
            act(listener)
            return taken.connection(), "Captured just now, on this machine."


def _is_over(packets: list[bytes]) -> bool:
    labels = [parse(packet).label for packet in packets]
    closed = sum("FIN" in label for label in labels) >= 2 and labels[-1] == "ACK"
    return closed or any("RST" in label for label in labels)


def parse(packet: bytes) -> Segment:
    """Return the TCP segment in an IP packet. Raises ValueError if there is none."""
    version, words = divmod(packet[0], 16) if packet else (0, 0)
    start = {4: words * 4, 6: 40}.get(version, 0)
    family, protocol, first, size = IP.get(version, IP[4])
    if not start or len(packet) < start + 20 or packet[protocol] != socket.IPPROTO_TCP:
        raise ValueError(f"expected TCP over IP, got {packet[:20]!r}")
    hosts = packet[first : first + size], packet[first + size : first + 2 * size]
    source, destination = (socket.inet_ntop(family, host) for host in hosts)
    ports = struct.unpack_from("!HH", packet, start)
    seq, ack, offset, bits = struct.unpack_from("!IIBB", packet, start + 4)
    flags = tuple(name for n, name in enumerate(FLAGS) if bits >> n & 1)
    payload = packet[start + (offset >> 4) * 4 :]
    return Segment((source, ports[0]), (destination, ports[1]), seq, ack, flags, payload)


def trace(segments: Iterable[Segment], lost: Collection[int] = ()) -> Trace:
    """Return the segments as a trace, for a ladder; the first to send is the client.

    lost: the numbers, counted from 0, of segments that did not reach their destination.

    Numbers are counted from the first one of each side, as Wireshark shows them. On loopback a
    segment is seen once: its departure and its arrival are the same event.
    """
    record, first = Trace(lambda: 0.0), dict[Address, int]()
    for number, segment in enumerate(segments):
        role = record.roles.get(segment.source) or record.name(segment.source, "client")
        if segment.destination not in record.roles:
            record.name(segment.destination, "server")
        first.setdefault(segment.source, segment.seq)
        line = _numbered(segment, first).encode()
        record.record(role, "send", line, segment.destination)
        if number not in lost:
            record.record(record.roles[segment.destination], "receive", line, segment.source)
    return record


def _numbered(segment: Segment, first: dict[Address, int]) -> str:
    seq = (segment.seq - first[segment.source]) % 2**32
    if "ACK" not in segment.flags:
        return f"{segment.label}  seq {seq}"
    ack = (segment.ack - first.get(segment.destination, segment.ack)) % 2**32
    return f"{segment.label}  {seq}:{ack}"


def load(path: str | Path) -> tuple[list[bytes], str]:
    """Return the packets of a recording, and what it says about where they come from."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    origin = [line[len(PROVENANCE) :] for line in lines if line.startswith(PROVENANCE)]
    packets = [bytes.fromhex(line) for line in lines if not line.startswith("#")]
    return packets, "\n".join(origin)
