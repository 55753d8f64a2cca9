"""Answers to the exercises of 08, as students write them; each is put into the exercise's cell."""

# %% exercise 1: right
size = 2500

# %% exercise 1: right
size = 2_500.0

# %% exercise 1: right
size = 2 * 0.010 * 1e6 / 8

# %% exercise 1: right
size = 2540

# %% exercise 1: wrong, a datagram has at least 2 bytes of header, at most 65507 in all, got 0
size = 0

# %% exercise 1: wrong, got -5
size = -5

# %% exercise 1: wrong, got 1
size = 1

# %% exercise 1: wrong, 2 bytes use 0.1% of the line
size = 2  # a header and nothing else

# %% exercise 1: wrong, got 1000000000
size = 1_000_000_000

# %% exercise 1: wrong, got inf
size = float("inf")

# %% exercise 1: wrong, got nan
size = float("nan")

# %% exercise 1: wrong, 1250 bytes use 33.3% of the line
size = 1250  # one way only

# %% exercise 1: wrong, 20000 bytes use 88.9%
size = 20_000  # bits

# %% exercise 1: wrong, 5000 bytes use 66.7%
size = 5000

# %% exercise 1: wrong, 2600 bytes use 51.0%
size = 2600

# %% exercise 1: wrong, TypeError
size = None

# %% exercise 1: wrong, TypeError
size = "2500"

# %% exercise 2: right
class Tidy(NumberedReceiver):
    def receive(self, datagram, now):
        if datagram[1:2] != bytes([self.expected]):
            return [b"A" + datagram[1:2]]
        return super().receive(datagram, now)

# %% exercise 2: right
class Tidy(NumberedReceiver):
    def receive(self, datagram, now):
        if datagram[1:2] != bytes([self.expected]):
            return [b"A" + bytes([1 - self.expected])]
        return super().receive(datagram, now)

# %% exercise 2: right
class Tidy(NumberedReceiver):
    def receive(self, datagram, now):
        if datagram[1:2] != bytes([self.expected]):
            return super().receive(datagram, now)
        return super().receive(datagram, now)

# %% exercise 2: wrong, never stops: after 499 datagrams
class Tidy(NumberedReceiver):
    def receive(self, datagram, now):
        if datagram[1:2] != bytes([self.expected]):
            return []
        return super().receive(datagram, now)

# %% exercise 2: wrong, never stops: after 250 datagrams
class Tidy(NumberedReceiver):
    def receive(self, datagram, now):
        if datagram[1:2] != bytes([self.expected]):
            return [b"A" + bytes([self.expected])]
        return super().receive(datagram, now)

# %% exercise 2: wrong, never stops: after 250 datagrams
class Tidy(NumberedReceiver):
    def receive(self, datagram, now):
        if datagram[1:2] != bytes([self.expected]):
            return [b"A"]
        return super().receive(datagram, now)

# %% exercise 2: wrong, must return a list of bytes, got None
class Tidy(NumberedReceiver):
    def receive(self, datagram, now):
        if datagram[1:2] != bytes([self.expected]):
            return None
        return super().receive(datagram, now)

# %% exercise 2: wrong, must return a list of bytes, got b'A
class Tidy(NumberedReceiver):
    def receive(self, datagram, now):
        if datagram[1:2] != bytes([self.expected]):
            return b"A" + datagram[1:2]
        return super().receive(datagram, now)

# %% exercise 2: wrong, was delivered once too often
class Tidy(NumberedReceiver):
    def receive(self, datagram, now):
        self.delivered.append(datagram[2:])
        return [b"A" + datagram[1:2]]

# %% exercise 2: right
class Tidy(NumberedReceiver):
    def receive(self, datagram, now):
        if datagram[:1] != b"D":
            return []
        return super().receive(datagram, now)

# %% exercise 2: wrong, nobody will ever send again
class Tidy(NumberedReceiver):
    def receive(self, datagram, now):
        if datagram[1:2] != bytes([self.expected]):
            return [b"A\x00", b"A\x01"]  # one of them will do
        return super().receive(datagram, now)

# %% exercise 2: wrong, never stops: after 250 datagrams
class Tidy(NumberedReceiver):
    def receive(self, datagram, now):
        if datagram[1:2] != bytes([self.expected]):
            return [datagram]  # an echo
        return super().receive(datagram, now)

# %% exercise 2: wrong, was delivered once too often
class Tidy(NumberedReceiver):
    def receive(self, datagram, now):
        if datagram[1:2] != bytes([self.expected]):
            self.expected = datagram[1]
        return super().receive(datagram, now)

# %% exercise 2: wrong, does not come to an end
class Tidy(NumberedReceiver):
    def receive(self, datagram, now):
        while datagram[1:2] != bytes([self.expected]):
            pass
        return super().receive(datagram, now)

# %% exercise 3: right
class MySender:
    def __init__(self, messages, timeout):
        self.messages, self.timeout = messages, timeout
        self.number, self.deadline = 0, 0.0

    def header(self):
        return self.number.to_bytes(4, "big")

    def wake(self, now):
        self.deadline = now + self.timeout
        return [b"D" + self.header() + self.messages[self.number]]

    def receive(self, datagram, now):
        if datagram != b"A" + self.header() or self.deadline is None:
            return []
        self.number += 1
        if self.number < len(self.messages):
            return self.wake(now)
        self.deadline = None
        return []


class MyReceiver(NaiveReceiver):
    def receive(self, datagram, now):
        kind, number, message = datagram[:1], datagram[1:5], datagram[5:]
        if kind != b"D" or len(number) < 4:
            return []
        expected = len(self.delivered).to_bytes(4, "big")
        if number == expected:
            self.delivered.append(message)
        return [b"A" + number]

# %% exercise 3: right
class MySender:
    def __init__(self, messages, timeout):
        self.messages, self.timeout = messages, timeout
        self.number, self.deadline = 0, 0.0

    def header(self):
        return self.number.to_bytes(2, "little")

    def wake(self, now):
        self.deadline = now + self.timeout
        return [b"D" + self.header() + self.messages[self.number]]

    def receive(self, datagram, now):
        if datagram != b"A" + self.header() or self.deadline is None:
            return []
        self.number += 1
        if self.number < len(self.messages):
            return self.wake(now)
        self.deadline = None
        return []


class MyReceiver(NaiveReceiver):
    def receive(self, datagram, now):
        kind, number, message = datagram[:1], datagram[1:3], datagram[3:]
        if kind != b"D" or len(number) < 2:
            return []
        expected = len(self.delivered).to_bytes(2, "little")
        if number == expected:
            self.delivered.append(message)
        return [b"A" + number]

# %% exercise 3: right
class MySender:
    def __init__(self, messages, timeout):
        self.messages, self.timeout = messages, timeout
        self.number, self.deadline = 0, 0.0

    def header(self):
        return bytes([self.number % 64])

    def wake(self, now):
        self.deadline = now + self.timeout
        return [b"D" + self.header() + self.messages[self.number]]

    def receive(self, datagram, now):
        if datagram != b"A" + self.header() or self.deadline is None:
            return []
        self.number += 1
        if self.number < len(self.messages):
            return self.wake(now)
        self.deadline = None
        return []


class MyReceiver(NaiveReceiver):
    def receive(self, datagram, now):
        kind, number, message = datagram[:1], datagram[1:2], datagram[2:]
        if kind != b"D" or len(number) < 1:
            return []
        expected = bytes([len(self.delivered) % 64])
        if number == expected:
            self.delivered.append(message)
        return [b"A" + number]

# %% exercise 3: right
class MySender:
    def __init__(self, messages, timeout):
        self.left = dict(enumerate(messages))
        self.timeout, self.deadline = timeout, 0.0

    def wake(self, now):
        if not self.left:
            self.deadline = None
            return []
        self.deadline = now + self.timeout
        number = min(self.left)
        return [f"{number}:".encode() + self.left[number]]

    def receive(self, datagram, now):
        if not self.left or datagram != b"ok %d" % min(self.left):
            return []
        del self.left[min(self.left)]
        return self.wake(now)


class MyReceiver(NaiveReceiver):
    def receive(self, datagram, now):
        number, colon, message = datagram.partition(b":")
        if not colon or not number.isdigit():
            return []
        if int(number) == len(self.delivered):
            self.delivered.append(message)
        return [b"ok " + number] if int(number) < len(self.delivered) else []

# %% exercise 3: wrong, arriving once more 1 s later
class MySender:
    def __init__(self, messages, timeout):
        self.messages, self.timeout = messages, timeout
        self.number, self.deadline = 0, 0.0

    def header(self):
        return bytes([self.number % 5])

    def wake(self, now):
        self.deadline = now + self.timeout
        return [b"D" + self.header() + self.messages[self.number]]

    def receive(self, datagram, now):
        if datagram != b"A" + self.header() or self.deadline is None:
            return []
        self.number += 1
        if self.number < len(self.messages):
            return self.wake(now)
        self.deadline = None
        return []


class MyReceiver(NaiveReceiver):
    def receive(self, datagram, now):
        kind, number, message = datagram[:1], datagram[1:2], datagram[2:]
        if kind != b"D" or len(number) < 1:
            return []
        expected = bytes([len(self.delivered) % 5])
        if number == expected:
            self.delivered.append(message)
        return [b"A" + number]

# %% exercise 3: wrong, arriving once more 1 s later
class MySender:
    def __init__(self, messages, timeout):
        self.messages, self.timeout = messages, timeout
        self.number, self.deadline = 0, 0.0

    def header(self):
        return bytes([self.number % 6])

    def wake(self, now):
        self.deadline = now + self.timeout
        return [b"D" + self.header() + self.messages[self.number]]

    def receive(self, datagram, now):
        if datagram != b"A" + self.header() or self.deadline is None:
            return []
        self.number += 1
        if self.number < len(self.messages):
            return self.wake(now)
        self.deadline = None
        return []


class MyReceiver(NaiveReceiver):
    def receive(self, datagram, now):
        kind, number, message = datagram[:1], datagram[1:2], datagram[2:]
        if kind != b"D" or len(number) < 1:
            return []
        expected = bytes([len(self.delivered) % 6])
        if number == expected:
            self.delivered.append(message)
        return [b"A" + number]

# %% exercise 3: wrong, arriving once more 1 s later
class MySender:
    def __init__(self, messages, timeout):
        self.messages, self.timeout = messages, timeout
        self.number, self.deadline = 0, 0.0

    def header(self):
        return bytes([self.number % 8])

    def wake(self, now):
        self.deadline = now + self.timeout
        return [b"D" + self.header() + self.messages[self.number]]

    def receive(self, datagram, now):
        if datagram != b"A" + self.header() or self.deadline is None:
            return []
        self.number += 1
        if self.number < len(self.messages):
            return self.wake(now)
        self.deadline = None
        return []


class MyReceiver(NaiveReceiver):
    def receive(self, datagram, now):
        kind, number, message = datagram[:1], datagram[1:2], datagram[2:]
        if kind != b"D" or len(number) < 1:
            return []
        expected = bytes([len(self.delivered) % 8])
        if number == expected:
            self.delivered.append(message)
        return [b"A" + number]

# %% exercise 3: wrong, arriving once more 1 s later
class MySender:
    def __init__(self, messages, timeout):
        self.messages, self.timeout = messages, timeout
        self.number, self.deadline = 0, 0.0

    def header(self):
        return bytes([self.number % 10])

    def wake(self, now):
        self.deadline = now + self.timeout
        return [b"D" + self.header() + self.messages[self.number]]

    def receive(self, datagram, now):
        if datagram != b"A" + self.header() or self.deadline is None:
            return []
        self.number += 1
        if self.number < len(self.messages):
            return self.wake(now)
        self.deadline = None
        return []


class MyReceiver(NaiveReceiver):
    def receive(self, datagram, now):
        kind, number, message = datagram[:1], datagram[1:2], datagram[2:]
        if kind != b"D" or len(number) < 1:
            return []
        expected = bytes([len(self.delivered) % 10])
        if number == expected:
            self.delivered.append(message)
        return [b"A" + number]

# %% exercise 3: wrong, arriving once more 1 s later
class MySender:
    def __init__(self, messages, timeout):
        self.messages, self.timeout = messages, timeout
        self.number, self.deadline = 0, 0.0

    def header(self):
        return bytes([self.number % 20])

    def wake(self, now):
        self.deadline = now + self.timeout
        return [b"D" + self.header() + self.messages[self.number]]

    def receive(self, datagram, now):
        if datagram != b"A" + self.header() or self.deadline is None:
            return []
        self.number += 1
        if self.number < len(self.messages):
            return self.wake(now)
        self.deadline = None
        return []


class MyReceiver(NaiveReceiver):
    def receive(self, datagram, now):
        kind, number, message = datagram[:1], datagram[1:2], datagram[2:]
        if kind != b"D" or len(number) < 1:
            return []
        expected = bytes([len(self.delivered) % 20])
        if number == expected:
            self.delivered.append(message)
        return [b"A" + number]

# %% exercise 3: wrong, first 10 datagrams lost: delivered []
class MySender:
    def __init__(self, messages, timeout):
        self.messages, self.timeout = messages, timeout
        self.number, self.deadline = 0, 0.0

    def header(self):
        return self.number.to_bytes(4, "big")

    def wake(self, now):
        self.tries = getattr(self, "tries", 0) + 1
        if self.tries > 10:  # it gives up
            self.deadline = None
            return []
        self.deadline = now + self.timeout
        return [b"D" + self.header() + self.messages[self.number]]

    def receive(self, datagram, now):
        if datagram != b"A" + self.header() or self.deadline is None:
            return []
        self.number, self.tries = self.number + 1, 0
        if self.number < len(self.messages):
            return self.wake(now)
        self.deadline = None
        return []


class MyReceiver(NaiveReceiver):
    def receive(self, datagram, now):
        kind, number, message = datagram[:1], datagram[1:5], datagram[5:]
        if kind != b"D" or len(number) < 4:
            return []
        expected = len(self.delivered).to_bytes(4, "big")
        if number == expected:
            self.delivered.append(message)
        return [b"A" + number]

# %% exercise 3: wrong, nobody will ever send again
class MySender:
    def __init__(self, messages, timeout):
        self.messages, self.timeout = messages, timeout
        self.number, self.deadline = 0, 0.0

    def header(self):
        return self.number.to_bytes(4, "big")

    def wake(self, now):
        self.deadline = None
        return [b"D" + self.header() + self.messages[self.number]]

    def receive(self, datagram, now):
        if datagram != b"A" + self.header() or self.deadline is None:
            return []
        self.number += 1
        if self.number < len(self.messages):
            return self.wake(now)
        self.deadline = None
        return []


class MyReceiver(NaiveReceiver):
    def receive(self, datagram, now):
        kind, number, message = datagram[:1], datagram[1:5], datagram[5:]
        if kind != b"D" or len(number) < 4:
            return []
        expected = len(self.delivered).to_bytes(4, "big")
        if number == expected:
            self.delivered.append(message)
        return [b"A" + number]

# %% exercise 3: wrong, never stops: after 499 datagrams
class MySender:
    def __init__(self, messages, timeout):
        self.messages, self.timeout = messages, timeout
        self.number, self.deadline = 0, 0.0

    def header(self):
        return self.number.to_bytes(4, "big")

    def wake(self, now):
        self.deadline = now + self.timeout
        return [b"D" + self.header() + self.messages[self.number]]

    def receive(self, datagram, now):
        if datagram != b"A" + self.header() or self.deadline is None:
            return []
        self.number += 1
        if self.number < len(self.messages):
            return self.wake(now)
        self.deadline = None
        return []


class MyReceiver(NaiveReceiver):
    def receive(self, datagram, now):
        kind, number, message = datagram[:1], datagram[1:5], datagram[5:]
        if kind != b"D" or len(number) < 4:
            return []
        expected = len(self.delivered).to_bytes(4, "big")
        if number == expected:
            self.delivered.append(message)
        return [b"A" + number] if number == expected else []

# %% exercise 3: wrong, was delivered once too often
class MySender:
    def __init__(self, messages, timeout):
        self.messages, self.timeout = messages, timeout
        self.number, self.deadline = 0, 0.0

    def header(self):
        return self.number.to_bytes(4, "big")

    def wake(self, now):
        self.deadline = now + self.timeout
        return [b"D" + self.header() + self.messages[self.number]]

    def receive(self, datagram, now):
        if datagram != b"A" + self.header() or self.deadline is None:
            return []
        self.number += 1
        if self.number < len(self.messages):
            return self.wake(now)
        self.deadline = None
        return []


class MyReceiver(NaiveReceiver):
    def receive(self, datagram, now):
        kind, number, message = datagram[:1], datagram[1:5], datagram[5:]
        if kind != b"D" or len(number) < 4:
            return []
        expected = len(self.delivered).to_bytes(4, "big")
        self.delivered.append(message)
        return [b"A" + number]

# %% exercise 3: wrong, 1 s late
class MySender(Numbered):
    pass


class MyReceiver(NumberedReceiver):
    pass

# %% exercise 3: wrong, does not come to an end
class MySender(Timed):
    def wake(self, now):
        while True:
            pass


class MyReceiver(NaiveReceiver):
    pass

# %% exercise 3: wrong, calls time.sleep()
import time


class MySender(Numbered):
    def wake(self, now):
        time.sleep(self.timeout)
        return super().wake(now)


class MyReceiver(NumberedReceiver):
    pass

# %% exercise 3: wrong, Expected a class or function that makes a sender, got None
MySender = MyReceiver = None
