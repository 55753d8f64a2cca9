"""The rules of who may import what, and of what the library never does."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
LAYERS = next(c["layers"] for c in TOOLS["importlinter"]["contracts"] if c["type"] == "layers")


def run(*command: str) -> str:
    ended = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def tracked() -> list[str]:
    """Return the paths of all files under version control; skip where there is none."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    return listed.stdout.splitlines()


def test_rooms_import_only_downwards_and_drawing_stays_in_show():
    run("-c", "import importlinter.cli; importlinter.cli.lint_imports_command(['--no-cache'])")


def test_the_readme_states_the_law_of_imports_and_maps_the_rooms_in_its_order():
    assert f"`{' > '.join(LAYERS)}`" in README
    ordered = [room for layer in LAYERS for room in layer.split(" | ")]
    assert re.findall(r"^netlib/(\w+)", README, re.M) == ordered


def test_the_rooms_that_the_law_names_are_the_folders_and_files_of_netlib():
    inside = {path.stem for path in (ROOT / "netlib").iterdir() if path.suffix in ("", ".py")}
    named = {room for layer in LAYERS for room in layer.split(" | ")}
    assert inside - {"__init__", "__pycache__"} == named


def test_the_readme_maps_every_folder_of_the_course():
    mapped = set(re.findall(r"^([\w.]+)/", README, re.M))
    assert mapped == {file.split("/")[0] for file in tracked() if "/" in file if file[0] != "."}


@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
def test_the_types_agree_on(platform):
    # a cache of its own: that of another platform is of no use, and overwritten
    run("-m", "mypy", "--platform", platform, "--cache-dir", f".mypy_cache/{platform}")


def test_the_library_prints_nothing_and_the_code_is_tidy():
    run("-m", "ruff", "check", "--no-cache", "netlib", "tests")
    run("-m", "ruff", "format", "--no-cache", "--check", "netlib", "tests")


def test_importing_the_sockets_loads_nothing_heavy():
    heavy = "{'numpy', 'matplotlib', 'ipywidgets', 'IPython', 'asyncio', 'multiprocessing'}"
    script = f"import sys, netlib.sockets; print({heavy} & set(sys.modules))"
    assert run("-c", script).strip() == "set()"


def test_the_top_level_holds_the_agreed_files_only():
    agreed = {"notebooks", "netlib", "tests", "binder", "requirements.txt", "pyproject.toml"}
    agreed |= {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff", "LICENSE"}
    agreed |= {".ci", ".github", ".devcontainer", ".editorconfig", ".pre-commit-config.yaml"}
    agreed |= {".gitattributes", ".gitignore"}
    top = {file.split("/")[0] for file in tracked()}
    assert top <= agreed, f"not agreed at the top level: {top - agreed}"
