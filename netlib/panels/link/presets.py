"""Links with the numbers of kinds of access that people know.

They are examples, not averages of the world: where a number has no source beside it, it is a
plausible choice of ours. What you measure yourself is better: `Empirical.from_ping`.
"""

from difflib import get_close_matches

from netlib.links.link import Link

PRESETS = {  # name: (towards the user, from the user)
    "lan": (
        "delay 100us 20us rate 1gbit limit 1000",
        "delay 100us 20us rate 1gbit limit 1000",
    ),
    "wifi": (
        "delay 21ms 39ms distribution pareto loss 0.2% rate 50mbit limit 250",
        "delay 21ms 39ms distribution pareto loss 0.2% rate 50mbit limit 250",
    ),
    "4g": (
        "delay 35ms 8ms distribution pareto loss 0.1% rate 13mbit limit 300",
        "delay 35ms 8ms distribution pareto loss 0.1% rate 6mbit limit 150",
    ),
    "satellite": (
        "delay 260ms 5ms distribution normal loss 0.12% rate 20mbit limit 500",
        "delay 260ms 5ms distribution normal loss 0.12% rate 2mbit limit 100",
    ),
    "dsl": (
        "delay 10ms 1ms distribution normal rate 16mbit limit 100",
        "delay 10ms 1ms distribution normal rate 1mbit limit 100",
    ),
}

SOURCES = {
    "lan": "IEEE 802.3 at 1 Gbit/s and a switch or two; 1000 packets is Linux's usual queue.",
    "wifi": "Pei et al., WiFi can be the weakest link of round trip network latency in the wild "
    "(INFOCOM 2016), on a campus: more than 20 ms on the radio hop for half of the packets, more "
    "than 100 ms for one in ten. Half of that for each way; rates and loss are ours.",
    "4g": "Huang et al., A close examination of performance and power characteristics of 4G LTE "
    "networks (MobiSys 2012): medians of 13 Mbit/s down and 6 Mbit/s up; round trips near 70 ms. "
    "The radio repeats what it loses, so little is lost and much is late.",
    "satellite": "RFC 2488, section 2: 239.6 to 279.0 ms for one hop over a geostationary "
    "satellite, and up to 1 bit error in 10^7: 0.12 % of packets of 1500 bytes. The rates are "
    "ours.",
    "dsl": "ITU-T G.992.5 (ADSL2+) allows up to 24 Mbit/s down, on short lines. The delay is ours, "
    "with interleaving in mind. The modem's queue holds 1.2 s of upload: Sundaresan et al., "
    "Broadband Internet performance: a view from the gateway (SIGCOMM 2011), saw that and more.",
}


def preset(name: str, direction: str = "down", seed: int = 0) -> Link:
    """Return a fresh link of a known kind, one direction of it: "down" to the user, or "up".

    It keeps order (`keep_order`), as queues and radio links do. `PRESETS` holds the words,
    `SOURCES` where they come from.
    Raises ValueError for a name that is not known.
    """
    if name not in PRESETS:
        close = get_close_matches(str(name), PRESETS, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"unknown preset {name!r}; known: {', '.join(PRESETS)}{hint}")
    if direction not in ("down", "up"):
        raise ValueError(f"direction must be 'down' or 'up', got {direction!r}")
    words = PRESETS[name][direction == "up"]
    return Link.parse(words, seed).copy(keep_order=True)
