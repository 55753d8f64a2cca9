"""The bad network as plain values: links that lose, delay, repeat and reorder, seeded."""

from netlib.links.codel import CoDel
from netlib.links.delays import Constant, Empirical, Normal, Pareto, Uniform
from netlib.links.link import Link
from netlib.links.loss import AtLeastApart, GilbertElliott, Independent, These
