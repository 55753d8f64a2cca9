"""Kernels and notebooks for the tests: start one, run cells in it, and always shut it down."""

import ast
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import local_provisioner
from nursery import Nursery

TESTS = Path(__file__).parent
NOTEBOOKS = TESTS.parent / "notebooks"
TIMEOUT = 60.0  # seconds that a start or a cell may take before the test fails

if sys.platform == "linux":
    local_provisioner.launch_kernel = Nursery().launch


class CellError(AssertionError):
    """A cell raised; the message names the notebook and the cell, and holds the traceback."""


@dataclass(frozen=True)
class Cell:
    """A code cell: where it stands ("01-udp [3]", as the notebook numbers it), what it holds."""

    where: str
    source: str
    tags: frozenset[str]
    count: int | None
    outputs: list[dict]


def notebooks() -> list[Path]:
    """Return the course's notebooks in order, without the solutions."""
    return sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))


def code_cells(path: Path) -> list[Cell]:
    """Return a notebook's code cells (plain JSON: importing nbformat costs a second)."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [c for c in cells if c["cell_type"] == "code" and "".join(c["source"]).strip()]
    return [_cell(path, number, cell) for number, cell in enumerate(code, 1)]


def _cell(path: Path, number: int, cell: dict) -> Cell:
    tags, source = cell["metadata"].get("tags", []), "".join(cell["source"])
    where = f"{path.relative_to(NOTEBOOKS).with_suffix('')} [{number}]"
    return Cell(where, source, frozenset(tags), cell["execution_count"], cell["outputs"])


class PortlessManager(KernelManager):
    """Talk to kernels through files: a port chosen for a kernel may be taken before it binds it.

    Source: jupyter_client issue 487; one start in thirty failed here while the tests open sockets.
    """

    def __init__(self, **settings):
        if os.name == "posix":
            self._folder = tempfile.TemporaryDirectory()
            settings |= {"transport": "ipc", "ip": os.path.join(self._folder.name, "kernel")}
        super().__init__(**settings)

    def cleanup_resources(self, restart: bool = False):
        """Remove the files, too, once the kernel has ended."""
        super().cleanup_resources(restart)
        if not restart and os.name == "posix":
            self._folder.cleanup()


class Kernel:
    """A running kernel with one client, in the notebooks' folder; shut down at the block's end."""

    def __init__(self):
        paths = [str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]  # for `probe`
        self.manager = PortlessManager(kernel_name="python3")
        self.manager.start_kernel(
            cwd=str(NOTEBOOKS),
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            extra_arguments=["--HistoryManager.hist_file=:memory:"],
        )
        self.pid: int = self.manager.provisioner.pid
        self._client = self.manager.client()
        try:  # two channels only, both in use when it is ready: sockets can be counted at once
            self._client.start_channels(stdin=False, hb=False, control=False)
            self._client.wait_for_ready(TIMEOUT)
        except BaseException:
            self.shut_down()
            raise

    def run(self, cell: Cell) -> list[dict]:
        """Run a cell; return the contents of its outputs. Raises CellError if it raises."""
        return self.run_source(cell.source, cell.where)

    def run_source(self, source: str, where: str = "the test's own cell") -> list[dict]:
        """Run some code; return the contents of its outputs. Raises CellError if it raises."""
        messages = list(self.messages(source))
        for message in messages:
            if message["msg_type"] == "error":
                raise CellError(where + "\n" + "\n".join(message["content"]["traceback"]))
        kinds = ("stream", "display_data", "execute_result")
        return [m["content"] for m in messages if m["msg_type"] in kinds]

    def run_all(self, cells: list[Cell]):
        """Run cells in one request: the messages for each cost more than most cells themselves."""
        sources = [cell.source for cell in cells]
        notebook, _, _ = cells[0].where.partition(" [")
        self.run_source(f"await __import__('probe').run_cells({sources!r})", notebook)

    def messages(self, source: str) -> Iterator[dict]:
        """Run some code; yield what the kernel publishes, as it comes, until it is idle again."""
        request = self._client.execute(source, allow_stdin=False)
        while True:
            message = self._client.get_iopub_msg(timeout=TIMEOUT)
            if message["parent_header"].get("msg_id") == request:
                yield message
                if message["content"].get("execution_state") == "idle":
                    return

    def probe(self, call: str):
        """Return what a call such as `held()` of the probe module says inside the kernel."""
        said = self.run_source(f"print(__import__('probe').{call})")
        return ast.literal_eval("".join(part["text"] for part in said))

    def interrupt(self):
        """Do what the stop button of a notebook does."""
        self.manager.interrupt_kernel()

    def shut_down(self):
        """End the kernel and its children, whatever they do."""
        self._client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.shut_down()
