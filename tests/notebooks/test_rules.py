"""House rules of notebooks that can be held without running them."""

import re

import pytest
from kernels import NOTEBOOKS, code_cells

everything = sorted(NOTEBOOKS.rglob("[0-9]*.ipynb"))
everything = [p for p in everything if ".ipynb_checkpoints" not in p.parts]
in_every_notebook = pytest.mark.parametrize(
    "path", everything, ids=lambda path: str(path.relative_to(NOTEBOOKS).with_suffix(""))
)

FORBIDDEN = {
    "pip": r"^\s*[!%]?\s*pip\b|-m\W+pip\b",
    "sys.path": r"\bsys\.path\b",
    "a star import": r"^\s*from .+ import \*",
}


@in_every_notebook
def test_a_cell_whose_output_is_not_compared_asserts_something(path):
    ignored = [c for c in code_cells(path) if "nbval-ignore-output" in c.tags]
    assert [c.where for c in ignored if not re.search(r"^\s*assert\b", c.source, re.M)] == []


@in_every_notebook
def test_no_stored_output_is_an_error_or_a_warning(path):
    outputs = [(c.where, o) for c in code_cells(path) for o in c.outputs]
    assert [where for where, o in outputs if o["output_type"] == "error"] == []
    assert [where for where, o in outputs if o.get("name") == "stderr"] == []


@in_every_notebook
def test_no_cell_is_longer_than_a_page(path):
    lines = {c.where: [line for line in c.source.splitlines() if line] for c in code_cells(path)}
    assert [where for where, written in lines.items() if len(written) > 25] == []


@in_every_notebook
@pytest.mark.parametrize("habit", FORBIDDEN)
def test_no_cell_has_a_habit_that_breaks_elsewhere(path, habit):
    found = [c.where for c in code_cells(path) if re.search(FORBIDDEN[habit], c.source, re.M)]
    assert found == []


@pytest.mark.parametrize(
    "source, habit",
    [
        ("!pip install x", "pip"),
        ("%pip install x", "pip"),
        ("run([python, '-m', 'pip'])", "pip"),
        ("import sys\nsys.path.append('..')", "sys.path"),
        ("from netlib.sockets import *", "a star import"),
    ],
)
def test_each_habit_is_recognised(source, habit):
    found = [name for name, pattern in FORBIDDEN.items() if re.search(pattern, source, re.M)]
    assert found == [habit]


@in_every_notebook
def test_a_notebook_opens_quickly(path):
    assert path.stat().st_size <= 1_000_000


@in_every_notebook
def test_the_stored_outputs_come_from_one_run_in_order(path):
    cells = code_cells(path)
    assert [c.count for c in cells] == list(range(1, len(cells) + 1))
