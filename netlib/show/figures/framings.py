"""Three ways to mark messages in a stream, byte by byte."""

from itertools import accumulate

from netlib.show import plots
from netlib.show.plots import CENTRED, FILLS, SENDER, ink_on


def framings(streams: dict[str, list[bytes]], messages: list[bytes], ax):
    """Draw streams byte by byte: for each name, the frames that carry the messages, in order.

    A byte of a message is blue with its character; a byte that the framing adds is yellow;
    a line ends each frame.
    """
    for row, frames in enumerate(streams.values()):
        _tape(frames, messages, row, ax)
    plots.rows(ax, range(len(streams)), list(streams))
    ax.set(xlabel="position in the stream [bytes]", xlim=(0, None), ylim=(len(streams) - 0.5, -0.5))
    return ax


def _tape(frames: list[bytes], messages: list[bytes], row: int, ax):
    stream, ends = b"".join(frames), list(accumulate(map(len, frames)))
    payload = [p for pair in zip(frames, messages, strict=True) for p in _is_payload(*pair)]
    colors = [SENDER if each else FILLS[2] for each in payload]
    ax.barh([row] * len(stream), 1, 0.62, range(len(stream)), color=colors, edgecolor="white")
    for place, byte in enumerate(stream):
        ink = ink_on(colors[place])
        text = ax.text(place + 0.5, row, _shown(byte), **CENTRED, color=ink)
        text.set_in_layout(False)  # to lay out so many takes half a second
    ax.vlines(ends, row - 0.42, row + 0.42, color="black", linewidth=1.2)
    ax.text(len(stream) + 0.5, row, f"{len(stream)} bytes", va="center", fontsize=9)


def _is_payload(frame: bytes, message: bytes) -> list[bool]:
    start = frame.find(message)
    return [start <= n < start + len(message) for n in range(len(frame))]


def _shown(byte: int) -> str:
    names = {ord("\n"): "\\n", ord(" "): "␣"}
    return names.get(byte, chr(byte) if 32 < byte < 127 else str(byte))
