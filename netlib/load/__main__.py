"""Load a chat server from the command line: python -m netlib.load 127.0.0.1:5000 --clients 100."""

import argparse
import sys

from netlib.load.load import load
from netlib.sockets.command import address

PROTOCOL = """The protocol: lines of text, each ended by a line feed. A client's first line names a
room; each later one is passed on to all in that room, its sender included, who sends the next one
when it is back. So with --room 1 any server will do that echoes lines. Exit codes: 0 every message
came back, 1 not all did, 2 it could not begin, 130 interrupted (Ctrl-C): the report says what was
seen until then."""


def main(arguments: list[str] | None = None) -> int:
    """Load a server as the arguments say, with a bar; return the exit code that --help explains."""
    options = vars(parser().parse_args(arguments))
    server, quiet = options.pop("server"), options.pop("quiet")
    with bar(options["clients"] * options["messages"], quiet) as progress:
        try:
            report = load(server, progress=progress.update, **options)
            text, code = f"{report!r}\n", int(bool(report.errors))
        except KeyboardInterrupt as interrupt:  # its argument is the report so far
            text, code = f"{interrupt}\n", 130
        except (ValueError, OSError) as error:
            sys.stderr.write(f"{error}\n")
            return 2
    sys.stdout.write(text)
    return code


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m netlib.load",
        description="Load a chat server with many clients at once; report what they saw.",
        epilog=PROTOCOL,
        allow_abbrev=False,  # or --any would be enough to leave this machine
    )
    add = parser.add_argument
    add("server", type=address, help="HOST:PORT of the chat server")
    add("--clients", type=int, default=100, help="how many (default 100)")
    add("--messages", type=int, default=10, help="each one's (default 10)")
    add("--room", type=int, default=4, help="clients that share a room (default 4)")
    add("--size", type=int, default=32, help="bytes of a line (default 32)")
    add("--rate", type=float, help="new clients per second (default: all at once)")
    add("--seed", type=int, default=0, help="of the arrivals (default 0)")
    add("--seconds", type=float, default=10.0, help="at most (default 10)")
    add("--anywhere", action="store_true", help="the server may be another machine")
    add("--quiet", action="store_true", help="show no progress bar")
    return parser


def bar(total: int, quiet: bool):
    """Return a progress bar on standard error."""
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # no thread of its own
    return tqdm(total=total, unit="msg", disable=quiet or None)  # None: not if it is no terminal


if __name__ == "__main__":
    sys.exit(main())
