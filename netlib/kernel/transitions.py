"""TCP's states and the steps between them, as a table (RFC 9293, figure 5): no socket here."""

from typing import NamedTuple


class Step(NamedTuple):
    """From one state to the next: what happens, and the segment sent in answer, if any."""

    source: str
    event: str
    sent: str
    target: str


TRANSITIONS = [
    Step("CLOSED", "listen()", "", "LISTEN"),
    Step("CLOSED", "connect()", "SYN", "SYN-SENT"),
    Step("LISTEN", "SYN comes", "SYN, ACK", "SYN-RECEIVED"),
    Step("LISTEN", "close()", "", "CLOSED"),
    Step("SYN-SENT", "SYN comes", "SYN, ACK", "SYN-RECEIVED"),  # both connect at once
    Step("SYN-SENT", "SYN, ACK come", "ACK", "ESTABLISHED"),
    Step("SYN-SENT", "close()", "", "CLOSED"),
    Step("SYN-RECEIVED", "ACK comes", "", "ESTABLISHED"),
    Step("SYN-RECEIVED", "close()", "FIN", "FIN-WAIT-1"),
    Step("ESTABLISHED", "close()", "FIN", "FIN-WAIT-1"),
    Step("ESTABLISHED", "FIN comes", "ACK", "CLOSE-WAIT"),
    Step("FIN-WAIT-1", "ACK comes", "", "FIN-WAIT-2"),
    Step("FIN-WAIT-1", "FIN comes", "ACK", "CLOSING"),  # both close at once
    Step("FIN-WAIT-2", "FIN comes", "ACK", "TIME-WAIT"),
    Step("CLOSING", "ACK comes", "", "TIME-WAIT"),
    Step("CLOSE-WAIT", "close()", "FIN", "LAST-ACK"),
    Step("LAST-ACK", "ACK comes", "", "CLOSED"),
    Step("TIME-WAIT", "2 MSL pass", "", "CLOSED"),
]
STATES = list(dict.fromkeys(step.source for step in TRANSITIONS))


def after(state: str, *events: str) -> str:
    """Return the state that a row of events leads to. Raises ValueError for a step not there."""
    for event in events:
        found = [s.target for s in TRANSITIONS if (s.source, s.event) == (state, event)]
        if not found:
            known = [s.event for s in TRANSITIONS if s.source == state]
            raise ValueError(f"in {state!r} expected one of {known!r}, got {event!r}")
        state = found[0]
    return state
