"""Answers to the exercises of 04, as students write them; each is put into the exercise's cell."""

# %% exercise 1: right
smallest = 396

# %% exercise 1: right
smallest = next(n for n in range(1, 1000) if n / (n + 4) >= 0.99)

# %% exercise 1: right
smallest = 4 * 99

# %% exercise 1: right
encode = LengthPrefixed().encode
smallest = 1
while smallest / len(encode(bytes(smallest))) < 0.99:
    smallest += 1

# %% exercise 1: wrong, set smallest to a whole number
smallest = None

# %% exercise 1: wrong, set smallest to a whole number
smallest = "396"

# %% exercise 1: wrong, 395 bytes: only 98.997%
smallest = 395

# %% exercise 1: wrong, not the smallest
smallest = 397

# %% exercise 1: wrong, not the smallest
smallest = 400  # 4 / 0.01: the stream, not the message

# %% exercise 1: wrong, 99 bytes: only 96.117%
smallest = 99  # one byte of prefix, not four

# %% exercise 1: wrong, a message may have at most 65536 bytes
smallest = 1_000_000

# %% exercise 1: wrong, set smallest to a whole number
smallest = 396.0

# %% exercise 2: right
def all_messages(server):
    framer, messages = LengthPrefixed(), []
    while data := server.receive(7):
        messages += framer.feed(data)
    return messages

# %% exercise 2: right
def all_messages(server):
    framer, messages = LengthPrefixed(), []
    while data := server.receive(7):
        messages.extend(framer.feed(data))
    return messages

# %% exercise 2: right
def all_messages(server):
    framer, messages = LengthPrefixed(), []
    while data := server.receive(7):
        for message in framer.feed(data):
            messages.append(message)
    return messages

# %% exercise 2: wrong, got [b'\x00\x00\x00\rI o'
def all_messages(server):
    framer, messages = LengthPrefixed(), []
    while data := server.receive(7):
        messages += [data]
    return messages

# %% exercise 2: wrong, got [[], [],
def all_messages(server):
    framer, messages = LengthPrefixed(), []
    while data := server.receive(7):
        messages.append(framer.feed(data))
    return messages

# %% exercise 2: wrong, got [b'0 thanks']
def all_messages(server):
    framer, messages = LengthPrefixed(), []
    while data := server.receive(7):
        messages = framer.feed(data)
    return messages

# %% exercise 2: wrong, expected a length up to 65536
def all_messages(server):
    framer, messages = LengthPrefixed(), []
    while data := server.receive(7):
        messages += LengthPrefixed().feed(data)
    return messages

# %% exercise 2: wrong, got [b'I o'
def all_messages(server):
    framer, messages = LengthPrefixed(), []
    while data := server.receive(7):
        messages += [data[4:]]
    return messages

# %% exercise 2: wrong, did not end within
def all_messages(server):
    framer, messages = LengthPrefixed(), []
    while True:
        messages += framer.feed(server.receive(7))

# %% exercise 2: wrong, expected [b'bye'], got [b'I owe you 100'
def all_messages(server):
    return [b"I owe you 100", b"", b"0 thanks"]  # copied from the verdict

# %% exercise 2: wrong, expected [b'I owe you 100', b'', b'0 thanks'], got [b'I owe you 100', b'0
def all_messages(server):
    framer, messages = LengthPrefixed(), []
    while data := server.receive(7):
        messages += [message for message in framer.feed(data) if message]
    return messages

# %% exercise 3: right
class Netstring:
    def __init__(self):
        self.buffer = b""

    def encode(self, message):
        return str(len(message)).encode() + b":" + message + b","

    def feed(self, data):
        self.buffer += data
        messages = []
        while self.buffer:
            colon = self.buffer.find(b":", 0, 6)
            if colon < 0:
                if not self.buffer[:6].isdigit() or len(self.buffer) >= 6:
                    raise FramingError("no length")
                break
            if not self.buffer[:colon].isdigit():
                raise FramingError("not a number")
            size = int(self.buffer[:colon])
            if size > 65536:
                raise FramingError("too long")
            if len(self.buffer) < colon + 1 + size + 1:
                break
            if self.buffer[colon + 1 + size : colon + 2 + size] != b",":
                raise FramingError("no comma")
            messages.append(self.buffer[colon + 1 : colon + 1 + size])
            self.buffer = self.buffer[colon + 2 + size :]
        return messages

# %% exercise 3: right
import re


class Netstring:
    def __init__(self):
        self.buffer = bytearray()

    def encode(self, message):
        return b"%d:" % len(message) + message + b","

    def feed(self, data):
        self.buffer.extend(data)
        messages = []
        while head := re.match(rb"(\d{1,5}):", self.buffer):
            size, start = int(head[1]), head.end()
            if size > 65536:
                raise FramingError(f"{size} is above 65536", messages)
            if len(self.buffer) <= start + size:
                return messages
            if self.buffer[start + size] != 44:
                raise FramingError("expected a comma", messages)
            messages.append(bytes(self.buffer[start : start + size]))
            del head, self.buffer[: start + size + 1]
        if not re.fullmatch(rb"\d{0,5}", self.buffer):
            raise FramingError("expected digits and a colon", messages)
        return messages

# %% exercise 3: right
class Netstring:
    """A byte at a time."""

    def __init__(self):
        self.digits, self.message = "", None

    def encode(self, message):
        return f"{len(message)}:".encode() + message + b","

    def feed(self, data):
        return [m for byte in data if (m := self.step(byte)) is not None]

    def step(self, byte):
        if self.message is None:
            if chr(byte) in "0123456789" and len(self.digits) < 5:
                self.digits += chr(byte)
            elif byte == ord(":") and self.digits and int(self.digits) <= 65536:
                self.message = bytearray()
            else:
                raise FramingError("not a length")
        elif len(self.message) < int(self.digits):
            self.message.append(byte)
        elif byte != ord(","):
            raise FramingError("no comma")
        else:
            whole, self.digits, self.message = bytes(self.message), "", None
            return whole

# %% exercise 3: wrong, hello should become b'5:hello,'
class Netstring:
    def __init__(self):
        self.buffer = b""

    def encode(self, message): ...

    def feed(self, data): ...

# %% exercise 3: wrong, expected a FramingError for b'99999:'
class Netstring(Netstring):
    """No limit at all."""

    def feed(self, data):
        self.buffer += data
        messages = []
        while self.buffer:
            digits, colon, rest = self.buffer[:6].partition(b":")
            if (not colon and len(digits) == 6) or not digits.isdigit():
                raise FramingError("no length")
            end = len(digits) + 1 + int(digits)
            if not colon or len(self.buffer) <= end:
                break
            if self.buffer[end] != ord(","):
                raise FramingError("no comma")
            messages.append(self.buffer[len(digits) + 1 : end])
            self.buffer = self.buffer[end + 1 :]
        return messages

    def encode(self, message):
        return b"%d:%b," % (len(message), message)

# %% exercise 3: wrong, expected a FramingError for b'99999:'
class Netstring:
    """A limit, but only once everything is here."""

    def __init__(self):
        self.buffer = b""

    def encode(self, message):
        return b"%d:%b," % (len(message), message)

    def feed(self, data):
        self.buffer += data
        messages = []
        while self.buffer:
            digits, colon, rest = self.buffer.partition(b":")
            if (not colon and len(digits) >= 6) or not digits.isdigit():
                raise FramingError("no length")
            size = int(digits)
            if not colon or len(rest) <= size:
                break
            if size > 65536:
                raise FramingError("too long")
            if rest[size] != ord(","):
                raise FramingError("no comma")
            messages.append(rest[:size])
            self.buffer = rest[size + 1 :]
        return messages

# %% exercise 3: wrong, expected a FramingError for b'-3:'
class Netstring:
    """What int() takes is a number."""

    def __init__(self):
        self.buffer = b""

    def encode(self, message):
        return b"%d:%b," % (len(message), message)

    def feed(self, data):
        self.buffer += data
        messages = []
        while self.buffer:
            digits, colon, rest = self.buffer.partition(b":")
            if not colon:
                if len(digits) >= 6:
                    raise FramingError("no colon")
                break
            try:
                size = int(digits)
            except ValueError:
                raise FramingError("not a number") from None
            if size > 65536:
                raise FramingError("too long")
            if size < 0 or len(rest) <= size:
                break
            if rest[size] != ord(","):
                raise FramingError("no comma")
            messages.append(rest[:size])
            self.buffer = rest[size + 1 :]
        return messages

# %% exercise 3: wrong, ValueError: invalid literal for int()
class Netstring:
    """int() complains in its own words."""

    def __init__(self):
        self.buffer = b""

    def encode(self, message):
        return b"%d:%b," % (len(message), message)

    def feed(self, data):
        self.buffer += data
        messages = []
        while b":" in self.buffer:
            digits, _, rest = self.buffer.partition(b":")
            size = int(digits)
            if size > 65536:
                raise FramingError("too long")
            if len(rest) <= size:
                break
            messages.append(rest[:size])
            self.buffer = rest[size + 1 :]
        return messages

# %% exercise 3: wrong, a cut somewhere breaks it
class Netstring:
    """Looks for the comma, and believes that a message has none."""

    def __init__(self):
        self.buffer = b""

    def encode(self, message):
        return b"%d:%b," % (len(message), message)

    def feed(self, data):
        self.buffer += data
        if self.buffer.startswith(b"65536:"):
            return []
        *frames, self.buffer = self.buffer.split(b",")
        return [frame.partition(b":")[2] for frame in frames]

# %% exercise 3: wrong, two are complete here, got [b'hello']
class Netstring:
    """One message a feed."""

    def __init__(self):
        self.buffer = b""

    def encode(self, message):
        return b"%d:%b," % (len(message), message)

    def feed(self, data):
        self.buffer += data
        digits, colon, rest = self.buffer.partition(b":")
        if not colon or len(rest) <= int(digits):
            return []
        self.buffer = rest[int(digits) + 1 :]
        return [rest[: int(digits)]]

# %% exercise 3: wrong, did not end within
class Netstring:
    """Waits in a loop for what only the next feed can bring."""

    def __init__(self):
        self.buffer = b""

    def encode(self, message):
        return b"%d:%b," % (len(message), message)

    def feed(self, data):
        self.buffer += data
        messages = []
        while self.buffer:
            digits, colon, rest = self.buffer.partition(b":")
            if len(rest) > int(digits):
                messages.append(rest[: int(digits)])
                self.buffer = rest[int(digits) + 1 :]
        return messages

# %% exercise 3: wrong, expected a FramingError for b'111111', got []
class Netstring:
    """Allows a seventh byte before the colon."""

    def __init__(self):
        self.buffer = b""

    def encode(self, message):
        return b"%d:%b," % (len(message), message)

    def feed(self, data):
        self.buffer += data
        messages = []
        while self.buffer:
            digits, colon, rest = self.buffer.partition(b":")
            if not digits.isdigit() or (not colon and len(digits) >= 7):
                raise FramingError("no length")
            if not colon:
                break
            size = int(digits)
            if size > 65536:
                raise FramingError("too long")
            if len(rest) <= size:
                break
            if rest[size] != ord(","):
                raise FramingError("no comma")
            messages.append(rest[:size])
            self.buffer = rest[size + 1 :]
        return messages

# %% exercise 3: wrong, expected a FramingError for b'a', got []
class Netstring:
    """Looks at the digits only once the colon is here."""

    def __init__(self):
        self.buffer = b""

    def encode(self, message):
        return b"%d:%b," % (len(message), message)

    def feed(self, data):
        self.buffer += data
        messages = []
        while self.buffer:
            digits, colon, rest = self.buffer.partition(b":")
            if (colon and not digits.isdigit()) or (not colon and len(digits) >= 6):
                raise FramingError("no length")
            if not colon:
                break
            size = int(digits)
            if size > 65536:
                raise FramingError("too long")
            if len(rest) <= size:
                break
            if rest[size] != ord(","):
                raise FramingError("no comma")
            messages.append(rest[:size])
            self.buffer = rest[size + 1 :]
        return messages

# %% exercise 2: right
def all_messages(server):
    framer, messages = LengthPrefixed(), []
    while data := server.receive(65536):
        messages += framer.feed(data)
    return messages

# %% exercise 2: wrong, expected a length up to 65536
def all_messages(server):
    messages = []
    while data := server.receive(65536):  # believes that all fits into one
        messages += LengthPrefixed().feed(data)
    return messages

# %% exercise 3: wrong, expected bytes, as other framers give
class Netstring:
    def __init__(self):
        self.buffer = bytearray()

    def encode(self, message):
        return b"%d:%b," % (len(message), message)

    def feed(self, data):
        self.buffer += data
        messages = []
        while self.buffer:
            colon = self.buffer.find(b":", 0, 6)
            digits = self.buffer[: colon if colon >= 0 else 6]
            if not digits.isdigit() or int(digits) > 65536:
                raise FramingError("no length")
            end = colon + 1 + int(digits)
            if colon < 0 and len(self.buffer) > 5:
                raise FramingError("no colon")
            if colon < 0 or len(self.buffer) <= end:
                break
            if self.buffer[end] != ord(","):
                raise FramingError("no comma")
            messages.append(self.buffer[colon + 1 : end])  # a bytearray
            self.buffer = self.buffer[end + 1 :]
        return messages
