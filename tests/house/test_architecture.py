"""The rules of who may import what, and of what the library never does."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*command: str) -> str:
    ended = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_rooms_import_only_downwards_and_drawing_stays_in_show():
    run("-c", "import importlinter.cli; importlinter.cli.lint_imports_command(['--no-cache'])")


def test_the_library_prints_nothing_and_the_code_is_tidy():
    run("-m", "ruff", "check", "--no-cache", "netlib", "tests")
    run("-m", "ruff", "format", "--no-cache", "--check", "netlib", "tests")


def test_importing_the_sockets_loads_nothing_heavy():
    heavy = "{'numpy', 'matplotlib', 'ipywidgets', 'IPython', 'asyncio', 'multiprocessing'}"
    script = f"import sys, netlib.sockets; print({heavy} & set(sys.modules))"
    assert run("-c", script).strip() == "set()"


def test_the_top_level_holds_the_agreed_files_only():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    top = {line.split("/")[0] for line in tracked.stdout.splitlines()}
    agreed = {"notebooks", "netlib", "tests", "binder", ".ci", ".gitignore"}
    agreed |= {"requirements.txt", "README.md", "pyproject.toml", "LICENSE"}
    assert top <= agreed, f"not agreed at the top level: {top - agreed}"
