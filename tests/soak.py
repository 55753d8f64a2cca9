"""Hostile input and accidents, many times over.

    python tests/soak.py [ROW ...] [--cases N] [--seed N]

The suite holds an example of each; here are thousands, by chance. A row is a function that takes a
seed and raises if something went wrong; case n of a row has the seed --seed + n, so that one that
fails is printed as the command that repeats it (what depends on the moment may need several). All
rows take about twelve minutes on two cores; none takes longer than MOST. Linux only.
"""

import argparse
import faulthandler
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from accidents import connections, machines, owners, parsers, peers, processes
from tqdm import tqdm

tqdm.monitor_interval = 0  # no thread of its own

MOST = 300.0  # seconds that a row may take; a case that runs into it is not begun
STUCK = 180.0  # seconds after which a case is called hung: its stacks are shown, and all ends


class Row(NamedTuple):
    """A kind of accident: what happens in one case of it, and how many cases there are."""

    case: Callable[[int], object]
    cases: int


ROWS = {
    "framing": Row(parsers.framing, 1_000_000),
    "netem": Row(parsers.netem, 1_000_000),
    "ping": Row(parsers.ping, 1_000_000),
    "headers": Row(parsers.headers, 1_000_000),
    "segments": Row(parsers.segments, 1_000_000),
    "shown": Row(parsers.shown, 100_000),
    "machines": Row(machines.conversation, 50_000),
    "tcp-loss": Row(connections.lossy, 1000),
    "tcp-paths": Row(connections.paths, 5000),
    "tcp-strangers": Row(connections.beset, 1000),
    "tcp-peer": Row(connections.endure, 10_000),
    "udp-relay": Row(peers.udp, 200),
    "clock": Row(peers.clock, 200),
    "tcp-relay": Row(peers.tcp, 100),
    "crowd": Row(peers.crowd, 2),
    "chat": Row(peers.chat, 60),
    "openings": Row(owners.opening, 500),
    "interrupts": Row(owners.interrupted, 500),
    "killed": Row(processes.killed, 100),
    "files": Row(processes.few_files, 60),
    "places": Row(processes.odd_place, 2 * len(processes.PLACES)),
}


def run(name: str, cases: int, seed: int) -> tuple[int, int]:
    """Run the cases of a row, at most MOST seconds; return how many there were, how many failed."""
    done = failures = 0
    end, watched = time.monotonic() + MOST, 0.0
    for number in tqdm(range(cases), name, leave=False):
        if (now := time.monotonic()) > end:
            break
        if now > watched + 1:
            faulthandler.dump_traceback_later(STUCK, exit=True, file=sys.__stderr__)
            watched = now
        done += 1
        failures += not passes(name, seed + number)
    faulthandler.cancel_dump_traceback_later()
    return done, failures


def passes(name: str, seed: int) -> bool:
    """Run one case; say how to repeat it if it fails."""
    try:
        ROWS[name].case(seed)
    except Exception:
        again = f"python tests/{Path(__file__).name} {name} --cases 1 --seed {seed}"
        tqdm.write(f"{again}\n{traceback.format_exc()}", file=sys.stderr)
        return False
    return True


def main(arguments: list[str] | None = None) -> int:
    """Run the rows that are named, or all; print the table; return 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; all")
    parser.add_argument("--cases", type=int, help="of each row (default: its own number)")
    parser.add_argument("--seed", type=int, default=0, help="of the first case (default 0)")
    options = parser.parse_args(arguments)
    if unknown := set(options.rows) - ROWS.keys():
        parser.error(f"expected rows of {', '.join(ROWS)}, got {', '.join(sorted(unknown))}")
    total = 0
    for name in options.rows or ROWS:
        began = time.monotonic()
        done, failures = run(name, options.cases or ROWS[name].cases, options.seed)
        total += failures
        took = time.monotonic() - began
        line = f"{name:14}{done:>9} cases{failures:>6} failures{took:>7.0f} s"
        tqdm.write(line)
    return int(total > 0)


if __name__ == "__main__":
    sys.exit(main())
