"""The course's TCP at one end of a real path, for two terminals or two laptops.

    python -m netlib.worlds.tcp_peer --listen 127.0.0.1:5000
    python -m netlib.worlds.tcp_peer --connect 127.0.0.1:5000 --loss 0.1

UDP carries the packets, so no privilege is needed; the addresses inside are those of Connection.
The stream ends with the SHA-256 digest of all that came before. By it the listener judges what has
arrived, whoever wrote the TCP at the other end.
"""

import argparse
import sys
from contextlib import ExitStack
from hashlib import sha256
from random import Random

from netlib.links import Link
from netlib.protocols.tcp import ByteStream, Connection
from netlib.sockets.base import named
from netlib.trace import Address
from netlib.worlds.driver import Driver
from netlib.worlds.relay import Relay

DIGEST = sha256().digest_size
LARGEST = 1 << 24  # bytes that a listener keeps
LINGER = 1.5  # seconds after the end, in which a lost ACK of a FIN can be sent again
DELAY = 0.01  # seconds one way, behind --loss
LOOPBACK = ("127.", "::1", "localhost")


def sealed(data: bytes) -> bytes:
    """Return some bytes with their digest behind them."""
    return data + sha256(data).digest()


def verdict(stream: bytes) -> str:
    """Return a sentence on what has arrived: whether its digest is that of the bytes before it."""
    data, digest = stream[:-DIGEST], stream[-DIGEST:]
    if len(stream) < DIGEST:
        return f"wrong: {len(stream)} bytes arrived, and no digest of {DIGEST} bytes"
    right = "right" if sha256(data).digest() == digest else "wrong, their digest is another"
    return f"{right}: {len(data)} bytes arrived, SHA-256 {sha256(data).hexdigest()[:16]}…"


def listen(address: Address, seconds: float, ready=lambda address: None) -> str:
    """Wait for one peer, at most so many seconds; return the verdict on what it sent.

    ready: called with the address once it is bound.
    """
    arrived = bytearray()

    def read(connection: Connection, _: float):
        if len(arrived) <= LARGEST:
            arrived.extend(connection.read())
        if connection.state == "CLOSE-WAIT":
            connection.close()

    end = Connection.server(app=read)
    with Driver(end, host=address[0], port=address[1]) as driver:
        ready(driver.address)
        came = driver.run(seconds, until=lambda: end.receiver.finished or end.error)
        driver.run(LINGER, until=lambda: end.state == "CLOSED")
    if came and not end.error:
        return verdict(bytes(arrived))
    why = end.error or f"no end of the stream within {seconds:g} s"
    return f"wrong: {why}; {len(arrived)} bytes had arrived"


def connect(
    address: Address,
    size: int,
    *,
    loss: float = 0.0,
    seed: int = 0,
    seconds: float = 60.0,
    linger: float = LINGER,
) -> str:
    """Send so many random bytes and their digest; return what that took.

    loss: the probability that a packet dies, each way, on top of what the path does. linger: how
    long to stay when all is done [s].
    """
    stream = ByteStream(size + DIGEST)
    end = Connection.client(outbound=stream, mss=1200)
    end.write(sealed(Random(seed).randbytes(size)))
    end.close()
    with ExitStack() as stack:
        if loss:
            there = Link(DELAY, loss=loss, seed=seed)
            relay = Relay(address, there, there.reverse(), thread=True)
            address = stack.enter_context(relay).address
        host = "127.0.0.1" if address[0].startswith(LOOPBACK) else "0.0.0.0"
        driver = stack.enter_context(Driver(end, address, host=host))
        if not driver.run(seconds, until=lambda: end.done) or end.error:
            return f"wrong: {end.error or f'not all acknowledged within {seconds:g} s'}"
        took = driver.now
        if linger:
            driver.run(linger)
    again = end.sender.retransmissions
    return f"right: {size} bytes acknowledged in {took:.1f} s, {again} segments sent again"


def main(arguments: list[str] | None = None) -> int:
    """Be one end as the arguments say; return 0 if all arrived, 1 if not, 2 if it cannot begin."""
    options = parser().parse_args(arguments)
    address = options.listen or options.connect
    if not options.anywhere and not address[0].startswith(LOOPBACK):
        sys.stderr.write(
            f"{named(address)} is beyond this machine: add --anywhere if you mean it\n"
        )
        return 2
    try:
        if options.listen:
            said = listen(address, options.seconds, lambda at: _say(f"listening at {named(at)}"))
        else:
            chosen = {name: getattr(options, name) for name in ("loss", "seed", "seconds")}
            said = connect(address, options.size, **chosen)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    _say(said)
    return int(not said.startswith("right"))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    about = "One end of the course's TCP over UDP; the listener judges what arrived by a digest."
    parser = argparse.ArgumentParser(
        prog="python -m netlib.worlds.tcp_peer", description=about, allow_abbrev=False
    )
    side = parser.add_mutually_exclusive_group(required=True)
    side.add_argument("--listen", type=_address, metavar="HOST:PORT", help="wait there for a peer")
    side.add_argument("--connect", type=_address, metavar="HOST:PORT", help="send to who listens")
    add = parser.add_argument
    add("--size", type=int, default=100_000, help="bytes to send (default 100000)")
    add("--loss", type=float, default=0.0, help="probability that a packet dies (default 0)")
    add("--seed", type=int, default=0, help="of the bytes and of the losses (default 0)")
    add("--seconds", type=float, default=60.0, help="at most (default 60)")
    add("--anywhere", action="store_true", help="the address may be beyond this machine")
    return parser


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 <= int(port) < 65536:
        raise argparse.ArgumentTypeError(f"expected HOST:PORT, got {text!r}")
    return host.strip("[]"), int(port)


def _say(sentence: str):
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
