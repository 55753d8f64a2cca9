"""What contributors and platforms look for at the top level says what is true."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMMANDS = re.findall(r"^(?:python3|py) .+", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)


def read(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "schema, file",
    [("github-workflows", ".github/workflows/tests.yml"), ("citation-file-format", "CITATION.cff")],
)
def test_a_file_for_others_programs_keeps_to_their_schema(schema, file):
    command = ["-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", file]
    ended = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_readme_has_its_two_commands_for_posix_and_for_windows():
    posix, windows = COMMANDS[:2], COMMANDS[2:]
    assert [c.split()[-1] for c in posix] == ["netlib.course", ".venv/bin/pytest"]
    spelt = [c.replace("python3", "py").replace("bin/", "Scripts/") for c in posix]
    assert windows == [re.sub(r"(?<=\w)/(?=\w)", r"\\", c) for c in spelt]


@pytest.mark.parametrize("file", [".ci/run", ".github/workflows/tests.yml"])
def test_who_runs_the_readmes_test_command_finds_it(file):
    for pattern in re.findall(r"grep (?:-m1 )?'([^']+)' README.md", read(file)):
        assert len([c for c in COMMANDS if re.search(pattern, c)]) == 1, pattern


def test_the_workflow_finds_the_coverage_command():
    assert "grep -m1 'coverage run' CONTRIBUTING.md" in read(".github/workflows/tests.yml")
    commands = [line for line in read("CONTRIBUTING.md").splitlines() if "coverage run" in line]
    assert commands[0].endswith("coverage report")


def test_the_workflow_runs_the_oldest_python_of_the_package():
    jobs = yaml.safe_load(read(".github/workflows/tests.yml"))["jobs"]
    project = tomllib.loads(read("pyproject.toml"))["project"]
    oldest, *_ = jobs["suite"]["strategy"]["matrix"]["python"]
    assert project["requires-python"] == f">={oldest}"


def test_the_devcontainer_does_what_the_readmes_first_command_does():
    container = json.loads(read(".devcontainer/devcontainer.json"))
    opens, *_ = container["postAttachCommand"].split(" --")
    assert f"{container['postCreateCommand']} && {opens}" == COMMANDS[0]


def test_the_hooks_download_nothing_and_their_commands_are_installed():
    repos = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    for hook in repos[0]["hooks"]:
        assert hook["language"] == "system", hook["id"]
        command, *_ = hook["entry"].split()
        assert shutil.which(command, path=Path(sys.executable).parent), hook["id"]


def test_the_citation_and_the_changelog_name_the_packages_version():
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert yaml.safe_load(read("CITATION.cff"))["version"] == version
    assert f"## {version}" in read("CHANGELOG.md")
