"""The bad network as plain values: links that lose, delay, repeat and reorder, seeded."""

from netlib.links.delays import Constant, Empirical, Normal, Pareto, Uniform
from netlib.links.link import Link
from netlib.links.loss import Drops, GilbertElliott, Independent, Recorded, Spaced
from netlib.links.presets import preset

__all__ = [
    "Constant",
    "Drops",
    "Empirical",
    "GilbertElliott",
    "Independent",
    "Link",
    "Normal",
    "Pareto",
    "Recorded",
    "Spaced",
    "Uniform",
    "preset",
]
