"""Try what the suite tries a sample of: python tests/soak.py tcp [--all], from the root.

Without --all a tenth of it, in about ten seconds. It says how far it is, and ends with 1 and the
first failure if anything was wrong.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "protocols" / "tcp")]


def tcp(whole: bool):
    """Yield what was done, step by step; raise AssertionError for what is wrong."""
    from test_hostile import beset, endure
    from test_streams import lossy, nasty

    part = 1 if whole else 10
    for name, trial, count in (
        ("transfers at 10 % loss", lossy, 1000),
        ("transfers over bad paths", lambda seed: nasty(seed).judge(seed), 5000),
        ("thousand packets of strangers", beset, 1000),
        ("peers without sense", endure, 10_000),
    ):
        for seed in range(count // part):
            trial(seed)
        yield f"{count // part} {name}, 0 wrong"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("room", choices=["tcp"])
    parser.add_argument("--all", action="store_true", help="everything, in about two minutes")
    arguments = parser.parse_args()
    began = time.monotonic()
    for line in globals()[arguments.room](arguments.all):
        sys.stdout.write(f"{time.monotonic() - began:6.1f} s  {line}\n")
