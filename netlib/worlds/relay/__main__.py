"""A bad network before any server: python -m netlib.worlds.relay 127.0.0.1:53 "delay 20ms"."""

import argparse
import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec

from netlib.links.delays import Constant
from netlib.links.link import Link
from netlib.links.settings import Settings
from netlib.sockets.command import address
from netlib.trace import named
from netlib.worlds.relay.relay import Relay, RelayDied
from netlib.worlds.relay.report import RelayReport
from netlib.worlds.tcp_relay.loop import StreamReport
from netlib.worlds.tcp_relay.relay import TCPRelay

NAME = "python -m netlib.worlds.relay"
TURN, REPORT = 0.5, 10.0  # seconds between two counts: on a terminal, in a file
DESCRIPTION = """Stand in for a UDP server (with --tcp, a TCP server) behind a bad network.
Clients that talk to the relay's port reach DESTINATION with the delay, loss,
rate, ... that WORDS ask for. It needs no privilege, changes nothing in the
system, and runs until Ctrl-C."""
EPILOG = f"""WORDS are those of tc-netem(8), each number with its unit, in any order:

  delay 20ms                    latency of one direction
  delay 20ms 5ms                with jitter, 15 to 25 ms; "distribution normal"
                                or "distribution pareto" may follow
  loss 1%                       each packet alone
  loss gemodel 1% 10%           in bursts: begun by 1 %, ended by 10 %
  duplicate 1%                  a second copy
  corrupt 1%                    one bit of the payload flipped
  delay 20ms reorder 25% gap 5  these skip the delay
  rate 2mbit limit 50           a bottleneck, and how many packets may wait

They hold for both directions, unless --back has others. With --tcp, delay and
rate only: what a relay lost of a stream nobody would send again. They delay
data, not the handshake; the rate is shared by all connections.

The same seed gives the same fates: packet n is lost, or not, in every run. No
packet leaves early, as the kernel notes when it came; the summary says how late
the relay itself was, and what it lost by cause.

examples:
  {NAME} 127.0.0.1:53 --listen 5353 "delay 20ms loss 1%"
  {NAME} 127.0.0.1:80 --listen 8080 --tcp "delay 50ms rate 2mbit"

exit codes:
  0    stopped by Ctrl-C (or SIGTERM); the summary says what was seen
  1    likewise, but the relay itself lost packets or kept clients waiting; or
       it has died
  2    it could not begin: a wrong argument, an unknown host, a port in use
  130  interrupted before it had begun"""


def main(arguments: list[str] | None = None) -> int:
    """Relay as the arguments say until Ctrl-C; return the exit code that --help explains."""
    options = parser().parse_args(arguments)
    try:
        there, back = links(options)
        relay = make(options, there, back).start()
        with contextlib.suppress(KeyboardInterrupt), contextlib.closing(relay):
            kind, words = "TCP" if options.tcp else "UDP", f"there and back: {there}"
            if options.back is not None:
                words = f"there: {there}; back: {back}"
            say(f"{kind} {named(relay.address)} → {named(relay.destination)}; {words}")
            watch(relay, options.quiet)
        return summarise(relay, there.delay.mean + back.delay.mean)
    except KeyboardInterrupt:
        return 130
    except RelayDied as death:
        sys.stderr.write(f"{death}\n")
        return 1
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{getattr(error, 'strerror', None) or error}\n")
        return 2


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog=NAME,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,  # what leads beyond loopback is to be written out
    )
    add = parser.add_argument
    add("destination", type=address, metavar="DESTINATION", help="HOST:PORT of the server")
    add(
        "words", metavar="WORDS", help='the network on the way there, such as "delay 20ms loss 1%%"'
    )
    add("--back", metavar="WORDS", help="the network on the way back (default: as there)")
    add("--listen", type=int, default=0, metavar="PORT", help="port (default: any free one)")
    add("--host", help="address to listen at (default: loopback; 0.0.0.0: everywhere)")
    add("--tcp", action="store_true", help="relay TCP connections, not UDP")
    add("--seed", type=int, metavar="N", help="of the fates (default: the word seed, or 0)")
    add("--idle", type=float, metavar="S", help="UDP: forget a client silent for S seconds")
    add("--clients", type=int, metavar="N", help="UDP: at most so many at once (default 128)")
    add("--quiet", action="store_true", help="show no counts while it runs")
    return parser


def links(options: argparse.Namespace) -> tuple[Link, Link]:
    """Return the links there and back; the latter's coin follows from the former's. ValueError."""
    there = Link.parse(options.words, options.seed)
    if options.back is None:
        return there, there.reverse()
    back = Link.parse(options.back)
    return there, back if back.seed else back.copy(seed=there.reverse().seed)


def make(options: argparse.Namespace, there: Link, back: Link) -> Relay | TCPRelay:
    """Return the relay that the options ask for. Raises ValueError, OSError."""
    where = {"host": options.host, "port": options.listen}
    choices = {"idle": options.idle, "max_clients": options.clients}
    limits = {name: limit for name, limit in choices.items() if limit is not None}
    if not options.tcp:
        return Relay(options.destination, there, back, **where, **limits)
    if limits or options.seed is not None:
        raise ValueError("--idle, --clients and --seed are for UDP; leave them out with --tcp")
    (delay, rate), way_back = stream_path(there), stream_path(back)
    return TCPRelay(options.destination, delay=delay, rate=rate, back=way_back, **where)


def stream_path(link: Link) -> tuple[float, float | None]:
    """Return the delay and the rate of a link that has nothing else. Raises ValueError."""
    delay, rate = link.delay.mean, link.rate
    if link.settings != Settings(Constant(delay), rate=rate, seed=link.seed):
        raise ValueError(
            f"with --tcp, expected a delay and a rate only, such as 'delay 20ms rate 2mbit', got "
            f"'{link}': both kernels have acknowledged what is in the relay, so nobody would send "
            "again what it drops"
        )
    return delay, rate


def watch(relay: Relay | TCPRelay, quiet: bool):
    """Show counts, until interrupted."""
    with display(quiet) as (seconds, show):
        while True:
            time.sleep(seconds)
            show(", ".join(brief(relay.report)))


@contextlib.contextmanager
def display(quiet: bool) -> Iterator[tuple[float, Callable[[str], object]]]:
    """Yield how often to show counts [s], and how: in place on a terminal, else line by line."""
    if quiet:
        yield REPORT, lambda counts: None
    elif not (sys.stderr.isatty() and find_spec("tqdm")):
        yield REPORT, lambda counts: sys.stderr.write(f"{counts}\n")
    else:
        from tqdm import tqdm  # what it writes over, it also cuts to the terminal's width

        tqdm.monitor_interval = 0  # no thread of its own
        with tqdm(bar_format="{desc}", leave=False) as line:
            yield TURN, line.set_description_str


def brief(report: RelayReport | StreamReport) -> list[str]:
    """Return what a report says, for one line."""
    late = f"p99 {report.lateness.p99 * 1000:.2g} ms late" if report.lateness else "nothing yet"
    if isinstance(report, StreamReport):
        ways = [f"there {report.forward} bytes", f"back {report.backward} bytes"]
        return [f"{report.open} of {report.connections} open", *ways, late]
    ways = [
        f"{way} {counts.arrived} in {counts.sent} out {sum(counts.drops.values())} lost"
        for way, counts in (("there", report.forward), ("back", report.backward))
    ]
    return [*ways, f"{report.clients} clients", late]


def summarise(relay: Relay | TCPRelay, rtt: float) -> int:
    """Print all that was seen, and whether to believe it; return the exit code."""
    report = relay.report
    say(str(report))
    faults = report.starved if isinstance(report, StreamReport) else report.own_drops
    if warning := report.too_busy(rtt) if rtt else "":
        say(warning)
    return int(faults > 0)


def say(text: str):
    """Print a line at once, for whoever waits for it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
