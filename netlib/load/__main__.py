"""Load a chat server from the command line: python -m netlib.load 127.0.0.1:5000 --clients 100."""

import argparse
import sys

from netlib.load.load import Report, load
from netlib.trace import Address

__all__ = ["Report", "load", "main"]


def main(arguments: list[str] | None = None) -> int:
    """Load a server as the arguments say, with a bar; return 0 if every message came back."""
    given = vars(parser().parse_args(arguments))
    server, quiet = given.pop("server"), given.pop("quiet")
    with bar(given["clients"] * given["messages"], quiet) as progress:
        try:
            report = load(server, progress=progress.update, **given)
        except ValueError as error:
            sys.stderr.write(f"{error}\n")
            return 2
    sys.stdout.write(f"{report!r}\n")
    return int(bool(report.errors))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(prog="python -m netlib.load", description=load.__doc__)
    made.add_argument("server", type=address, help="HOST:PORT of the chat server")
    made.add_argument("--clients", type=int, default=100, help="how many (default 100)")
    made.add_argument("--messages", type=int, default=10, help="each one's (default 10)")
    made.add_argument("--room", type=int, default=4, help="clients that share a room (default 4)")
    made.add_argument("--size", type=int, default=32, help="bytes of a line (default 32)")
    made.add_argument("--rate", type=float, help="new clients per second (default: all at once)")
    made.add_argument("--seed", type=int, default=0, help="of the arrivals (default 0)")
    made.add_argument("--seconds", type=float, default=10.0, help="at most (default 10)")
    made.add_argument("--anywhere", action="store_true", help="the server may be another machine")
    made.add_argument("--quiet", action="store_true", help="show no progress bar")
    return made


def address(text: str) -> Address:
    """Return the address that HOST:PORT or [HOST]:PORT names."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"expected HOST:PORT, got {text!r}")
    return host.strip("[]"), int(port)


def bar(total: int, quiet: bool):
    """Return a progress bar on standard error."""
    from tqdm import tqdm

    return tqdm(total=total, unit="msg", disable=quiet or None)  # None: not if it is no terminal


if __name__ == "__main__":
    sys.exit(main())
