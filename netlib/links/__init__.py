"""The bad network: links that lose, delay, repeat and reorder, and the worlds to put them in."""

from netlib.links.delays import Constant, Empirical, Normal, Pareto, Uniform
from netlib.links.link import Link
from netlib.links.loss import Drops, GilbertElliott, Independent, Recorded, Spaced
from netlib.links.presets import preset
from netlib.links.simulator import Conversation, simulate, simulate_all
from netlib.links.traffic import Echo, Sink, Source

__all__ = [
    "Constant",
    "Conversation",
    "Drops",
    "Echo",
    "Empirical",
    "GilbertElliott",
    "Independent",
    "Link",
    "Normal",
    "Pareto",
    "Recorded",
    "Sink",
    "Source",
    "Spaced",
    "Uniform",
    "preset",
    "simulate",
    "simulate_all",
]
