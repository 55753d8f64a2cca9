"""The chat servers of notebook 06, taken from its cells: what is tested is what is shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from kernels import NOTEBOOKS, Cell, code_cells

SERVERS = ("sequential", "threaded", "selecting", "asynchronous")
CHATS = SERVERS[1:]


@cache
def cells(tag: str = "chat") -> list[Cell]:
    """Return the cells that define the servers, or those of one server alone."""
    return [c for c in code_cells(NOTEBOOKS / "06-many-peers.ipynb") if tag in c.tags]


def notebook(**settings) -> dict:
    """Run these cells; return what they define, with settings such as IDLE [s] changed."""
    names: dict = {"__name__": "notebook"}
    for cell in cells():
        exec(compile(cell.source, cell.where, "exec"), names)
    unknown = settings.keys() - names.keys()
    if unknown:
        raise ValueError(f"expected settings of the notebook, got {sorted(unknown)}")
    names.update(settings)  # in place: it is where the functions look up their globals
    return names


@contextmanager
def running(name: str, **settings) -> Iterator[tuple]:
    """Run a server as the notebook does; yield its address and a list of its Rooms."""
    names, rooms = notebook(**settings), []
    kind = names["Rooms"]
    kind.__init__ = _noting(kind.__init__, rooms)
    with names["running"](names[name]) as address:
        yield address, rooms


def _noting(init, made: list):
    def noting(self):
        init(self)
        made.append(self)

    return noting
