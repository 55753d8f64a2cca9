"""A datagram cut into the packets that carry it over a link of a given MTU (RFC 791, 3.2)."""

from netlib.show import plots
from netlib.show.style import AMBER, SENDER, SKY, ink_on

IP, UDP = 20, 8  # bytes of a header


def cuts(size: int, mtu: int = 1500) -> list[list[int]]:
    """Return the bytes of (IP header, UDP header, payload) of each packet for `size` bytes."""
    packets: list[list[int]] = []
    room, left = mtu - IP, size + UDP
    while left > 0 or not packets:
        data = min(room, left)
        header = UDP if not packets else 0
        packets.append([IP, header, data - header])
        left -= data
    return packets


def fragments(size: int, ax, *, mtu: int = 1500):
    """Draw each packet of a datagram of `size` bytes as a bar of headers and payload [bytes].

    A header is drawn wider than its bytes would be: 20 of 1500 are a hair's breadth.
    """
    packets = cuts(size, mtu)
    for row, parts in enumerate(packets):
        left = 0.0
        for count, color, name in zip(parts, (AMBER, SKY, SENDER), ("IP", "UDP", ""), strict=True):
            width = 150.0 if name and count else float(count)
            ax.barh(-row, width, left=left, height=0.6, color=color, edgecolor="white")
            if count:
                text = f"{name} {count}" if name else f"{count} bytes of payload"
                place = left + width / 2, -row
                ax.text(*place, text, color=ink_on(color), ha="center", va="center")
            left += width
    names = [f"packet {row + 1}" for row in range(len(packets))]
    plots.rows(ax, [-row for row in range(len(packets))], names)
    ax.set(xticks=[])
    ax.spines["bottom"].set_visible(False)
    return ax
