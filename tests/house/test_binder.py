"""What Binder will build, checked without Docker: the environment is small and works."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
README, POST_BUILD = ROOT / "README.md", ROOT / "binder/postBuild"
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("[0-9]*.ipynb"))
MAX_SIZE = 320e6  # bytes installed, as the README says
OURS = ("PYTEST", "JUPYTER", "PYTHON")  # variables that say how the tests run, not how Binder does
RUN_FIRST = """
from kernels import Kernel, code_cells, notebooks
with Kernel() as kernel:
    for cell in code_cells(notebooks()[0]):
        kernel.run(cell)
"""


def imported() -> set[str]:
    """Return the names of all modules that the notebooks import."""
    cells = (c for n in NOTEBOOKS for c in json.loads(n.read_text())["cells"])
    code = ("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    nodes = [node for source in code for node in ast.walk(ast.parse(source))]
    plain = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    return plain | {n.module for n in nodes if isinstance(n, ast.ImportFrom)}


def test_binder_states_a_python_that_the_package_supports():
    stated = (ROOT / "binder/runtime.txt").read_text().strip()
    assert re.fullmatch(r"python-3\.\d+", stated), stated
    assert SpecifierSet(PROJECT["requires-python"]).contains(stated.removeprefix("python-"))


def run(*command, **environment: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    ended = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout


def test_every_badge_opens_the_working_copies():
    opened = {n: set(re.findall(r"labpath=([^)\s\"\\]+)", n.read_text("utf-8"))) for n in NOTEBOOKS}
    wanted = {n: {f"course/{n.name}"} for n in NOTEBOOKS if n.parent.name == "notebooks"}
    assert {n: paths for n, paths in opened.items() if paths} == wanted
    assert "labpath=course/00-start-here.ipynb" in README.read_text("utf-8")


def test_a_fresh_environment_of_binders_file_imports_everything_and_runs_notebook_00(tmp_path):
    uv = [sys.executable, "-m", "uv", "--quiet"]
    run(*uv, "venv", "--python", sys.executable, tmp_path / "env")
    bin_ = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin")
    run(*uv, "pip", "install", "--python", bin_ / "python", "-r", "binder/requirements.txt")
    run(bin_ / "python", "-c", "import " + ", ".join(sorted(imported())))
    python, *words = POST_BUILD.read_text().splitlines()[-1].split()
    folder = tmp_path / "course"
    run(bin_ / python, *words, "--folder", folder, HOME=str(tmp_path))
    assert len(list(folder.glob("[0-9]*.ipynb"))) == len({n.name for n in NOTEBOOKS})
    run(bin_ / "python", "-c", RUN_FIRST, HOME=str(tmp_path), PYTHONPATH=str(ROOT / "tests"))
    files = [f for f in (tmp_path / "env").rglob("*") if f.is_file() and not f.is_symlink()]
    size = sum(f.stat().st_size for f in files)
    assert size <= MAX_SIZE, f"the run-time environment has {size / 1e6:.0f} MB"
