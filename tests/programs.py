"""Programs that others wrote, as a measure: used where they are installed, demanded under CI."""

import os
import shutil
import sys

import pytest

from netlib.kernel.namespace import alone, run


def program(name: str) -> str:
    """Return where a program is; else skip the test, which under CI (on Linux) fails."""
    if found := shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin"):
        return found
    missing(f"{name} is not installed here")


def missing(problem: str):
    """Skip the test, with this reason; fail where CI should have had it."""
    if os.environ.get("CI") and sys.platform == "linux":
        pytest.fail(problem)
    pytest.skip(problem)


def in_a_network_of_its_own(function, *arguments):
    """Call a function of a module where it may do anything; skip where there is no such place."""
    try:
        return alone(function, *arguments)
    except OSError as refused:
        missing(str(refused))


def complaints(commands: list[str]) -> list[str]:
    """Return what tc says of each command, "" if it does it.

    Where this kernel has no netem, tc has still read all the words before it hears of that.
    """
    return [_complaint(command) for command in commands]


def _complaint(command: str) -> str:
    try:
        run(command)
        run("tc qdisc del dev lo root")
    except OSError as refused:
        return "" if "qdisc kind is unknown" in str(refused) else str(refused)
    return ""
