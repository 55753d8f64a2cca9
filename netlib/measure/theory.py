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


def throughput(window, rtt, rate):
    """Return the bits per second of `window` bytes each `rtt`, on a path that carries `rate`.

    The knee is where window = rate * rtt / 8: the bandwidth-delay product.
    Source: RFC 7323, section 1.1 (W/RTT); J. F. Kurose, K. W. Ross, Computer Networking, 3.4.2.
    """
    return np.minimum(8 * np.asarray(window) / rtt, rate)


def slow_start_rounds(segments, first=10):
    """Return how many round trips slow start needs for these segments, `first` in the first one.

    Each round doubles the window: n rounds send first * (2**n - 1). Without loss, and with an ACK
    for each segment. Source: RFC 5681, section 3.1; `first`: RFC 6928.
    """
    return np.ceil(np.log2(np.asarray(segments) / first + 1)).astype(int)


def utilisation(a, window=1):
    """Return the fraction of the time that a sender without losses sends: window / (1 + 2a).

    a: the one-way delay over the time it takes to transmit one segment; the time of an ACK is 0.
    Source: W. Stallings, Data and Computer Communications, appendix on data link control.
    """
    return np.minimum(1.0, np.asarray(window) / (1 + 2 * np.asarray(a)))


def either_way_loss(p, p_back=None):
    """Return the probability that a message or its acknowledgement is lost: 1 - (1 - p)(1 - p').

    p_back: the loss on the way back, None: the same.
    """
    return 1 - (1 - p) * (1 - (p if p_back is None else p_back))


def stop_and_wait_time(rtt, rto, p, p_back=None):
    """Return the mean time a message takes [s]: one round trip, and a timeout for each loss.

    The number of failures is geometric: rtt + rto * Ps / (1 - Ps), Ps the `either_way_loss`.
    """
    failure = either_way_loss(p, p_back)
    return rtt + rto * failure / (1 - failure)


def selective_repeat(p, a, window=np.inf):
    """Return the efficiency of selective repeat, data lost with probability p: window-limited.

    Exact for a window of 1 and for one without limit; in between a bound, because the window also
    stands still whenever its oldest message is lost. Source: Stallings, as `utilisation`.
    """
    return (1 - p) * utilisation(a, window)


def go_back_n(p, a, window=np.inf):
    """Return the efficiency of go-back-N: (1 - p) / (1 + 2ap), if the window fills the pipe.

    Below, window (1 - p) / ((1 + 2a)(1 - p + window p)), which takes the idle time as spread
    evenly over the messages; see `go_back_n_exact`. Source: Stallings, as `utilisation`.
    """
    round_trip = 1 + 2 * np.asarray(a)
    repeats = np.minimum(window, round_trip)  # for each loss
    return utilisation(a, window) * (1 - p) / (1 - p + repeats * p)


def go_back_n_exact(p, a, window=np.inf):
    """Return the efficiency of go-back-N with a timeout of one round trip, and p above 0.

    Between two losses, G messages get through, G geometric with mean (1 - p) / p. They take G, and
    each window that is full a wait of 1 + 2a - window; the loss takes a round trip 1 + 2a, after
    which a window begins: so E[floor(G / window)] = q^window / (1 - q^window) waits, q = 1 - p.
    """
    round_trip, successes = 1 + 2 * np.asarray(a), (1 - p) / p
    chance = (1 - p) ** np.minimum(window, round_trip)
    waits = chance / (1 - chance) * (round_trip - np.minimum(window, round_trip))
    return successes / (successes + waits + round_trip)


def fec_residual(p, k):
    """Return the loss that one parity for k messages leaves: lost, and so is another of the k + 1.

    p (1 - (1 - p)^k) for independent losses.
    """
    return p * loss_of_any(p, k)


def mathis(p, mss, rtt):
    """Return the goodput [bits/s] of Reno at loss p: MSS/RTT * sqrt(3/2p), an ACK a segment.

    One period loses one segment: cwnd climbs from W/2 to W in W/2 round trips, 3/8 W² segments, and
    these are 1/p. Source: M. Mathis et al., The macroscopic behavior of the TCP congestion
    avoidance algorithm, Computer Communication Review 27(3), 1997.
    """
    return mss * 8 / rtt * np.sqrt(3 / (2 * np.asarray(p, dtype=float)))


def pftk(p, mss, rtt, rto, acked=1):
    """Return the goodput [bits/s] of Reno at loss p, timeouts included; `acked` segments an ACK.

    Source: J. Padhye, V. Firoiu, D. Towsley, J. Kurose, Modeling TCP throughput, SIGCOMM 1998,
    equation 30 (without the receiver's window).
    """
    p = np.asarray(p, dtype=float)
    fast = rtt * np.sqrt(2 * acked * p / 3)
    slow = rto * np.minimum(1, 3 * np.sqrt(3 * acked * p / 8)) * p * (1 + 32 * p**2)
    return mss * 8 / (fast + slow)


def reno_period(top, rtt, segment_time):
    """Return the period [s] of Reno's sawtooth, from top/2 to `top` segments, alone on a path.

    One segment more each round trip, which takes `rtt` [s] as long as nothing waits, later what
    all segments in flight need at the bottleneck, `segment_time` [s] for each.
    """
    windows = np.arange(top / 2, top)
    return float(np.maximum(rtt, windows * segment_time).sum())


def jain(shares):
    """Return Jain's index of fairness: 1 for equal shares, 1/n if one has it all.

    Source: R. Jain, D. Chiu, W. Hawe, A quantitative measure of fairness, DEC-TR-301, 1984.
    """
    shares = np.asarray(shares, dtype=float)
    return float(shares.sum() ** 2 / (len(shares) * (shares**2).sum()))
