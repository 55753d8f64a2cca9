"""Our own TCP in virtual time, as its tests try it with a few seeds."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "protocols" / "tcp"))
from test_hostile import beset, endure  # noqa: F401
from test_streams import lossy  # noqa: F401
from transfers import nasty


def paths(seed: int):
    """A transfer over a path about which the seed decides everything."""
    nasty(seed).judge(seed)
