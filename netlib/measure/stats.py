"""Numbers from measurements, and how far they can be trusted."""

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any, Protocol, TypeVar

import numpy as np


class Ordered(Protocol):
    """What can be compared with <."""

    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=Ordered)
FEWEST = 10  # samples for an interval of their mean; with fewer, the quantile's series is not exact


def proportion_interval(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval for a probability that `hits` in `n` trials suggest (Wilson's).

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association, 1927.
    """
    if not 0 <= hits <= n or n < 1:
        raise ValueError(f"expected 0 <= hits <= n and n >= 1, got hits {hits!r}, n {n!r}")
    z, p = NormalDist().inv_cdf((1 + confidence) / 2), hits / n
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def mean_interval(samples, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval for the mean of independent samples (Student's t). Raises ValueError."""
    n, mean = len(samples), float(np.mean(samples))
    if n < FEWEST:
        raise ValueError(f"expected at least {FEWEST} samples, got {n}")
    half = student_quantile((1 + confidence) / 2, n - 1) * np.std(samples, ddof=1) / math.sqrt(n)
    return mean - float(half), mean + float(half)


def series_interval(samples, confidence: float = 0.95, blocks: int = 16) -> tuple[float, float]:
    """Return the interval for the mean of a series whose neighbours are alike.

    Packets that follow each other in a queue wait alike, so they count for less than independent
    samples. The means of `blocks` long blocks are nearly independent, and are taken instead (what
    does not fill the last block is left out). Taught in: 03.
    """
    size = len(samples) // blocks
    means = np.asarray(samples, dtype=float)[: size * blocks].reshape(blocks, size).mean(axis=1)
    return mean_interval(means, confidence)


def mean_and_error(runs) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean over several runs, a row each, and its standard error; for each column."""
    rows = np.asarray(runs, dtype=float)
    return rows.mean(axis=0), rows.std(axis=0, ddof=1) / math.sqrt(len(rows))


def student_quantile(probability: float, freedom: int) -> float:
    """Return the quantile of Student's t with `freedom` degrees of freedom, 9 or more.

    A series around the normal quantile, within 0.2 % up to a probability of 0.9995. Source:
    M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions, 1964, formula 26.7.5.
    """
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, 1))


def best_of(run: Callable[[], T], below: T, most: int = 8) -> T:
    """Return the least result of up to `most` runs, ending with the first that is below `below`.

    For times: whatever else the machine does can only add to them, so the least of several runs is
    the nearest to the time of the code itself, and the mean is not. Load comes and goes: a busy
    moment spoils a run, hardly eight in a row. A run below `below` has shown what was to be shown;
    if none can be, the least of all `most` says so. Taught in: 07.
    """
    results = [run()]
    while not results[-1] < below and len(results) < most:
        results.append(run())
    return min(results)


def bursts(lost) -> np.ndarray:
    """Return the lengths of the runs of True in a sequence of booleans."""
    edges = np.diff(np.concatenate([[0], np.asarray(lost, dtype=int), [0]]))
    return np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)


def autocorrelation(samples, lags: int = 20) -> np.ndarray:
    """Return the correlation of a series with itself, 0 to `lags` steps later; the first is 1."""
    centred = np.asarray(samples, dtype=float) - np.mean(samples)
    products = [centred[: len(centred) - k] @ centred[k:] for k in range(lags + 1)]
    return np.array(products) / products[0]


def jitter(delays) -> np.ndarray:
    """Return the running estimate J of RFC 3550, section 6.4.1, one value for each delay [s].

    It moves by a sixteenth of |change of delay| at each arrival, and begins at 0.
    """
    estimate, estimates = 0.0, [0.0]
    for change in np.abs(np.diff(delays)):
        estimate += (change - estimate) / 16
        estimates.append(estimate)
    return np.array(estimates)


def delay_changes(delays) -> np.ndarray:
    """Return each delay minus the one before it [s] (RFC 3393, with consecutive packets)."""
    return np.diff(delays)


def delay_excess(delays) -> np.ndarray:
    """Return each delay minus the least of all [s]: the delay variation of RFC 5481, 4.2."""
    return np.asarray(delays) - np.min(delays)
