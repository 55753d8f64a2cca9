"""The locks: what a reader installs, what the tests add to it, and what pyproject.toml asks for."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
COURSE, TESTS = "requirements.txt", "tests/requirements.txt"
LOCKS = {"notebooks": [COURSE], "tests": [COURSE, TESTS]}


def lines(file: str) -> list[str]:
    """Return the lines of a requirements file that are no comments."""
    return [line for line in (ROOT / file).read_text().splitlines() if not line.startswith("#")]


def pins(*locks: str) -> list[Requirement]:
    """Return what the locks pin themselves: not netlib, nor the file that one refers to."""
    return [Requirement(line) for lock in locks for line in lines(lock) if line[0] != "-"]


def versions(name: str, *locks: str) -> set[str]:
    """Return the versions of a package that the locks pin, of which markers choose one."""
    return {str(pin.specifier) for pin in pins(*locks) if pin.name == name.lower()}


def test_binder_installs_what_a_reader_installs_netlib_included():
    assert lines("binder/requirements.txt") == ["-r ../requirements.txt"]
    assert lines(COURSE).count("-e .") == 1  # pip runs at the root, there and here


def test_the_tests_add_to_what_a_reader_installs_and_name_no_line_twice():
    assert lines(TESTS)[0] == "-r ../requirements.txt"
    assert set(lines(TESTS)).isdisjoint(lines(COURSE))


def test_both_locks_pin_the_same_version_of_what_both_name():
    for name in {pin.name for pin in pins(COURSE)} & {pin.name for pin in pins(TESTS)}:
        assert versions(name, COURSE) == versions(name, TESTS), name


@pytest.mark.parametrize("lock", [COURSE, TESTS])
def test_a_lock_names_exact_versions_and_no_host(lock):
    assert [pin for pin in pins(lock) if not str(pin.specifier).startswith("==")] == []
    assert "://" not in (ROOT / lock).read_text()


@pytest.mark.parametrize("extra", EXTRAS)
def test_every_dependency_is_pinned_inside_its_range(extra):
    for wanted in map(Requirement, EXTRAS[extra]):
        found = versions(wanted.name, *LOCKS[extra])
        assert found, f"{wanted} is not in {LOCKS[extra]}"
        for version in found:
            inside = wanted.specifier.contains(version.removeprefix("=="))
            assert inside, f"{wanted}, pinned {version}"


def test_a_reader_does_not_install_what_only_the_tests_need():
    needed = {Requirement(wanted).name for wanted in EXTRAS["tests"]}
    needed -= {"psutil", "pyyaml"}  # Jupyter needs them, too
    assert needed.isdisjoint(pin.name for pin in pins(COURSE))
