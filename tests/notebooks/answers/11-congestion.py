"""Answers to the exercises of 11, as students write them; each is put into the exercise's cell."""

# %% exercise 1: right
loss = 1.5 * (8000 / 0.1 / 1e6) ** 2

# %% exercise 1: right
loss = 0.0096

# %% exercise 1: right
loss = 0.01

# %% exercise 1: wrong, at 5.00% it reaches 0.30 Mbit/s
loss = 0.05

# %% exercise 1: wrong, at 0.12% it reaches
loss = 1.5 * (1000 * 8 / 0.1 / 1e6) ** 2 / 8  # bits and bytes

# %% exercise 1: wrong, at 3.84% it reaches
loss = 1.5 * (8000 / 0.05 / 1e6) ** 2  # one way instead of a round trip

# %% exercise 1: wrong, above 0 and below 1, got 0
loss = 0

# %% exercise 1: wrong, TypeError
loss = "0.96"  # percent

# %% exercise 1: wrong, at 96.00% it reaches 0.00 Mbit/s
loss = 0.96  # percent

# %% exercise 2: right
class Mild(tcp.Reno):
    growth = 9 / 17

    def on_ack(self, acked, rtt, now):
        slow_start = self.cwnd < self.ssthresh
        self.cwnd += 1 if slow_start else self.growth / self.cwnd

    def on_loss(self, in_flight, now):
        self.cwnd = self.ssthresh = max(0.7 * in_flight, 2)

# %% exercise 2: right
class Mild(tcp.Reno):
    growth = 3 * (1 - 0.7) / (1 + 0.7)

    def on_ack(self, acked, rtt, now):
        slow_start = self.cwnd < self.ssthresh
        self.cwnd += 1 if slow_start else self.growth / self.cwnd

    def on_loss(self, in_flight, now):
        self.cwnd = self.ssthresh = max(0.7 * in_flight, 2)

# %% exercise 2: right
class Mild(tcp.Reno):
    growth = 1.0

    def on_ack(self, acked, rtt, now):
        slow_start = self.cwnd < self.ssthresh
        self.cwnd += 1 if slow_start else 0.5 / self.cwnd

    def on_loss(self, in_flight, now):
        self.cwnd = self.ssthresh = max(0.7 * in_flight, 2)

# %% exercise 2: wrong, 138% of Reno's goodput
class Mild(tcp.Reno):
    def on_loss(self, in_flight, now):
        self.cwnd = self.ssthresh = max(0.7 * in_flight, 2)

# %% exercise 2: wrong, it must fall to 0.7
class Mild(tcp.Reno):
    pass  # Reno itself

# %% exercise 2: wrong, 75% of Reno's goodput
class Mild(tcp.Reno):
    growth = 0.3

    def on_ack(self, acked, rtt, now):
        slow_start = self.cwnd < self.ssthresh
        self.cwnd += 1 if slow_start else self.growth / self.cwnd

    def on_loss(self, in_flight, now):
        self.cwnd = self.ssthresh = max(0.7 * in_flight, 2)

# %% exercise 2: wrong, did not end within
class Mild(tcp.Reno):
    def on_ack(self, acked, rtt, now):
        slow_start = self.cwnd < self.ssthresh
        self.cwnd += 1 if slow_start else 0.7  # an ACK, not a round trip

    def on_loss(self, in_flight, now):
        self.cwnd = self.ssthresh = max(0.7 * in_flight, 2)

# %% exercise 3: right
class Mine(tcp.Vegas):
    """Watch the delay."""

# %% exercise 3: right
class Mine:
    def __init__(self):
        self.cwnd, self.ssthresh = 10.0, float("inf")

    def on_ack(self, acked, rtt, now):
        self.cwnd += 1 if self.cwnd < self.ssthresh else 1 / self.cwnd

    def on_loss(self, in_flight, now):
        self.cwnd = self.ssthresh = max(in_flight / 2, 2)

    def on_timeout(self, in_flight, now):
        self.cwnd, self.ssthresh = 1.0, max(in_flight / 2, 2)

# %% exercise 3: right
class Mine:
    """Stop growing once the round trip is twice the shortest."""

    def __init__(self):
        self.cwnd, self.ssthresh, self.shortest = 10.0, float("inf"), 9.9

    def on_ack(self, acked, rtt, now):
        if rtt is not None:
            self.shortest = min(self.shortest, rtt)
        if rtt is None or rtt < 2 * self.shortest:
            self.cwnd += 1 if self.cwnd < self.ssthresh else 1 / self.cwnd
        else:
            self.ssthresh = min(self.ssthresh, self.cwnd)

    def on_loss(self, in_flight, now):
        self.cwnd = self.ssthresh = max(in_flight / 2, 2)

    def on_timeout(self, in_flight, now):
        self.cwnd, self.ssthresh = 1.0, max(in_flight / 2, 2)

# %% exercise 3: wrong, of a line of 8 Mbit/s
class Mine:
    """Brakes, but never grows."""

    def __init__(self):
        self.cwnd = 20.0

    def on_ack(self, acked, rtt, now):
        pass

    def on_loss(self, in_flight, now):
        self.cwnd = max(in_flight / 2, 2)

    def on_timeout(self, in_flight, now):
        self.cwnd = 1.0

# %% exercise 3: wrong, alone it uses
class Mine(tcp.Reno):
    """Grows, and never brakes."""

    def on_loss(self, in_flight, now):
        pass

    def on_timeout(self, in_flight, now):
        pass

# %% exercise 3: wrong, Jain's index is
class Mine(tcp.Fixed):
    """Just what fills path and queue: alone it is perfect."""

    def __init__(self):
        super().__init__(28)

# %% exercise 3: wrong, of its share
class Mine(tcp.Reno):
    """Four times as fast, and a brake of a tenth."""

    def on_ack(self, acked, rtt, now):
        self.cwnd += 1 if self.cwnd < self.ssthresh else 4 / self.cwnd

    def on_loss(self, in_flight, now):
        self.cwnd = self.ssthresh = max(0.9 * in_flight, 2)

# %% exercise 3: wrong, AttributeError
class Mine:
    cwnd = 10.0

    def on_ack(self, acked, rtt, now):
        self.cwnd += 1 / self.cwnd

    def on_losses(self, in_flight, now):
        self.cwnd = max(in_flight / 2, 2)

# %% exercise 3: wrong, did not end within
class Mine(tcp.Reno):
    def on_ack(self, acked, rtt, now):
        while self.cwnd < self.ssthresh:
            self.cwnd += 1

# %% exercise 3: wrong, it leaves Reno
class Mine(tcp.Reno):
    """Two segments a round trip, and a brake of a fifth."""

    def on_ack(self, acked, rtt, now):
        self.cwnd += 1 if self.cwnd < self.ssthresh else 2 / self.cwnd

    def on_loss(self, in_flight, now):
        self.cwnd = self.ssthresh = max(0.8 * in_flight, 2)
