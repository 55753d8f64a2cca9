"""Answers to the exercises of 10, as students write them; each is put into the exercise's cell."""

# %% exercise 1: right
count = 4

# %% exercise 1: right
count = 1 + 3  # the lost one, and one for each duplicate ACK

# %% exercise 1: right
count = 4.0

# %% exercise 1: wrong, 3 segments, the first dies: 1 timeouts
count = 3  # three duplicates need three segments behind the lost one

# %% exercise 1: wrong, 4 segments, the first dies: 0 timeouts
count = 5

# %% exercise 1: wrong, 5 segments, the first dies: 0 timeouts, so fewer are enough
count = 6

# %% exercise 1: wrong, between 1 and 10 segments, got '4'
count = "4"

# %% exercise 1: wrong, 9 segments, the first dies: 0 timeouts
count = 10

# %% exercise 1: wrong, 1 segments, the first dies: 1 timeouts
count = 1

# %% exercise 1: wrong, between 1 and 10 segments, got 0
count = 0

# %% exercise 1: wrong, between 1 and 10 segments, got 4.5
count = 4.5

# %% exercise 1: wrong, between 1 and 10 segments, got None
count = None

# %% exercise 1: wrong, between 1 and 10 segments, got 4000000000
count = 4_000_000_000

# %% exercise 2: right
def newer(a, b):
    return 0 < (a - b) % 2**32 < 2**31

# %% exercise 2: right
def newer(a, b):
    return (b - a) % 2**32 > 2**31

# %% exercise 2: right
def newer(a, b):
    return a != b and (a - b) & 0xFFFFFFFF < 0x80000000

# %% exercise 2: right
def newer(a, b):
    return unwrap(a, b) > b

# %% exercise 2: right
def newer(a, b):
    return a > b if abs(a - b) < 2**31 else a < b

# %% exercise 2: wrong, newer(4, 5) is True, not False
def newer(a, b):
    return (a - b) % 2**31 > 0  # half of the circle, twice

# %% exercise 2: wrong, newer(6, 5) is False, not True
def newer(a, b):
    return abs(a - b) > 2**31  # only those that have wrapped

# %% exercise 2: wrong, newer(4294967295, 5) is True, not False
def newer(a, b):
    return a - b > 0

# %% exercise 2: wrong, newer(5, 5) is True, not False
def newer(a, b):
    return (a - b) % 2**32 < 2**31  # a number does not come after itself

# %% exercise 2: wrong, newer(4, 5) is True, not False
def newer(a, b):
    return (a - b) % 2**32 != 0

# %% exercise 2: wrong, newer(5, 5) is True, not False
def newer(a, b):
    return abs(a - b) < 2**31

# %% exercise 2: wrong, newer(6, 5) is False, not True
def newer(a, b):
    return 0 < (b - a) % 2**32 < 2**31  # the wrong way round

# %% exercise 2: wrong, newer(2147483652, 5) is False, not True
def newer(a, b):
    return 0 < (a - b) % 2**32 < 2**16  # not half of the circle

# %% exercise 2: wrong, newer(6, 5) is False, not True
def newer(a, b):
    pass

# %% exercise 2: wrong, did not end within
def newer(a, b):
    while (b := (b + 1) % 2**32) != a:
        pass
    return True

# %% exercise 3: right
class Mine:
    def __init__(self, room):
        self.next, self.room, self.kept = 0, room, {}

    def insert(self, index, piece):
        for n, byte in enumerate(piece, index):
            if self.next <= n < self.next + self.room:
                self.kept[n] = byte
        ready = bytearray()
        while self.next + len(ready) in self.kept:
            ready.append(self.kept.pop(self.next + len(ready)))
        self.next += len(ready)
        return bytes(ready)

# %% exercise 3: right
class Mine:
    def __init__(self, room):
        self.next, self.room, self.pieces = 0, room, []

    def insert(self, index, piece):
        start = max(index, self.next)
        piece = piece[start - index : max(0, self.next + self.room - index)]
        self.pieces = sorted([*self.pieces, (start, piece)])
        ready = b""
        while self.pieces and self.pieces[0][0] <= self.next:
            first, early = self.pieces.pop(0)
            fresh = early[self.next - first :]
            ready, self.next = ready + fresh, self.next + len(fresh)
        return ready

# %% exercise 3: right
class Mine:
    def __init__(self, room):
        self.next, self.room = 0, room
        self.buffer, self.there = bytearray(room), [False] * room

    def insert(self, index, piece):
        for n, byte in enumerate(piece, index - self.next):
            if 0 <= n < self.room:
                self.buffer[n], self.there[n] = byte, True
        count = (self.there + [False]).index(False)
        ready = bytes(self.buffer[:count])
        self.buffer = self.buffer[count:] + bytearray(count)
        self.there = self.there[count:] + [False] * count
        self.next += count
        return ready

# %% exercise 3: right
Mine = ByCourse

# %% exercise 3: wrong, insert(2, b'CDEF') after insert(0, b'ABC') returned b'', expected b'DEF'
Mine = ByIndex

# %% exercise 3: wrong, expected b'ABCDEF'
class Mine:  # go-back-N: what is early is thrown away
    def __init__(self, room):
        self.next, self.room = 0, room

    def insert(self, index, piece):
        if index != self.next:
            return b""
        self.next += len(piece)
        return piece

# %% exercise 3: wrong, returned b'ABCDEFGHIJ', expected b'ABCDEFGH'
class Mine:  # without bounds: a byte beyond the room is kept, and comes too early
    def __init__(self, room):
        self.next, self.kept = 0, {}

    def insert(self, index, piece):
        self.kept.update(enumerate(piece, index))
        ready = bytearray()
        while self.next in self.kept:
            ready.append(self.kept.pop(self.next))
            self.next += 1
        return bytes(ready)

# %% exercise 3: wrong, returned b'ABCDEF', expected b'ABCDEFGH'
class Mine:  # a piece that does not fit whole is thrown away
    def __init__(self, room):
        self.next, self.room, self.kept = 0, room, {}

    def insert(self, index, piece):
        if index + len(piece) > self.next + self.room:
            return b""
        self.kept.update(enumerate(piece, index))
        ready = bytearray()
        while self.next in self.kept:
            ready.append(self.kept.pop(self.next))
            self.next += 1
        return bytes(ready)

# %% exercise 3: wrong, after insert(0, b'ABC') returned b'CDEF', expected b'DEF'
class Mine:  # hands out again what comes again
    def __init__(self, room):
        self.next, self.kept = 0, {}

    def insert(self, index, piece):
        self.kept.update(enumerate(piece, index))
        if index > self.next:
            return b""
        ready = bytearray()
        while index + len(ready) in self.kept:
            ready.append(self.kept[index + len(ready)])
        self.next = index + len(ready)
        return bytes(ready)

# %% exercise 3: wrong, room 8: insert(0, b'ABCDEFGHIJKL') returned b'ABCDEFGHIJKL', expected b'ABCDEFGH'
class Mine:  # the room moves on while a piece is taken
    def __init__(self, room):
        self.next, self.room, self.kept = 0, room, {}

    def insert(self, index, piece):
        ready = bytearray()
        for n, byte in enumerate(piece, index):
            if self.next <= n < self.next + self.room:
                self.kept[n] = byte
            while self.next in self.kept:
                ready.append(self.kept.pop(self.next))
                self.next += 1
        return bytes(ready)

# %% exercise 3: wrong, two reassemblers share what they keep
class Mine:
    kept = {}  # of the class, not of the object

    def __init__(self, room):
        self.next, self.room = 0, room

    def insert(self, index, piece):
        for n, byte in enumerate(piece, index):
            if self.next <= n < self.next + self.room:
                self.kept[n] = byte
        ready = bytearray()
        while self.next in self.kept:
            ready.append(self.kept.pop(self.next))
            self.next += 1
        return bytes(ready)

# %% exercise 3: wrong, returned b'ABCDEF', expected b'DEF'
class Mine:  # returns all there has been
    def __init__(self, room):
        self.room, self.kept, self.ready = room, {}, bytearray()

    def insert(self, index, piece):
        first = len(self.ready)
        for n, byte in enumerate(piece, index):
            if first <= n < first + self.room:
                self.kept[n] = byte
        while len(self.ready) in self.kept:
            self.ready.append(self.kept.pop(len(self.ready)))
        return bytes(self.ready)

# %% exercise 3: wrong, returned None, expected b'ABC'
class Mine:
    def __init__(self, room):
        self.next, self.room = 0, room

    def insert(self, index, piece):
        self.next += len(piece)

# %% exercise 3: wrong, did not end within
class Mine:
    def __init__(self, room):
        self.next, self.kept = 0, {}

    def insert(self, index, piece):
        self.kept[index] = piece
        while self.next not in self.kept:  # waits for what comes next
            pass
        ready = self.kept.pop(self.next)
        self.next += len(ready)
        return ready

# %% exercise 3: wrong, TypeError
class Mine:
    def insert(self, index, piece):
        return piece
