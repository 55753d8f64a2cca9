"""Answers to the exercises of 00, as students write them; each is put into the exercise's cell."""

# %% exercise 1: right
size_of_text = 11

# %% exercise 1: right
size_of_text = len("naïve €5".encode())

# %% exercise 1: right
size_of_text = len(bytes("naïve €5", "utf-8"))

# %% exercise 1: wrong, 8 is not its size in UTF-8
size_of_text = len("naïve €5")  # characters

# %% exercise 1: wrong, 10 is not its size in UTF-8
size_of_text = 10  # the euro sign taken for two bytes

# %% exercise 1: wrong, 18 is not its size in UTF-8
size_of_text = len("naïve €5".encode("utf-16"))

# %% exercise 1: wrong, None is not its size
size_of_text = None

# %% exercise 2: right
def patient(sock, seconds):
    sock.settimeout(seconds)
    try:
        return sock.recv(1024)
    except TimeoutError:
        return None

# %% exercise 2: right
import select


def patient(sock, seconds):
    ready, _, _ = select.select([sock], [], [], seconds)
    return sock.recv(1024) if ready else None

# %% exercise 2: right
def patient(sock, seconds):
    before = sock.gettimeout()
    sock.settimeout(seconds)
    try:
        return sock.recv(65535)
    except TimeoutError:
        return None
    finally:
        sock.settimeout(before)

# %% exercise 2: wrong, too soon
def patient(sock, seconds):
    return None

# %% exercise 2: wrong, too soon
def patient(sock, seconds):
    pass

# %% exercise 2: wrong, too soon
def patient(sock, seconds):
    sock.settimeout(0.001)
    try:
        return sock.recv(1024)
    except TimeoutError:
        return None

# %% exercise 2: wrong, too soon
def patient(sock, seconds):
    sock.settimeout(0.2)
    try:
        return sock.recv(1024)
    except TimeoutError:
        return None

# %% exercise 2: wrong, the check's limit
def patient(sock, seconds):
    time.sleep(seconds)
    try:
        return sock.recv(1024)
    except TimeoutError:
        return None

# %% exercise 2: wrong, a datagram came
def patient(sock, seconds):
    time.sleep(seconds)
    return None

# %% exercise 2: wrong, TimeoutError
def patient(sock, seconds):
    sock.settimeout(seconds)
    return sock.recv(1024)

# %% exercise 2: wrong, did not end within
def patient(sock, seconds):
    while True: pass

# %% exercise 3: right
def echo_of(payload):
    with bound_to(0) as client, bound_to(0) as server:
        client.sendto(payload, server.getsockname())
        echo, source = server.recvfrom(65535)
        server.sendto(echo, source)
        return client.recv(65535)

# %% exercise 3: right
def echo_of(payload):
    with UDPSender() as sender, UDPReceiver() as receiver, UDPSender() as back:
        sender.send(payload, receiver.address)
        back.send(receiver.receive().payload, receiver.address)
        return receiver.receive().payload

# %% exercise 3: right
def echo_of(payload):
    here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        here.bind(("127.0.0.1", 0))
        there.bind(("127.0.0.1", 0))
        here.connect(there.getsockname())
        there.connect(here.getsockname())
        here.send(payload)
        there.send(there.recv(65535))
        return here.recv(65535)
    finally:
        here.close()
        there.close()

# %% exercise 3: wrong, two sockets should send
def echo_of(payload):
    return payload

# %% exercise 3: wrong, two sockets should send
def echo_of(payload):
    with bound_to(0) as client, bound_to(0) as server:
        client.sendto(payload, server.getsockname())
        return server.recv(65535)

# %% exercise 3: wrong, sockets not closed
def echo_of(payload):
    client, server = bound_to(0), bound_to(0)
    client.sendto(payload, server.getsockname())
    echo, source = server.recvfrom(65535)
    server.sendto(echo, source)
    return client.recv(65535)

# %% exercise 3: wrong, expected them back
def echo_of(payload):
    with bound_to(0) as client, bound_to(0) as server:
        client.sendto(payload, server.getsockname())
        echo, source = server.recvfrom(1024)
        server.sendto(echo, source)
        return client.recv(1024)

# %% exercise 3: wrong, timed out
def echo_of(payload):
    with bound_to(0) as client, bound_to(0) as server:
        client.sendto(payload, server.getsockname())
        return client.recv(65535)  # from the wrong socket: nobody has answered

# %% exercise 3: wrong, did not end within
def echo_of(payload):
    with bound_to(0) as client:
        while True:
            client.fileno()

# %% exercise 2: wrong, too late
def patient(sock, seconds):
    sock.settimeout(0.5)  # a number, whatever was asked for
    try:
        return sock.recv(1024)
    except TimeoutError:
        return None

# %% exercise 2: wrong, too late
def patient(sock, seconds):
    sock.settimeout(0.3)
    try:
        return sock.recv(1024)
    except TimeoutError:
        return None

# %% exercise 2: wrong, was there already
def patient(sock, seconds):
    time.sleep(seconds)  # always the whole time
    sock.settimeout(0.001)
    try:
        return sock.recv(1024)
    except TimeoutError:
        return None

# %% exercise 2: wrong, a datagram came
def patient(sock, seconds):
    sock.settimeout(seconds)
    try:
        sock.recv(1024)  # and drops it
    except TimeoutError:
        return None

# %% exercise 2: wrong, BlockingIOError
def patient(sock, seconds):
    sock.settimeout(0)
    try:
        return sock.recv(1024)
    except TimeoutError:
        return None

# %% exercise 3: wrong, expected them back
def echo_of(payload):
    with bound_to(0) as client, bound_to(0) as server:
        client.sendto(payload, server.getsockname())
        echo, source = server.recvfrom(65535)
        server.sendto(echo, source)

# %% exercise 3: wrong, AttributeError
def echo_of(payload):
    with bound_to(0) as client, bound_to(0) as server:
        client.sendto(payload.encode(), server.getsockname())
        echo, source = server.recvfrom(65535)
        server.sendto(echo, source)
        return client.recv(65535)

# %% exercise 3: wrong, 0 bytes
def echo_of(payload):
    with bound_to(0) as client, bound_to(0) as server:
        while payload:  # an empty one is not sent
            client.sendto(payload, server.getsockname())
            echo, source = server.recvfrom(65535)
            server.sendto(echo, source)
            return client.recv(65535)

# %% exercise 3: wrong, 1 did
def echo_of(payload):
    with bound_to(0) as client, bound_to(0) as server:
        client.sendto(b"echo:" + payload, server.getsockname())
        echo, source = server.recvfrom(65535)
        server.sendto(echo[5:], source)
        return client.recv(65535)

# %% exercise 3: wrong, a socket sent to itself
def echo_of(payload):
    with bound_to(0) as client, bound_to(0) as server:
        for sock in (client, server):  # each talks to itself
            sock.sendto(payload, sock.getsockname())
            echo = sock.recv(65535)
        return echo

# %% exercise 3: wrong, a socket sent to itself
def echo_of(payload):
    with bound_to(0) as client, bound_to(0) as server:
        client.connect(server.getsockname())
        client.send(payload)
        server.connect(server.getsockname())
        server.send(payload)
        return server.recv(65535)
