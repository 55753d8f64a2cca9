"""Senders and receivers with one mistake each, as people write them on their first day."""

import logging
import math
import queue
import random
import threading
import time
from datetime import datetime


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


# ---- the first steps: what a protocol lacks


class Blast:
    """Sends everything and hopes."""

    def __init__(self, messages, timeout):
        self.messages, self.deadline = messages, 0.0

    def wake(self, now):
        self.deadline = None
        return list(self.messages)

    def receive(self, datagram, now):
        return []


class Believer:
    """Takes every datagram for a new message."""

    deadline = None

    def __init__(self):
        self.delivered = []

    def receive(self, datagram, now):
        self.delivered.append(datagram)
        return [b"ok"]

    def wake(self, now):
        return []


class NoTimer(Sender):
    """Waits for the ACK, however long."""

    def send(self, now):
        datagrams = super().send(now)
        self.deadline = None
        return datagrams


class NoNumber(Sender):
    """Has a timer, but every copy looks like a new message."""

    def send(self, now):
        return [datagram[1:] for datagram in super().send(now)]

    def receive(self, datagram, now):
        self.index += 1
        return self.send(now)


class UncheckedACK(Sender):
    """Takes every answer for the ACK of what it sent last."""

    def receive(self, datagram, now):
        return super().receive(b"%d" % (self.index % 2), now)


# ---- the slips


class WrongBitACK(Receiver):
    """Acknowledges with the bit it expects next."""

    def receive(self, datagram, now):
        return [b"%d" % self.expected for _ in super().receive(datagram, now)]


class MuteOnCopies(Receiver):
    """Acknowledges what is new only."""

    def receive(self, datagram, now):
        before = len(self.delivered)
        answers = super().receive(datagram, now)
        return answers if len(self.delivered) > before else []


class OneShotTimer(Sender):
    """Sends again once, and does not set the timer again."""

    def wake(self, now):
        started, datagrams = self.deadline > 0, super().wake(now)
        self.deadline = None if started else self.deadline
        return datagrams


class SameBit(Sender):
    """Never flips the bit."""

    def send(self, now):
        return [b"0" + datagram[1:] for datagram in super().send(now)]

    def receive(self, datagram, now):
        return super().receive(b"%d" % (self.index % 2) if datagram == b"0" else b"", now)


class Apprentice(Sender):
    """Sends again whenever an old ACK comes in."""

    def receive(self, datagram, now):
        return super().receive(datagram, now) or self.send(now)


class AbsoluteDeadline(Sender):
    """Forgets that a deadline is a time, not a length of time."""

    def send(self, now):
        datagrams = super().send(now)
        self.deadline = self.timeout if datagrams else None
        return datagrams


class PastDeadline(Sender):
    """Counts its timeout from the wrong end."""

    def send(self, now):
        datagrams = super().send(now)
        self.deadline = now - self.timeout if datagrams else None
        return datagrams


class OneTooMany(Sender):
    """Does not notice the end of its list."""

    @property
    def done(self):
        return False


class ContinuesForEver(Sender):
    """Goes on waking up when all is done."""

    def send(self, now):
        datagrams = super().send(now)
        self.deadline = now + self.timeout
        return datagrams


class NeverDone(Sender):
    """Would be right, but says that it is not done."""

    done = False

    def send(self, now):
        if self.index < len(self.messages):
            return super().send(now)
        self.deadline = None
        return []


class WithHeader(Receiver):
    """Delivers the header with the message."""

    def receive(self, datagram, now):
        before, answers = len(self.delivered), super().receive(datagram, now)
        self.delivered[before:] = [datagram] * (len(self.delivered) - before)
        return answers


class NoEmptyMessage(Receiver):
    """Takes an empty message for none."""

    def receive(self, datagram, now):
        return super().receive(datagram, now) if datagram[1:] else []


class ByContent(Receiver):
    """Tells copies by what is in them, so that nobody can say the same thing twice."""

    def receive(self, datagram, now):
        if datagram[1:] not in self.delivered:
            self.delivered.append(datagram[1:])
        return [datagram[:1]]


class Backwards(Receiver):
    """Puts the newest first, and so takes back what it had delivered."""

    def receive(self, datagram, now):
        answers = super().receive(datagram, now)
        self.delivered.sort(reverse=True)
        return answers


class Eager(Sender):
    """Sends two messages at a time, and believes that one ACK is for both."""

    def send(self, now):
        both = self.messages[self.index : self.index + 2]
        self.deadline = now + self.timeout if both else None
        return [b"%d" % ((self.index + n) % 2) + message for n, message in enumerate(both)]

    @property
    def done(self):
        return self.index >= len(self.messages)


class Padder(Receiver):
    """Delivers a message that nobody sent."""

    def receive(self, datagram, now):
        answers = super().receive(datagram, now)
        self.delivered += [b"END"] if len(self.delivered) == 2 else []
        return answers


# ---- the contract


class ReturnsBytes(Sender):
    def wake(self, now):
        return self.send(now)[0]


class ReturnsNothing(Receiver):
    def receive(self, datagram, now):
        super().receive(datagram, now)


class ReturnsText(Receiver):
    def receive(self, datagram, now):
        return [bit.decode() for bit in super().receive(datagram, now)]


class Yields(Sender):
    def wake(self, now):
        yield from self.send(now)


class Prints(Sender):
    """Prints what it should return."""

    def wake(self, now):
        print(b"0" + self.messages[0])  # noqa: T201
        self.deadline = None
        return []


class DeliversText(Receiver):
    def receive(self, datagram, now):
        answers = super().receive(datagram, now)
        self.delivered = [str(message) for message in self.delivered]
        return answers


class TextDeadline(Sender):
    def send(self, now):
        datagrams = super().send(now)
        self.deadline = "soon"
        return datagrams


class NeverBegins(Sender):
    def __init__(self, messages, timeout):
        super().__init__(messages, timeout)
        self.deadline = None


class NoDeadline:
    def __init__(self, messages, timeout):
        self.messages = messages


class NoWake(NoDeadline):
    deadline = 0.0


class NothingDelivered:
    deadline = None


class SharedList(Receiver):
    """Keeps its list in the class, where every receiver finds it."""

    delivered = []  # noqa: RUF012

    def __init__(self):
        self.expected = 0


class Blank: ...


# ---- loops, clocks, garbage


class BusyLoop(Sender):
    """Waits for the ACK inside of the method that would have to return for it to come."""

    def wake(self, now):
        datagrams, waiting_for = self.send(now), self.index + 1
        while self.index < waiting_for:
            pass
        return datagrams


class StubbornLoop(Sender):
    """Catches whatever would end its loop."""

    def wake(self, now):
        while True:
            try:  # noqa: SIM105
                self.index += 0
            except:  # noqa: E722
                pass


class SurvivingLoop(Sender):
    """Catches what ended its loop, and goes on as if nothing had been."""

    def wake(self, now):
        try:
            while True:
                self.index += 0
        except:  # noqa: E722
            return self.send(now)


class Sleeps(Sender):
    """Waits for the timeout itself."""

    def wake(self, now):
        time.sleep(self.timeout)
        return self.send(now)


class WallClock(Sender):
    """Takes the time from the wall."""

    def send(self, now):
        return super().send(time.monotonic())


class Insomniac(Sender):
    """Wakes up a thousand times a second, without anything to say."""

    def wake(self, now):
        self.deadline = now + 0.001
        return []


class Unready(Receiver):
    """Believes that what comes is always what was sent."""

    def receive(self, datagram, now):
        number = int(datagram[:1])
        return super().receive(b"%d" % number + datagram[1:], now)


class UnreadySender(Sender):
    """Asks for the first byte of what may have none."""

    def receive(self, datagram, now):
        return super().receive(bytes([datagram[0]]), now)


# ---- a window, correct even where the order is lost


class WindowSender:
    """Go-back-N with a window of 4; a number is one byte."""

    numbers, window = 256, 4

    def __init__(self, messages, timeout):
        self.messages, self.timeout = messages, timeout
        self.una = self.next = 0
        self.deadline = 0.0

    def send(self, now):
        start, self.next = self.next, min(self.una + self.window, len(self.messages))
        self.deadline = now + self.timeout if self.una < self.next else None
        return [bytes([n % self.numbers]) + self.messages[n] for n in range(start, self.next)]

    def wake(self, now):
        self.next = self.una
        return self.send(now)

    def receive(self, datagram, now):
        new = (datagram[0] - self.una) % self.numbers if len(datagram) == 1 else 0
        if not 0 < new <= self.next - self.una:
            return []
        self.una += new
        return self.send(now)


class WindowReceiver:
    """Takes the next number only; acknowledges with the number that it expects."""

    deadline, numbers = None, 256

    def __init__(self):
        self.delivered = []

    def receive(self, datagram, now):
        if datagram[:1] == bytes([len(self.delivered) % self.numbers]):
            self.delivered.append(datagram[1:])
        return [bytes([len(self.delivered) % self.numbers])]

    def wake(self, now):
        return []


class FewNumbers(WindowSender):
    """Has as many numbers as its window is wide: nobody can tell the next window from this one."""

    numbers = 4


class FewNumbersReceiver(WindowReceiver):
    numbers = 4


# ---- numbers that come round, and tries that run out


class Wraps8(WindowSender):
    """Has numbers of three bits, of which its receiver knows nothing."""

    numbers = 8


class Wraps16(WindowSender):
    numbers = 16


class NoWrap(Sender):
    """Writes its number into one byte, however large it is."""

    def send(self, now):
        return [bytes([self.index]) + datagram[1:] for datagram in super().send(now)]

    def receive(self, datagram, now):
        return super().receive(
            b"%d" % (self.index % 2) if datagram == b"%d" % self.index else b"", now
        )


class NoWrapReceiver(Receiver):
    def receive(self, datagram, now):
        number = datagram[0] if datagram else -1
        if number == len(self.delivered):
            self.delivered.append(datagram[1:])
        return [b"%d" % number]


class ThreeBits(WindowSender):
    """A window as wide as there are numbers."""

    numbers = window = 8


class ThreeBitsReceiver(WindowReceiver):
    numbers = 8


class FourBits(WindowSender):
    numbers = window = 16


class FourBitsReceiver(WindowReceiver):
    numbers = 16


class EightBits(WindowSender):
    numbers = window = 256


class GivesUp(Sender):
    """Tries ten times."""

    tries = 0

    def wake(self, now):
        self.tries += 1
        if self.tries > 10:
            self.deadline = None
            return []
        return self.send(now)

    def receive(self, datagram, now):
        before = self.index
        datagrams = super().receive(datagram, now)
        self.tries = self.tries if self.index == before else 1
        return datagrams


class SilentTimer(Sender):
    """Prints that it tries again, and sends nothing."""

    def wake(self, now):
        if self.deadline == 0.0:
            return self.send(now)
        print("again")  # noqa: T201
        self.deadline = now + self.timeout
        return []


class ReadsTheDate(Sender):
    """Takes the time from the calendar."""

    def send(self, now):
        return super().send(datetime.now().timestamp())


class Asks(Sender):
    """Waits for a queue, with a limit of its own."""

    def wake(self, now):
        try:
            queue.Queue().get(timeout=0.2)
        except queue.Empty:
            return self.send(now)


class Starts(Sender):
    """Lets a thread wait for the timeout."""

    def wake(self, now):
        threading.Timer(self.timeout, self.wake, [now]).start()
        return self.send(now)


# ---- correct, in another way than most


class BacksOff(Sender):
    """Doubles its timeout each time, and never halves it again."""

    def wake(self, now):
        self.timeout *= 2
        return self.send(now)


class RandomTimer(Sender):
    """Waits for a time that differs from one time to the next, and may be too short."""

    def send(self, now):
        datagrams = super().send(now)
        self.deadline = now + random.uniform(0.2, 2) * self.timeout if datagrams else None
        return datagrams


class NoMoreAtInfinity(Sender):
    """Has a deadline at the end of all time rather than none."""

    def send(self, now):
        datagrams = super().send(now)
        self.deadline = self.deadline if datagrams else math.inf
        return datagrams


class LateACK(WindowReceiver):
    """Acknowledges some time later, all that has come at once."""

    def receive(self, datagram, now):
        super().receive(datagram, now)
        self.deadline = self.deadline or now + 0.02
        return []

    def wake(self, now):
        self.deadline = None
        return [bytes([len(self.delivered) % self.numbers])]


class Locked(Sender):
    """Holds a lock while it works, out of habit, and writes a log."""

    def __init__(self, messages, timeout):
        super().__init__(messages, timeout)
        self.lock = threading.Lock()

    def wake(self, now):
        with self.lock:
            logging.getLogger("sender").debug("awake at %s", now)
            return self.send(now)
