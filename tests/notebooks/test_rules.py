"""House rules of notebooks that can be held without running them."""

import json
import re
from statistics import median, quantiles

import pytest
from kernels import NOTEBOOKS, code_cells, notebooks

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


WIDGET, SVG, PNG = "application/vnd.jupyter.widget-view+json", "image/svg+xml", "image/png"
FOLDED = "<details><summary>Description of the figure</summary>"


def shown(path, *kinds: str) -> list[tuple[str, dict, str]]:
    """Return the outputs that hold one of these kinds: where, the output, the text below it."""
    cells = [*all_cells(path), {"source": []}]
    return [
        (f"cell {number}", output, text(cells[number + 1]))
        for number, cell in enumerate(cells)
        for output in cell.get("outputs", [])
        if set(kinds) & set(output.get("data", {}))
    ]


def alt(output: dict) -> str:
    return output["metadata"].get(PNG, {}).get("alt", "")


@in_every_notebook
def test_a_png_is_stored_beside_each_svg_and_each_widget(path):
    bare = [where for where, o, _ in shown(path, SVG, WIDGET) if PNG not in o["data"]]
    assert bare == [], "run the notebook anew, then tests/pictures.py"


@in_every_notebook
def test_each_picture_is_described_below_it_or_has_a_text_that_says_the_same(path):
    dumb = [
        where
        for where, output, below in shown(path, PNG)
        if FOLDED not in below and "<Figure" in "".join(output["data"]["text/plain"])
    ]
    assert dumb == []


@in_every_notebook
def test_each_stored_png_has_an_alt(path):
    dumb = [where for where, output, _ in shown(path, PNG) if len(alt(output)) < 20]
    assert dumb == [], "run tests/pictures.py"


@in_every_notebook
def test_no_picture_is_taller_than_a_projectors_screen(path):
    heights = {w: o["metadata"].get(PNG, {}).get("height", 0) for w, o, _ in shown(path, PNG)}
    panels = {where for where, _, _ in shown(path, WIDGET)}
    assert {w: h for w, h in heights.items() if h > 560 and w not in panels} == {}


def test_a_picture_of_a_panel_is_small_enough_for_a_slow_line():
    images = NOTEBOOKS / "images"
    assert {p.name: p.stat().st_size for p in images.iterdir() if p.stat().st_size > 80_000} == {}


in_the_course = pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
END_OF_CORE = re.compile(r"^#+ (Deeper|Check yourself|Exercises)", re.M)


def shape(cells: list[dict]) -> tuple[int, int]:
    """Return how many code cells and how many words of prose there are."""
    prose = [text(cell) for cell in cells if cell["cell_type"] == "markdown"]
    code = [cell for cell in cells if cell["cell_type"] == "code" and text(cell).strip()]
    return len(code), sum(len(re.findall(r"\w+", each)) for each in prose)


def text(cell: dict) -> str:
    return "".join(cell["source"])


def all_cells(path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


@in_the_course
def test_a_lecture_gets_through_the_core_and_a_session_through_the_whole(path):
    cells = all_cells(path)
    ends = [
        n
        for n, c in enumerate(cells)
        if c["cell_type"] == "markdown" and END_OF_CORE.search(text(c))
    ]
    code, words = shape(cells[: ends[0]])
    assert code <= 25 and words <= 1800, f"core: {code} code cells, {words} words"
    code, words = shape(cells)
    assert code <= 40 and words <= 2800, f"in all: {code} code cells, {words} words"


@in_the_course
def test_what_is_deeper_comes_last_and_says_so(path):
    headings = [
        line
        for c in all_cells(path)
        if c["cell_type"] == "markdown"
        for line in text(c).splitlines()
        if re.match("#+ ", line)
    ]
    assert any(re.match(r"## (Check yourself)", line) for line in headings)
    deeper = [n for n, line in enumerate(headings) if line.startswith("## Deeper")]
    assert not deeper or all(
        line.startswith(("###", "## Deeper", "## References", "# References", "## What next"))
        for line in headings[deeper[0] :]
    )


@in_the_course
def test_code_cells_are_short_enough_to_project(path):
    lengths = [
        len([line for line in c.source.splitlines() if line.strip()]) for c in code_cells(path)
    ]
    assert median(lengths) <= 7
    assert quantiles(lengths, n=10, method="inclusive")[-1] <= 13


@in_every_notebook
def test_no_line_of_code_is_wider_than_a_page(path):
    wide = {
        c.where: [line for line in c.source.splitlines() if len(line) > 79]
        for c in code_cells(path)
    }
    assert {where: lines for where, lines in wide.items() if lines} == {}


@in_the_course
def test_no_more_than_two_code_cells_follow_each_other_without_prose(path):
    kinds = "".join(
        "c" if c["cell_type"] == "code" else "m" for c in all_cells(path) if text(c).strip()
    )
    assert "ccc" not in kinds


@in_the_course
def test_each_notebook_named_exists(path):
    named = {
        n
        for c in all_cells(path)
        if c["cell_type"] == "markdown"
        for n in re.findall(r"notebooks? (\d\d)\b", text(c))
    }
    assert named <= {p.stem[:2] for p in notebooks()}
