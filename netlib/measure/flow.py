"""One direction of a TCP connection, read out of a Trace of its packets, as one reads a capture.

What is in flight, how long a round trip takes, how fast the stream goes on: all of it stands in the
headers that went by. Only what the sender has in mind, cwnd, must be told: see `Recorded`.
"""

from collections import deque

import numpy as np

from netlib.protocols.tcp.congestion import CongestionControl
from netlib.protocols.tcp.segment import ACK, SYN, Segment, parse, unwrap
from netlib.trace import Trace


class Flow:
    """The data that `sender` sent in a trace, and what came of it; a byte's number counts from 0.

    Arrays, a row for each packet: `sent` (time [s], first byte, behind the last byte, 1 if it was
    sent again), `acks` (time [s], byte expected next), `in_flight` (time [s], bytes sent and not
    acknowledged), `rtts` (time [s], round trip [s]; of bytes sent once), `arrived` (time [s], first
    byte, behind the last), `lost` (time [s], first byte). Raises ValueError without a SYN of its.
    """

    def __init__(self, trace: Trace, sender: str = "sender", receiver: str = "receiver"):
        self._rows: dict[str, list[tuple]] = {name: [] for name in COLUMNS}
        self._isn: int | None = None
        self._top = self._una = 0
        self._once: deque[tuple[int, float]] = deque()  # (behind the last byte, when it was sent)
        source = b""
        for time, role, action, packet, _, _ in trace:
            if not packet or (segment := parse(packet)) is None:
                continue
            if role == sender and action == "send":
                source = source or packet[12:16]
                self._send(time, segment)
            elif role == sender and action == "receive":
                self._hear(time, segment)
            elif segment.payload and packet[12:16] == source:
                if role == receiver and action == "receive":
                    self._rows["arrived"].append((time, *self._bytes(segment)))
                elif action == "lost":
                    self._rows["lost"].append((time, self._bytes(segment)[0]))
        if self._isn is None:
            raise ValueError(f"expected a trace in which {sender!r} sends a SYN, got none")
        for name, rows in self._rows.items():
            setattr(self, name, np.array(rows, dtype=float).reshape(-1, COLUMNS[name]))

    sent: np.ndarray
    acks: np.ndarray
    in_flight: np.ndarray
    rtts: np.ndarray
    arrived: np.ndarray
    lost: np.ndarray

    def goodput(self, width: float, until: float | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return the middles of intervals of `width` [s], and the bits/s acknowledged in each."""
        times, bytes_acked = self.acks.T
        edges = np.arange(0, (times[-1] if until is None else until) + width, width)
        reached = np.interp(edges, times, np.maximum.accumulate(bytes_acked), left=0)
        return (edges[:-1] + edges[1:]) / 2, np.diff(reached) * 8 / width

    def _bytes(self, segment: Segment) -> tuple[int, int]:
        first = unwrap(segment.seq - self._isn - 1, self._una)  # type: ignore[operator]
        return first, first + len(segment.payload)

    def _send(self, time: float, segment: Segment):
        if segment.flags & SYN:
            self._isn = segment.seq
        if self._isn is None or not segment.payload:
            return
        first, end = self._bytes(segment)
        again = first < self._top
        if again:  # what it repeats is not measured any more: Karn's rule
            self._once = deque(item for item in self._once if item[0] <= first)
        else:
            self._once.append((end, time))
        self._top = max(self._top, end)
        self._rows["sent"].append((time, first, end, again))
        self._rows["in_flight"].append((time, self._top - self._una))

    def _hear(self, time: float, segment: Segment):
        if self._isn is None or not segment.flags & ACK:
            return
        ack = min(unwrap(segment.ack - self._isn - 1, self._una), self._top)  # not the FIN
        self._rows["acks"].append((time, ack))
        if ack <= self._una:
            return
        self._una, sent = ack, None
        while self._once and self._once[0][0] <= ack:
            end, at = self._once.popleft()
            sent = at if end == ack else None
        if sent is not None:
            self._rows["rtts"].append((time, time - sent))
        self._rows["in_flight"].append((time, self._top - ack))


COLUMNS = {"sent": 4, "acks": 2, "in_flight": 2, "rtts": 2, "arrived": 3, "lost": 2}


class Recorded:
    """A congestion control that does what `control` does, and keeps a diary of its window.

    `history` holds (time [s], cwnd, ssthresh or nan [segments]) after each report to it.
    """

    def __init__(self, control: CongestionControl):
        self.control, self.history = control, [(0.0, control.cwnd, self._threshold(control))]

    @property
    def cwnd(self) -> float:
        return self.control.cwnd

    def on_ack(self, acked: float, rtt: float | None, now: float):
        self.control.on_ack(acked, rtt, now)
        self._note(now)

    def on_loss(self, in_flight: float, now: float):
        self.control.on_loss(in_flight, now)
        self._note(now)

    def on_timeout(self, in_flight: float, now: float):
        self.control.on_timeout(in_flight, now)
        self._note(now)

    def _note(self, now: float):
        self.history.append((now, self.control.cwnd, self._threshold(self.control)))

    @staticmethod
    def _threshold(control: CongestionControl) -> float:
        return getattr(control, "ssthresh", np.nan)
