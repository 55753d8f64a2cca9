"""Answers to the exercises of 09, as students write them; each is put into the exercise's cell."""

# %% exercise 1: right
smallest = 101

# %% exercise 1: right
smallest = 1 + 2 * 50

# %% exercise 1: right
smallest = round(10e6 * (0.100 + 0.001) / 8 / 1250)

# %% exercise 1: right
smallest = 10e6 * 0.101 / 8 / 1250  # a float

# %% exercise 1: wrong, no whole window
smallest = 100.5

# %% exercise 1: wrong, no whole window
smallest = 101.4

# %% exercise 1: wrong, a window of 100 uses 99.1%
smallest = 100  # the round trip without the message's own time

# %% exercise 1: wrong, a window of 101 uses 100.0%
smallest = 102

# %% exercise 1: wrong, a window of 10 uses
smallest = 10

# %% exercise 1: wrong, a window is 1 or more, got 0
smallest = 0

# %% exercise 1: wrong, a window is 1 or more, got -5
smallest = -5

# %% exercise 1: wrong, a window of 1 uses 1.0%
smallest = 1

# %% exercise 1: wrong, a window of 51 uses
smallest = 51  # one way only

# %% exercise 1: wrong, TypeError
smallest = None

# %% exercise 1: wrong, TypeError
smallest = "101"

# %% exercise 1: wrong, a window of 999999999 uses 100.0%
smallest = 1_000_000_000

# %% exercise 2: right
class Cumulative(Keeper):
    def take(self, seq, message, now):
        if not super().take(seq, message, now):
            return []
        number = len(self.delivered) - 1
        return [wire.ack(number % self.space)]

# %% exercise 2: right
class Cumulative(Keeper):
    def take(self, seq, message, now):
        answer = super().take(seq, message, now)
        return [wire.ack((len(self.delivered) - 1) % self.space)] if answer else []

# %% exercise 2: right
class Cumulative(Keeper):
    def take(self, seq, message, now):
        if not super().take(seq, message, now):
            return []
        return [wire.ack((len(self.delivered) + self.space - 1) % self.space)]

# %% exercise 2: wrong, the sender never stops
class Cumulative(Keeper):
    def take(self, seq, message, now):
        if not super().take(seq, message, now):
            return []
        number = len(self.delivered) + len(self.kept)  # the next byte, as TCP names it
        return [wire.ack(number % self.space)]

# %% exercise 2: wrong, the sender never stops
class Cumulative(Keeper):
    def take(self, seq, message, now):
        if not super().take(seq, message, now):
            return []
        number = len(self.delivered) - 2
        return [wire.ack(number % self.space)]

# %% exercise 2: wrong, should have been
class Cumulative(Keeper):
    def take(self, seq, message, now):
        if not super().take(seq, message, now):
            return []
        return [wire.ack(seq)]  # each message alone

# %% exercise 2: wrong, error
class Cumulative(Keeper):
    def take(self, seq, message, now):
        if not super().take(seq, message, now):
            return []
        return [wire.ack(len(self.delivered) - 1)]  # -1 is no number on the wire

# %% exercise 2: wrong, message 1, then 0
class Cumulative(Keeper):
    def take(self, seq, message, now):
        if not super().take(seq, message, now):
            return []
        number = min(seq, len(self.delivered) - 1)  # late: not all that the gap held up
        return [wire.ack(number % self.space)]

# %% exercise 2: wrong, message 1, then 0
class Cumulative(Keeper):
    def take(self, seq, message, now):
        if not super().take(seq, message, now) or self.kept:
            return []
        number = len(self.delivered) - 1
        return [wire.ack(number % self.space)]

# %% exercise 2: wrong, it forgets what was early
class Cumulative(InOrder):
    def __init__(self, window):
        super().__init__()

# %% exercise 2: wrong, the receiver
class Cumulative(Keeper):
    def take(self, seq, message, now):
        while True:
            pass

# %% exercise 2: wrong, should have been
class Cumulative(Keeper):
    def take(self, seq, message, now):
        return []

# %% exercise 3: right
class Fast(SelectiveRepeat):
    def __init__(self, messages, window, timeout):
        super().__init__(messages, window, timeout)
        self.again = set()

    def receive(self, datagram, now):
        out, waiting = super().receive(datagram, now), set(self.waiting()) - self.again
        missed = [n for n in sorted(waiting) if sum(m > n for m in self.acked) >= 3]
        self.again.update(missed)
        return self.send(missed, now) + out

# %% exercise 3: right
class Fast(SelectiveRepeat):
    repeated = ()

    def receive(self, datagram, now):
        out = super().receive(datagram, now)
        for n in self.waiting():
            later = [m for m in self.acked if m > n]
            if len(later) == 3 and n not in self.repeated:
                self.repeated = (*self.repeated, n)
                out = out + self.send([n], now)
        return out

# %% exercise 3: right
class Fast(SelectiveRepeat):
    def __init__(self, *settings):
        super().__init__(*settings)
        self.skipped, self.once = {}, set()

    def acknowledge(self, number):
        new = number not in self.acked
        super().acknowledge(number)
        for n in self.waiting():
            if new and n < number:
                self.skipped[n] = self.skipped.get(n, 0) + 1

    def receive(self, datagram, now):
        out = super().receive(datagram, now)
        late = [n for n in self.waiting() if self.skipped.get(n, 0) >= 3 and n not in self.once]
        self.once.update(late)
        return out + self.send(late, now)

# %% exercise 3: wrong, repeats at the ACKs of []
class Fast(SelectiveRepeat):
    pass

# %% exercise 3: wrong, repeats at the ACKs of []
class Fast(SelectiveRepeat):
    def __init__(self, messages, window, timeout):
        super().__init__(messages, window, 0.15)  # a short timer counts nothing

# %% exercise 3: wrong, message 0 lost: repeats at the ACKs of [1], not one, at that of 3
class Fast(SelectiveRepeat):
    least = 1

    def __init__(self, messages, window, timeout):
        super().__init__(messages, window, timeout)
        self.again = set()

    def receive(self, datagram, now):
        out, waiting = super().receive(datagram, now), set(self.waiting()) - self.again
        missed = [n for n in sorted(waiting) if sum(m > n for m in self.acked) >= self.least]
        self.again.update(missed)
        return self.send(missed, now) + out

# %% exercise 3: wrong, message 0 lost: repeats at the ACKs of [2], not one, at that of 3
class Fast(SelectiveRepeat):
    least = 2

    def __init__(self, messages, window, timeout):
        super().__init__(messages, window, timeout)
        self.again = set()

    def receive(self, datagram, now):
        out, waiting = super().receive(datagram, now), set(self.waiting()) - self.again
        missed = [n for n in sorted(waiting) if sum(m > n for m in self.acked) >= self.least]
        self.again.update(missed)
        return self.send(missed, now) + out

# %% exercise 3: wrong, message 0 lost: repeats at the ACKs of [7], not one, at that of 3
class Fast(SelectiveRepeat):
    least = 7

    def __init__(self, messages, window, timeout):
        super().__init__(messages, window, timeout)
        self.again = set()

    def receive(self, datagram, now):
        out, waiting = super().receive(datagram, now), set(self.waiting()) - self.again
        missed = [n for n in sorted(waiting) if sum(m > n for m in self.acked) >= self.least]
        self.again.update(missed)
        return self.send(missed, now) + out

# %% exercise 3: wrong, message 0 lost: repeats at the ACKs of [3, 3, 4, 4, 5, 5, 6, 6, 7, 7], not one
class Fast(SelectiveRepeat):
    def receive(self, datagram, now):
        out = super().receive(datagram, now)
        missed = [n for n in self.waiting() if sum(m > n for m in self.acked) >= 3]
        return self.send(missed, now) + out  # again and again

# %% exercise 3: wrong, message 2 lost: repeats at the ACKs of [3], not one, at that of 5
class Fast(SelectiveRepeat):
    def __init__(self, messages, window, timeout):
        super().__init__(messages, window, timeout)
        self.again = set()

    def receive(self, datagram, now):
        out = super().receive(datagram, now)
        oldest = set(self.waiting()[:1]) - self.again
        missed = list(oldest) if len(self.acked) >= 3 else []  # counts earlier ones, too
        self.again.update(missed)
        return self.send(missed, now) + out

# %% exercise 3: wrong, did not end within
class Fast(SelectiveRepeat):
    def receive(self, datagram, now):
        while True:
            pass

# %% exercise 3: wrong, None
class Fast(SelectiveRepeat):
    def receive(self, datagram, now):
        super().receive(datagram, now)  # and nothing is returned

# %% exercise 3: wrong, deadline
class Fast(SelectiveRepeat):
    def __init__(self, messages, window, timeout):
        super().__init__(messages, window, timeout)
        self.again = set()

    def receive(self, datagram, now):
        out = super().receive(datagram, now)
        waiting = [n for n in self.waiting() if n not in self.again]
        missed = [n for n in waiting if sum(m > n for m in self.acked) >= 3]
        self.again.update(missed)
        return self.send(missed, now) + out

    def wake(self, now):
        return self.go_on(now)  # the timer repeats nothing any more

# %% exercise 3: wrong, message 0 lost: repeats at the ACKs of [], not one, at that of 2
class Fast(SelectiveRepeat):
    again = set()  # shared by all senders

    def receive(self, datagram, now):
        out, waiting = super().receive(datagram, now), set(self.waiting()) - self.again
        missed = [n for n in sorted(waiting) if sum(m > n for m in self.acked) >= 3]
        self.again.update(missed)
        return self.send(missed, now) + out

# %% exercise 3: wrong, message 0 lost: repeats at the ACKs of [2], not one, at that of 3
class Fast(SelectiveRepeat):
    def __init__(self, *settings):
        super().__init__(*settings)
        self.count = {}

    def acknowledge(self, number):
        super().acknowledge(number)
        for n in self.waiting():
            if n < number:
                self.count[n] = self.count.get(n, 0) + 1  # copies of an ACK count, too

    def receive(self, datagram, now):
        before = {n for n, count in self.count.items() if count >= 3}
        out = super().receive(datagram, now)
        missed = [n for n in self.waiting() if self.count.get(n, 0) >= 3 and n not in before]
        return self.send(missed, now) + out

# %% exercise 3: wrong, message 0 lost: repeats at the ACKs of [3, 3, 3, 3, 3], not one
class Fast(SelectiveRepeat):
    done = False

    def receive(self, datagram, now):
        out = super().receive(datagram, now)
        if not self.done and sum(m > self.base for m in self.acked) >= 3:
            self.done = True
            out = self.send(self.waiting(), now) + out  # all, not the one that is missing
        return out

# %% exercise 3: wrong, message 0 lost: repeats at the ACKs of [3], not one, at that of 2 (ACKs: 3124567)
class Fast(SelectiveRepeat):
    def __init__(self, messages, window, timeout):
        super().__init__(messages, window, timeout)
        self.again = set()

    def receive(self, datagram, now):
        out, oldest = super().receive(datagram, now), self.base
        if oldest + 3 in self.acked and oldest not in self.again:  # one number, nothing counted
            self.again.add(oldest)
            out = self.send([oldest], now) + out
        return out
