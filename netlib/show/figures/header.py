"""A TCP header, drawn from the bytes of a real packet (RFC 9293, 3.1)."""

from matplotlib.patches import Rectangle

from netlib.protocols.tcp.segment import ACK, FIN, IP, NAMES, PSH, RST, SYN, TCP, URG
from netlib.show.style import AMBER, GREY, SKY

FIELDS = [  # name, bits, bits to the right of it in its word
    [("source port", 16), ("destination port", 16)],
    [("sequence number", 32)],
    [("acknowledgement number", 32)],
    [("offset", 4), ("reserved", 4), ("flags", 8), ("window", 16)],
    [("checksum", 16), ("urgent pointer", 16)],
]
NUMBERS, HEX = ("sequence number", "acknowledgement number"), ("checksum",)


def header(packet: bytes, ax):
    """Draw the TCP header of an IPv4 packet: 32 bits a row, each field with what stands in it.

    The bytes of each row stand at its left as they travel; options and payload are the last rows.
    """
    data = packet[IP.size :]
    size = (data[12] >> 4) * 4
    for row, fields in enumerate(FIELDS):
        word = int.from_bytes(data[4 * row : 4 * row + 4], "big")
        _bytes(ax, row, data[4 * row : 4 * row + 4].hex(" "))
        left = 0
        for name, bits in fields:
            value = word >> (32 - left - bits) & ((1 << bits) - 1)
            color = AMBER if name in NUMBERS else "white"
            _box(ax, row, left, bits, _written(name, value), color)
            left += bits
    rows = len(FIELDS)
    for name, part, color in [
        ("options", data[TCP.size : size], "white"),
        ("payload", data[size:], SKY),
    ]:
        if part:
            few = part[:4].hex(" ") + (" …" if len(part) > 4 else "")
            _bytes(ax, rows, few)
            _box(ax, rows, 0, 32, f"{name}: {len(part)} bytes", color)
            rows += 1
    for bit in (0, 16, 32):
        ax.text(bit, 0.75, f"bit {bit}" if bit < 32 else "32", ha="center", color=GREY)
    ax.set(xlim=(-10, 32.5), ylim=(-rows + 0.4, 1.1))
    ax.axis("off")
    return ax


def _written(name: str, value: int) -> str:
    if name == "flags":
        names = [NAMES[flag] for flag in (SYN, FIN, RST, PSH, ACK, URG) if value & flag]
        return ", ".join(names) or "no flags"
    if name in HEX:
        return f"{name} 0x{value:04x}"
    return f"{name} {value}"


def _box(ax, row: int, left: float, bits: int, text: str, color: str):
    ax.add_patch(Rectangle((left, -row - 0.4), bits, 0.8, facecolor=color, edgecolor="#333"))
    small = {"fontsize": "small"} if bits < 16 else {}
    ax.text(left + bits / 2, -row, text.replace(" ", "\n") if bits < 8 else text,
            ha="center", va="center", **small)  # fmt: skip


def _bytes(ax, row: int, text: str):
    ax.text(-0.6, -row, text, ha="right", va="center", family="monospace", color=GREY)
