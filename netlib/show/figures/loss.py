"""Figures of loss: what a buffer charges, how long the gaps are."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from netlib.show import plots


def charged(sizes: Sequence[int], charges: Sequence[int], ax: Axes) -> Axes:
    """Draw a bar for each size of payload [bytes]: what of its charge is payload, what is not."""
    rows = np.arange(len(sizes))[::-1]
    ax.barh(rows, charges, height=0.6, color=plots.FILLS[1])
    ax.barh(rows, sizes, height=0.6, color=plots.SENDER)
    for row, size, charge in zip(rows, sizes, charges, strict=True):
        plots.name_line(ax, charge, row, f"{charge} for {size}", "0.15")
    labels = [f"{size}" for size in sizes]
    ax.set(yticks=rows, yticklabels=labels, xlim=(0, 1.2 * max(charges)))
    ax.set(xlabel="bytes of the buffer (blue: payload)", ylabel="payload [B]")
    ax.tick_params(left=False)
    return ax


def gap_lengths(
    gaps: Mapping[str, Sequence[int]], ends: Sequence[float], ax: Axes, longest: int = 20
) -> Axes:
    """Draw which fraction of the gaps is at least k datagrams long; dashed: geometric.

    gaps: the lengths by the name of the link, at most three. ends: for each, the probability that
    a gap ends with the next datagram.
    """
    k = np.arange(1, longest + 1)
    looks = ((plots.SENDER, "o"), (plots.LOSS, "x"), (plots.THIRD, "s"))
    for (name, lengths), end, (color, marker) in zip(gaps.items(), ends, looks, strict=False):
        shares = [np.mean(np.asarray(lengths) >= each) for each in k]
        plots.theory(k, (1 - end) ** (k - 1), ax)
        plots.measured(k, shares, ax, color=color, marker=marker)
        plots.name_line(ax, 2, shares[1], f" {name}", color)
    ax.set(xlabel="datagrams lost in a row", ylabel="fraction at least this long", xticks=k[::2])
    return ax
