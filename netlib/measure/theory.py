"""The formulas that the notebooks draw behind their data: one function each, with its source.

Probabilities are in [0, 1], times in seconds, sizes in bytes, rates in bits per second. Every
function takes numbers or numpy arrays.
"""

import numpy as np


def fragments(size, mtu=1500):
    """Return how many IPv4 packets carry a UDP payload of `size` bytes (RFC 791, section 3.2)."""
    return np.ceil((np.asarray(size) + 8) / (mtu - 20)).astype(int)


def loss_of_any(p, k):
    """Return the probability that at least one of `k` independent packets is lost."""
    return 1 - (1 - p) ** np.asarray(k)


def burst_loss(p, r):
    """Return the loss of a Gilbert channel: bad with probability p, good again with r.

    Source: E. N. Gilbert, Capacity of a burst-noise channel, Bell System Technical Journal, 1960.
    """
    return p / (p + r)


def mean_burst(r):
    """Return the mean number of losses in a row of a Gilbert channel: geometric with r."""
    return 1 / r


def overflow_loss(load):
    """Return the loss of a full queue, arrivals at `load` times the rate of service: 1 - 1/load."""
    return np.maximum(0.0, 1 - 1 / np.asarray(load, dtype=float))


def none_seen(n):
    """Return the loss that `n` arrivals out of `n` leave possible, at 95 %: the rule of three.

    Source: J. A. Hanley, A. Lippman-Hand, If nothing goes wrong, is everything all right?, 1983.
    """
    return 3 / np.asarray(n)


def jitter_of_normal(sigma):
    """Return RFC 3550's J for independent normal delays: the mean of their absolute differences."""
    return 2 * sigma / np.sqrt(np.pi)


def jitter_of_uniform(width):
    """Return RFC 3550's J for independent delays, uniform over `width`: a third of it."""
    return width / 3


def wait_mg1(rate, service, square):
    """Return the mean wait before service: `rate` Poisson arrivals per second, any service times.

    service: their mean [s], square: the mean of their squares [s²].
    Source: L. Kleinrock, Queueing Systems, volume 1, 1975, section 5.6 (Pollaczek-Khinchine).
    """
    return rate * square / (2 * (1 - rate * service))


def wait_md1(load, service):
    """Return the mean wait before service: Poisson arrivals, each served in `service` seconds."""
    return wait_mg1(load / service, service, service**2)


def wait_mm1(load, service):
    """Return the mean wait before service: Poisson arrivals, exponential service of this mean.

    Source: L. Kleinrock, Queueing Systems, volume 1, 1975, section 3.2.
    """
    return load * service / (1 - load)


def standing_delay(buffer, rate):
    """Return the seconds that a full buffer of `buffer` bytes adds at `rate`: bufferbloat, B/C."""
    return 8 * buffer / rate


def late_or_lost(p, later_than):
    """Return the loss a player hears: lost (p), or later than it waits (with this probability)."""
    return p + (1 - p) * np.asarray(later_than)
