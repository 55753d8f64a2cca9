"""Senders and receivers with one mistake each, as people write them on their first day."""


class Sender:
    """Stop-and-wait with the alternating bit: correct. A datagram is the bit, then the message."""

    def __init__(self, messages, timeout):
        self.messages, self.timeout = messages, timeout
        self.index, self.deadline = 0, 0.0

    @property
    def done(self):
        return self.index == len(self.messages)

    def send(self, now):
        if self.done:
            self.deadline = None
            return []
        self.deadline = now + self.timeout
        return [b"%d" % (self.index % 2) + self.messages[self.index]]

    def wake(self, now):
        return self.send(now)

    def receive(self, datagram, now):
        if self.done or datagram != b"%d" % (self.index % 2):
            return []
        self.index += 1
        return self.send(now)


class Receiver:
    """The other end: correct over any link that keeps the order."""

    deadline = None

    def __init__(self):
        self.delivered, self.expected = [], 0

    def receive(self, datagram, now):
        bit = datagram[:1]
        if bit not in (b"0", b"1"):
            return []
        if bit == b"%d" % self.expected:
            self.delivered.append(datagram[1:])
            self.expected = 1 - self.expected
        return [bit]

    def wake(self, now):
        return []
