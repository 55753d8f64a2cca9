"""Answers to the exercises of 05, as students write them; each is put into the exercise's cell."""

# %% exercise 1: right
fastest = 333

# %% exercise 1: right
fastest = 20_000 // 60

# %% exercise 1: right
import math

fastest = math.floor(20_000 / 60)

# %% exercise 1: right
fastest = 333.0

# %% exercise 1: wrong, is not a whole number
fastest = 333.3

# %% exercise 1: wrong, is not a whole number
fastest = 20_000 / 60

# %% exercise 1: wrong, would be in TIME-WAIT
fastest = 334  # rounded up

# %% exercise 1: wrong, would be in TIME-WAIT
fastest = 470  # with Linux's ports

# %% exercise 1: wrong, '333' is not a whole number
fastest = "333"

# %% exercise 1: wrong, one more would fit
fastest = 332

# %% exercise 1: wrong, set fastest
fastest = None

# %% exercise 2: right
def refuse(connection):
    connection.sendall(b"413 too large\n" * 100)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65536):
        pass
    connection.close()

# %% exercise 2: right
def refuse(connection):
    connection.sendall(b"413 too large\n" * 100)
    connection.shutdown(socket.SHUT_WR); read_all(connection)
    connection.close()

# %% exercise 2: right
def refuse(connection):
    with connection:
        connection.sendall(b"413 too large\n" * 100)
        connection.shutdown(socket.SHUT_WR)
        connection.makefile("rb").read()

# %% exercise 2: right
def refuse(connection):
    connection.sendall(b"413 too large\n" * 100)
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(0.5)  # a server that does not wait for ever
    try:
        while connection.recv(4096):
            pass
    except TimeoutError:
        pass
    connection.close()

# %% exercise 2: wrong, the client read (1400, 'RST')
def refuse(connection):
    connection.sendall(b"413 too large\n" * 100)
    pass
    connection.close()

# %% exercise 2: wrong, an upload of
def refuse(connection):
    connection.sendall(b"413 too large\n" * 100)
    connection.shutdown(socket.SHUT_WR)
    connection.close()

# %% exercise 2: wrong, an upload of
def refuse(connection):
    connection.sendall(b"413 too large\n" * 100)
    connection.shutdown(socket.SHUT_RDWR)
    connection.close()

# %% exercise 2: wrong, an upload of 400000 bytes
def refuse(connection):
    connection.sendall(b"413 too large\n" * 100)
    connection.recv(5000)
    connection.close()

# %% exercise 2: wrong, an upload of 400000 bytes
def refuse(connection):
    connection.sendall(b"413 too large\n" * 100)
    connection.recv(5000)
    connection.shutdown(socket.SHUT_WR)
    connection.close()

# %% exercise 2: wrong, an end never came
def refuse(connection):
    connection.sendall(b"413 too large\n" * 100)
    while connection.recv(65536): ...
    connection.close()

# %% exercise 2: wrong, did not end within
def refuse(connection):
    connection.sendall(b"413 too large\n" * 100)
    while True: pass
    connection.close()

# %% exercise 2: wrong, an end never came
def refuse(connection):
    connection.sendall(b"413 too large\n" * 100)

# %% exercise 2: wrong, the client read (1400, 'RST')
def refuse(connection):
    connection.sendall(b"413 too large\n" * 100)
    time.sleep(0.2)
    connection.close()

# %% exercise 3: right
class LinuxCaller:
    def __init__(self, retries=7):
        self.deadline, self.sent, self.retries = 0.0, 0, retries

    def wake(self, now):
        if self.sent > self.retries:
            self.deadline = None
            return []
        self.deadline = now + 2.0 ** max(0, self.sent - 4)
        self.sent += 1
        return [b"SYN"]

    def receive(self, datagram, now):
        self.deadline = None
        return []

# %% exercise 3: right
class LinuxCaller:
    def __init__(self, retries=7):
        self.waits = [1, 1, 1, 1, 1] + [2**n for n in range(1, 20)]
        self.waits = self.waits[: retries + 1]
        self.deadline = 0.0

    def wake(self, now):
        if not self.waits:
            self.deadline = None
            return []
        self.deadline = now + self.waits.pop(0)
        return [b"SYN"]

    def receive(self, datagram, now):
        self.deadline = None
        return []

# %% exercise 3: right
class LinuxCaller(Caller):
    def __init__(self, retries=7):
        super().__init__(retries)
        self.early = 5

    def wake(self, now):
        self.early -= 1
        if self.early >= 0:
            self.wait = 1.0
        return super().wake(now)

# %% exercise 3: wrong, sent at [0.0, 1.0, 3.0, 7.0
class LinuxCaller(Caller):
    def __init__(self, retries=7):
        super().__init__(retries)

# %% exercise 3: wrong, 7 retries: sent at [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 11.0, 19.0
class LinuxCaller:
    def __init__(self, retries=7):
        self.deadline, self.sent = 0.0, 0

    def wake(self, now):  # ignores retries, never gives up
        self.deadline = now + 2.0 ** max(0, self.sent - 4)
        self.sent += 1
        return [b"SYN"]

    def receive(self, datagram, now):
        self.deadline = None
        return []

# %% exercise 3: wrong, it never gives up
class LinuxCaller:
    def __init__(self, retries=7):
        self.deadline, self.sent, self.retries = 0.0, 0, retries

    def wake(self, now):
        self.deadline = now + 2.0 ** max(0, self.sent - 4)
        self.sent += 1
        return [b"SYN"] if self.sent <= self.retries + 1 else []

    def receive(self, datagram, now):
        self.deadline = None
        return []

# %% exercise 3: wrong, 2 retries: sent at
class LinuxCaller:
    def __init__(self, retries=7):
        self.deadline, self.sent = 0.0, 0

    def wake(self, now):  # the row of seven, whatever retries says
        if self.sent > 7:
            self.deadline = None
            return []
        self.deadline = now + [1, 1, 1, 1, 1, 2, 4, 8][self.sent]
        self.sent += 1
        return [b"SYN"]

    def receive(self, datagram, now):
        self.deadline = None
        return []

# %% exercise 3: wrong, it should wait after its last SYN
class LinuxCaller:
    def __init__(self, retries=7):
        self.deadline, self.sent, self.retries = 0.0, 0, retries

    def wake(self, now):  # gives up as soon as the last SYN is out
        self.sent += 1
        last = self.sent > self.retries
        self.deadline = None if last else now + 2.0 ** max(0, self.sent - 5)
        return [b"SYN"]

    def receive(self, datagram, now):
        self.deadline = None
        return []

# %% exercise 3: wrong, an answer should end it
class LinuxCaller:
    def __init__(self, retries=7):
        self.deadline, self.sent, self.retries = 0.0, 0, retries

    def wake(self, now):
        if self.sent > self.retries:
            self.deadline = None
            return []
        self.deadline = now + 2.0 ** max(0, self.sent - 4)
        self.sent += 1
        return [b"SYN"]

    def receive(self, datagram, now):
        return []

# %% exercise 3: wrong, 7 retries: sent at [0.0, 1.0, 2.0, 3.0, 4.0, 6.0
class LinuxCaller:
    def __init__(self, retries=7):
        self.deadline, self.sent, self.retries = 0.0, 0, retries

    def wake(self, now):  # one second early: doubles after four
        if self.sent > self.retries:
            self.deadline = None
            return []
        self.deadline = now + 2.0 ** max(0, self.sent - 3)
        self.sent += 1
        return [b"SYN"]

    def receive(self, datagram, now):
        self.deadline = None
        return []

# %% exercise 3: wrong, did not end within
class LinuxCaller:
    def __init__(self, retries=7):
        self.deadline = 0.0

    def wake(self, now):
        while True: pass

    def receive(self, datagram, now):
        return []
