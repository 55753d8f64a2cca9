"""Answers to the exercises of 07, as students write them; each is put into the exercise's cell."""

# %% exercise 1: right
smallest = 500_000

# %% exercise 1: right
smallest = 50e6 * 0.08 / 8  # a float, but a whole number

# %% exercise 1: right
smallest = int(50e6 * 0.080) // 8

# %% exercise 1: wrong, whole number
smallest = 500_000.5

# %% exercise 1: wrong, not the smallest
smallest = 4_000_000  # bits

# %% exercise 1: wrong, does not fill the path
smallest = 250_000  # one way instead of a round trip

# %% exercise 1: wrong, does not fill the path
smallest = 499_999

# %% exercise 1: wrong, not the smallest
smallest = 500_001

# %% exercise 1: wrong, does not fill the path
smallest = 65_535

# %% exercise 2: right
def send_request(client, parts):
    client.send_all(b"".join(parts))

# %% exercise 2: right
def send_request(client, parts):
    client.send(b"".join(parts))

# %% exercise 2: right
def send_request(client, parts):
    request = bytearray()
    for part in parts:
        request += part
    client.send_all(request)

# %% exercise 2: wrong, expected one write, got 3
def send_request(client, parts):
    for part in parts:
        client.send_all(part)

# %% exercise 2: wrong, expected one write, got 3
def send_request(client, parts):
    client.settimeout(5) if hasattr(client, "settimeout") else None
    for part in parts:
        client.send(part)

# %% exercise 2: wrong, other bytes
def send_request(client, parts):
    client.send_all(parts[0])

# %% exercise 2: wrong, other bytes
def send_request(client, parts):
    client.send_all(b" ".join(parts))

# %% exercise 2: wrong, data must be bytes
def send_request(client, parts):
    client.send_all(parts)

# %% exercise 2: wrong, other bytes: b''
def send_request(client, parts):
    return b"".join(parts)

# %% exercise 2: wrong, did not end within
def send_request(client, parts):
    while parts:
        pass

# %% exercise 2: wrong, other bytes
def send_request(client, parts):
    client.send_all(b"header and the body.")  # whatever the parts are

# %% exercise 2: wrong, IndexError
def send_request(client, parts):
    client.send_all(parts[0] + parts[1] + parts[2])

# %% exercise 2: wrong, left no connection
def send_request(client, parts):
    client.send_all(b"".join(parts))
    client.close()

# %% exercise 3: right
class ManyStreams:
    deadline = None

    def __init__(self, streams):
        self.streams, self.arrived, self.delivered = streams, {}, {}

    def wake(self, now):
        return []

    def receive(self, message, now):
        n = int.from_bytes(message, "big")
        self.arrived.setdefault(n, now)
        k = n % self.streams
        while k in self.arrived:
            self.delivered.setdefault(k, now)
            k += self.streams
        return [message]

# %% exercise 3: right
class ManyStreams:
    deadline = None

    def __init__(self, streams):
        self.next, self.waiting, self.delivered = list(range(streams)), set(), {}

    def wake(self, now):
        return []

    def receive(self, message, now):
        self.waiting.add(n := int.from_bytes(message, "big"))
        stream = n % len(self.next)
        while self.next[stream] in self.waiting:
            self.delivered[self.next[stream]] = now
            self.next[stream] += len(self.next)
        return [message]

# %% exercise 3: right
class ManyStreams:  # one receiver in order for each stream
    deadline = None

    def __init__(self, streams):
        self.receivers, self.delivered = [InOrder() for _ in range(streams)], {}

    def wake(self, now):
        return []

    def receive(self, message, now):
        count = len(self.receivers)
        place, stream = divmod(int.from_bytes(message, "big"), count)
        receiver = self.receivers[stream]
        receiver.receive(place.to_bytes(4, "big"), now)
        for k, at in enumerate(receiver.delivered):
            self.delivered[k * count + stream] = at
        return [message]

# %% exercise 3: wrong, expected each message as its ACK
class ManyStreams:
    deadline = None

    def __init__(self, streams):
        self.streams, self.arrived, self.delivered = streams, {}, {}

    def wake(self, now):
        return []

    def receive(self, message, now):
        n = int.from_bytes(message, "big")
        self.arrived.setdefault(n, now)
        k = n % self.streams
        while k in self.arrived:
            self.delivered.setdefault(k, now)
            k += self.streams

# %% exercise 3: wrong, expected each message as its ACK
class ManyStreams:
    deadline = None

    def __init__(self, streams):
        self.streams, self.arrived, self.delivered = streams, {}, {}

    def wake(self, now):
        return []

    def receive(self, message, now):
        n = int.from_bytes(message, "big")
        self.arrived.setdefault(n, now)
        k = n % self.streams
        while k in self.arrived:
            self.delivered.setdefault(k, now)
            k += self.streams
        return []

# %% exercise 3: wrong, expected each message as its ACK
class ManyStreams:  # the ACK only once the message is handed over
    deadline = None

    def __init__(self, streams):
        self.streams, self.arrived, self.delivered = streams, {}, {}

    def wake(self, now):
        return []

    def receive(self, message, now):
        n = int.from_bytes(message, "big")
        self.arrived.setdefault(n, now)
        k = n % self.streams
        while k in self.arrived:
            self.delivered.setdefault(k, now)
            k += self.streams
        return [message] if n in self.delivered else []

# %% exercise 3: wrong, must return a list
class ManyStreams:
    deadline = None

    def __init__(self, streams):
        self.delivered = {}

    def wake(self, now):
        return []

    def receive(self, message, now):
        return message

# %% exercise 3: wrong, 1 streams: message 4 handed over at 0.03
class ManyStreams:  # hands over whatever comes
    deadline = None

    def __init__(self, streams):
        self.delivered = {}

    def wake(self, now):
        return []

    def receive(self, message, now):
        self.delivered.setdefault(int.from_bytes(message, "big"), now)
        return [message]

# %% exercise 3: wrong, 2 streams: message 4 handed over at 0.087
class ManyStreams:  # one stream, however many are asked for
    deadline = None

    def __init__(self, streams):
        self.arrived, self.delivered = {}, {}

    def wake(self, now):
        return []

    def receive(self, message, now):
        self.arrived.setdefault(int.from_bytes(message, "big"), now)
        while len(self.delivered) in self.arrived:
            self.delivered[len(self.delivered)] = now
        return [message]

# %% exercise 3: wrong, expected 0.010
class ManyStreams:  # when it arrived, as the number of the message
    deadline = None

    def __init__(self, streams):
        self.delivered = {}

    def wake(self, now):
        return []

    def receive(self, message, now):
        self.delivered[message] = now
        return [message]

# %% exercise 3: wrong, did not end within
class ManyStreams:
    deadline = None

    def __init__(self, streams):
        self.streams, self.arrived, self.delivered = streams, {}, {}

    def wake(self, now):
        return []

    def receive(self, message, now):
        n = int.from_bytes(message, "big")
        self.arrived[n] = now
        while n in self.arrived:
            self.delivered[n] = now  # and n stays what it is
        return [message]

# %% exercise 3: wrong, 1 streams: message 8 handed over at 0.087
class ManyStreams:  # the first gap is filled, so hands over all, across a second gap
    deadline = None

    def __init__(self, streams):
        self.streams, self.arrived, self.delivered = streams, set(), {}

    def wake(self, now):
        return []

    def receive(self, message, now):
        n, count = int.from_bytes(message, "big"), self.streams
        self.arrived.add(n)
        if n < count or n - count in self.delivered:
            for k in sorted(self.arrived):
                if k % count == n % count:
                    self.delivered.setdefault(k, now)
        return [message]
