"""The states of a connection, and the steps between them: RFC 9293, figure 5, as a table."""

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
NEXT = {(step.source, step.event): step.target for step in TRANSITIONS}
