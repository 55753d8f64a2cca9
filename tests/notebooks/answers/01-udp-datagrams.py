"""Answers to the exercises of 01, as students write them; each is put into the exercise's cell."""

# %% exercise 1: right
frames_per_packet = 367

# %% exercise 1: right
frames_per_packet = (1500 - 20 - 8 - 2) // 4

# %% exercise 1: right
frames_per_packet = int((1472 - 2) / 4)

# %% exercise 1: wrong, 2 packets
frames_per_packet = 368

# %% exercise 1: wrong, one more frame would fit
frames_per_packet = 366

# %% exercise 1: wrong, expected a whole number
frames_per_packet = 367.5

# %% exercise 1: wrong, 3 packets
frames_per_packet = 1024

# %% exercise 1: wrong, 2 packets
frames_per_packet = 1472 // 4  # the number forgotten

# %% exercise 2: right
def receive_checked(sock, max_size):
    payload, _ = sock.recvfrom(max_size + 1)
    return payload[:max_size], len(payload) > max_size

# %% exercise 2: right
def receive_checked(sock, max_size):
    payload, _ = sock.recvfrom(65535)
    return payload[:max_size], len(payload) > max_size

# %% exercise 2: right
def receive_checked(sock, max_size):
    payload, _, flags, _ = sock.recvmsg(max_size)
    return payload, bool(flags & socket.MSG_TRUNC)

# %% exercise 2: wrong, cut off should be True
def receive_checked(sock, max_size):
    payload, _ = sock.recvfrom(max_size)
    return payload[:max_size], len(payload) > max_size

# %% exercise 2: wrong, limit 1999
def receive_checked(sock, max_size):
    payload, _ = sock.recvfrom(6)
    return payload[:max_size], len(payload) > max_size

# %% exercise 2: wrong, limit 1999
def receive_checked(sock, max_size):
    payload, _ = sock.recvfrom(1024)
    return payload[:max_size], len(payload) > max_size

# %% exercise 2: wrong, cut off should be False
def receive_checked(sock, max_size):
    payload, _ = sock.recvfrom(max_size + 1)
    return payload[:max_size], len(payload) >= max_size

# %% exercise 2: wrong, returned 6 bytes
def receive_checked(sock, max_size):
    payload, _ = sock.recvfrom(max_size + 1)
    return payload, len(payload) > max_size

# %% exercise 2: wrong, did not end within
def receive_checked(sock, max_size):
    while True:
        payload = b""

# %% exercise 3: right
def play(packets, count, size):
    audio = {int.from_bytes(p[:2], "big"): p[2:] for p in packets}
    return b"".join(audio.get(n, bytes(size)) for n in range(count))

# %% exercise 3: right
import struct


def play(packets, count, size):
    sound = bytearray(count * size)
    for packet in packets:
        (n,) = struct.unpack("!H", packet[:2])
        if n < count:
            sound[n * size : (n + 1) * size] = packet[2:]
    return sound

# %% exercise 3: right
def play(packets, count, size):
    slots = [b"\0" * size] * count
    for packet in packets:
        n = packet[0] * 256 + packet[1]
        if n < count:
            slots[n] = packet[2:]
    return b"".join(slots)

# %% exercise 3: wrong, 1, 2 and the last lost
def play(packets, count, size):
    return b"".join(p[2:] for p in sorted(packets))[: count * size]

# %% exercise 3: wrong, 300 packets
def play(packets, count, size):
    audio = {p[1]: p[2:] for p in packets}  # one byte of two
    return b"".join(audio.get(n, bytes(size)) for n in range(count))

# %% exercise 3: wrong, 300 packets
def play(packets, count, size):
    audio = {int.from_bytes(p[:2], "big"): p[2:6] for p in packets}  # size as in the example
    return b"".join(audio.get(n, bytes(4)) for n in range(count))

# %% exercise 3: wrong, 1, 2 and the last lost
def play(packets, count, size):
    audio, last = {int.from_bytes(p[:2], "big"): p[2:] for p in packets}, bytes(size)
    played = b""
    for n in range(count):
        last = audio.get(n, last)  # the packet before, again
        played += last
    return played

# %% exercise 3: wrong, 1, 2 and the last lost
def play(packets, count, size):
    audio = {int.from_bytes(p[:2], "little"): p[2:] for p in packets}
    return b"".join(audio.get(n, bytes(size)) for n in range(count))

# %% exercise 3: wrong, IndexError
def play(packets, count, size):
    slots = [bytes(size)] * count
    for p in packets:
        slots[int.from_bytes(p[:2], "big")] = p[2:]
    return b"".join(slots)

# %% exercise 1: wrong, expected a whole number
frames_per_packet = None

# %% exercise 1: wrong, 2 packets
frames_per_packet = (1500 - 20 - 8) // 4  # the number forgotten, once more

# %% exercise 1: wrong, one more frame would fit
frames_per_packet = (1500 - 2 * 20 - 8 - 2) // 4  # a header too many

# %% exercise 2: right
def receive_checked(sock, max_size):
    whole = sock.recv(65535, socket.MSG_PEEK)
    payload = sock.recv(max_size + 1)
    return [payload[:max_size], whole != payload[:max_size]]

# %% exercise 2: wrong, expected the first
def receive_checked(sock, max_size):
    payload, _ = sock.recvfrom(8192)  # surely enough
    return payload[:max_size], len(payload) > max_size

# %% exercise 2: wrong, expected the first
def receive_checked(sock, max_size):
    payload, _ = sock.recvfrom(9000)
    return payload[:max_size], len(payload) > max_size

# %% exercise 2: wrong, the first 5 bytes
def receive_checked(sock, max_size):
    payload, _ = sock.recvfrom(65535)
    return payload[-max_size:], len(payload) > max_size  # the wrong end

# %% exercise 2: wrong, cut off should be True
def receive_checked(sock, max_size):
    payload = sock.recv(max_size)
    try:
        return payload, bool(sock.recv(1))  # does the rest come next?
    except TimeoutError:
        return payload, False

# %% exercise 2: wrong, NoneType
def receive_checked(sock, max_size):
    print(sock.recv(max_size + 1))

# %% exercise 3: right
def play(packets, count, size):
    sound = b""
    for n in range(count):
        found = [p for p in packets if p[:2] == n.to_bytes(2, "big")]
        sound += found[0][2:] if found else bytes(size)
    return sound

# %% exercise 3: wrong, lost
def play(packets, count, size):
    sound, expected = b"", 0
    for p in sorted(set(packets)):
        n = int.from_bytes(p[:2], "big")
        if n >= count:
            break
        if n != expected:  # a gap, taken to be one packet wide
            sound += bytes(size)
        sound += p[2:]
        expected = n + 1
    return sound.ljust(count * size, b"\0")

# %% exercise 3: wrong, lost
def play(packets, count, size):
    sound, expected = b"", 0
    for p in packets:  # in order of arrival
        n = int.from_bytes(p[:2], "big")
        if n == expected:
            sound += p[2:]
            expected += 1
    return sound.ljust(count * size, b"\0")

# %% exercise 3: wrong, lost
def play(packets, count, size):
    audio = {int.from_bytes(p[:2], "big"): p[2:] for p in packets}
    last = max(audio, default=count - 1)  # as if the last one always came
    return b"".join(audio.get(n, bytes(size)) for n in range(min(last + 1, count)))

# %% exercise 3: wrong, lost
def play(packets, count, size):
    audio = {int.from_bytes(p[:2], "big"): p for p in packets}  # with its number
    return b"".join(audio.get(n, bytes(size)) for n in range(count))
