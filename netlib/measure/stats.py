"""Numbers from what was measured, with how far they can be trusted."""

import math

import numpy as np
from scipy import special  # the quantiles; scipy.stats, which has the rest, takes 5 times as long


def proportion_interval(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return where a probability lies, of which `hits` in `n` trials were seen (Wilson's interval).

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association, 1927.
    """
    if not 0 <= hits <= n or n < 1:
        raise ValueError(f"expected 0 <= hits <= n and n >= 1, got hits {hits!r}, n {n!r}")
    z, p = special.ndtri((1 + confidence) / 2), hits / n
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def mean_interval(samples, confidence: float = 0.95) -> tuple[float, float]:
    """Return where the mean of independent samples lies (Student's t)."""
    n, mean = len(samples), float(np.mean(samples))
    half = special.stdtrit(n - 1, (1 + confidence) / 2) * np.std(samples, ddof=1) / math.sqrt(n)
    return mean - float(half), mean + float(half)


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
