"""What happened, in order: the record that every experiment keeps, to be shown and measured."""

import html
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

Address = tuple  # (host, port), or (host, port, flow, scope) over IPv6, as the kernel gives it

ARROWS = {"send": "→", "receive": "←"}


class Event(NamedTuple):
    """One thing that happened at one place.

    time: seconds since the trace began. role: the place ("sender"). action: "send", "receive",
    "lost", "timeout", ... payload: the bytes concerned. peer: the other end's address or None.
    """

    time: float
    role: str
    action: str
    payload: bytes = b""
    peer: Address | None = None
    note: str = ""


class Trace:
    """The events of one experiment, in causal order: a send is recorded before its system call.

    `clock` gives the time in seconds. Shown as a packet table in which addresses appear as roles,
    and times only on request (`show_times`): on a real clock no two runs agree. On the simulator's
    they do (`exact_times`). `losses_recorded`: the links have recorded what they lost, too.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, show_times: bool = False):
        self.roles: dict[Address, str] = {}
        self._clock, self._start = clock, clock()
        self.show_times = show_times
        self.exact_times = self.losses_recorded = False
        self._rows: list[tuple] = []

    def record(self, role: str, action: str, payload: bytes = b"", peer=None, note: str = ""):
        """Append one event, stamped now. Safe to call from several threads."""
        # a bare tuple: building an Event here would double the cost of a small datagram
        self._rows.append((self._clock(), role, action, payload, peer, note))

    def record_at(self, time: float, role: str, action: str, payload=b"", peer=None, note=""):
        """Append one event with an explicit time stamp [s] on the trace's clock."""
        self._rows.append((time, role, action, payload, peer, note))

    def name(self, address: Address, role: str) -> str:
        """Show `address` as `role` from now on; return the name given (a second one gets a 2)."""
        taken = [name for other, name in self.roles.items() if other != address]
        names = [role, *(f"{role} {n}" for n in range(2, len(taken) + 3))]
        self.roles[address] = next(name for name in names if name not in taken)
        return self.roles[address]

    def __iter__(self) -> Iterator[Event]:
        return (Event(row[0] - self._start, *row[1:]) for row in list(self._rows))

    def __getitem__(self, index):
        return list(self)[index]

    def __len__(self) -> int:
        return len(self._rows)

    def only(self, *actions: str, role: str | None = None) -> list[Event]:
        """Return the events with one of these actions, seen by `role` if one is given."""
        return [e for e in self if e.action in actions and role in (None, e.role)]

    def rows(self, show_times: bool | None = None) -> list[list[str]]:
        """Return the packet table as text cells, the heading first."""
        timed = self.show_times if show_times is None else show_times
        table = [["#", *(["t [ms]"] if timed else []), "who", "what", "with", "bytes", "payload"]]
        for number, event in enumerate(self, 1):
            cells = [event.role, event.action, self._with(event), str(len(event.payload))]
            stamp = [f"{event.time * 1000:.3f}"] if timed else []
            text = printable(event.payload) + (f"  ({event.note})" if event.note else "")
            table.append([str(number), *stamp, *cells, text])
        return table

    def table(self, *, show_times: bool | None = None) -> str:
        """Return the packet table as aligned text."""
        rows = self.rows(show_times)
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ("  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in rows)
        return "\n".join(line.rstrip() for line in lines)

    def _with(self, event: Event) -> str:
        if event.peer is None:
            return ""
        # a list, which no dictionary can look up, is recorded when it is tried as a destination
        role = self.roles.get(event.peer) if isinstance(event.peer, tuple) else None
        return f"{ARROWS.get(event.action, '·')} {role or named(event.peer)}"

    def __repr__(self) -> str:
        return self.table() if self._rows else "Trace: nothing happened yet"

    def _repr_html_(self) -> str:
        return html_table(self.rows())


def named(address: Address) -> str:
    """Return an address as people write it: 127.0.0.1:5000, [::1]:5000."""
    if not isinstance(address, tuple) or len(address) < 2:
        return repr(address)  # not an address, and an error message or a table has to say so
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


def printable(payload: bytes, limit: int = 40) -> str:
    """Return bytes as one line that is safe to show: UTF-8 as text, the rest as backslashes."""
    text = bytes(payload[: limit * 4]).decode("utf-8", "backslashreplace")
    # isprintable is False for line ends, controls and the marks that turn the reading direction
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown if len(shown) <= limit and len(payload) <= limit * 4 else shown[:limit] + "…"


def html_table(rows: list[list[str]]) -> str:
    """Return rows of text as an HTML table, the first as its heading; every cell is escaped."""

    def line(cells: list[str], tag: str) -> str:
        style = "text-align:left;white-space:pre-wrap"
        return "".join(f'<{tag} style="{style}">{html.escape(c)}</{tag}>' for c in cells)

    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows[1:])
    return f"<table><thead><tr>{line(rows[0], 'th')}</tr></thead><tbody>{body}</tbody></table>"
