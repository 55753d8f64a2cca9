"""Answers to the exercises of 06, as students write them; each is put into the exercise's cell."""

# %% exercise 1: right
people = 20_100

# %% exercise 1: right
people = 2000 * (10 + 0.05)

# %% exercise 1: right
people = round(2000 * 10.05)

# %% exercise 1: wrong, where are those who think
people = 2000 * 0.05

# %% exercise 1: wrong, where are those who wait
people = 20_000

# %% exercise 1: wrong, W =
people = 1

# %% exercise 1: wrong, W =
people = 2000 * (10 + 50)  # milliseconds taken for seconds

# %% exercise 1: wrong, W =
people = 40  # the wait of one message at 2000 per second, times the limit

# %% exercise 1: wrong, set people to a number
people = None

# %% exercise 2: right
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        await writer.drain()
        await asyncio.sleep(0)

# %% exercise 2: right
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        while writer.transport.get_write_buffer_size() > 40_000: await asyncio.sleep(0)
        await asyncio.sleep(0)

# %% exercise 2: right
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        while writer.transport.get_write_buffer_size(): await asyncio.sleep(0)
        await asyncio.sleep(0)

# %% exercise 2: wrong, bytes are held
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

# %% exercise 2: wrong, bytes are held
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        writer.transport.set_write_buffer_limits(high=40_000)
        await asyncio.sleep(0)

# %% exercise 2: wrong, bytes are held
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        writer.drain()  # never awaited
        await asyncio.sleep(0)

# %% exercise 2: wrong, nothing more came
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        return
        await asyncio.sleep(0)

# %% exercise 2: wrong, nothing more came
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        break
        await asyncio.sleep(0)

# %% exercise 2: wrong, nothing more came
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        if writer.transport.get_write_buffer_size() > 40_000: break
        await asyncio.sleep(0)

# %% exercise 2: wrong, nothing more came
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        writer.transport.abort()
        await asyncio.sleep(0)

# %% exercise 2: wrong, nothing more came
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        await asyncio.sleep(1)
        await asyncio.sleep(0)

# %% exercise 2: wrong, a fast reader got
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        await asyncio.sleep(0.005)
        await asyncio.sleep(0)

# %% exercise 2: wrong, did not end within
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        while writer.transport.get_write_buffer_size() > 40_000: pass
        await asyncio.sleep(0)

# %% exercise 3: right
async def serve_patiently(sock, rooms, patience):
    reader, writer = await asyncio.open_connection(sock=sock, limit=LIMIT)
    incoming, room = lines_of(reader), None
    try:
        with suppress(TimeoutError, StopAsyncIteration):
            room = await asyncio.wait_for(anext(incoming), patience)
            rooms.join(room, writer)
            while True:
                line = await asyncio.wait_for(anext(incoming), patience)
                for other in rooms.everybody(room):
                    pass_on(other, line + b"\n")
    finally:
        rooms.leave(room, writer)
        writer.transport.abort()

# %% exercise 3: right
async def patient_lines(reader, patience):
    with suppress(OSError, ValueError):
        while True:
            async with asyncio.timeout(patience):
                line = await reader.readline()
            if not line.endswith(b"\n"):
                return
            yield line.rstrip(b"\r\n")


async def serve_patiently(sock, rooms, patience):
    reader, writer = await asyncio.open_connection(sock=sock, limit=LIMIT)
    incoming, room = patient_lines(reader, patience), None
    try:
        room = await anext(incoming, None)
        rooms.join(room, writer)
        async for line in incoming:
            for other in rooms.everybody(room):
                pass_on(other, line + b"\n")
    finally:
        rooms.leave(room, writer)
        writer.transport.abort()

# %% exercise 3: right
async def serve_patiently(sock, rooms, patience):
    reader, writer = await asyncio.open_connection(sock=sock, limit=LIMIT)
    room, loop = None, asyncio.get_running_loop()
    alarm = loop.call_later(patience, writer.transport.abort)
    try:
        async for line in lines_of(reader):
            alarm.cancel()
            alarm = loop.call_later(patience, writer.transport.abort)
            for other in rooms.everybody(room):
                pass_on(other, line + b"\n")
            if room is None:
                room = line
                rooms.join(room, writer)
    finally:
        alarm.cancel()
        rooms.leave(room, writer)
        writer.transport.abort()

# %% exercise 3: wrong, still connected
async def serve_patiently(sock, rooms, patience):
    await serve_client(sock, rooms)

# %% exercise 3: wrong, a client that speaks every
async def serve_patiently(sock, rooms, patience):
    with suppress(TimeoutError):  # a limit on the whole visit
        async with asyncio.timeout(patience):
            await serve_client(sock, rooms)

# %% exercise 3: wrong, would cancel a whole group
async def serve_patiently(sock, rooms, patience):
    async with asyncio.timeout(patience):
        await serve_client(sock, rooms)

# %% exercise 3: wrong, with a patience of
async def serve_patiently(sock, rooms, patience):
    reader, writer = await asyncio.open_connection(sock=sock, limit=LIMIT)
    incoming, room = lines_of(reader), None
    try:
        with suppress(TimeoutError, StopAsyncIteration):
            room = await asyncio.wait_for(anext(incoming), 0.3)
            rooms.join(room, writer)
            while line := await asyncio.wait_for(anext(incoming), 0.3):
                for other in rooms.everybody(room):
                    pass_on(other, line + b"\n")
    finally:
        rooms.leave(room, writer)
        writer.transport.abort()

# %% exercise 3: wrong, never says a line
async def serve_patiently(sock, rooms, patience):
    reader, writer = await asyncio.open_connection(sock=sock, limit=LIMIT)
    incoming, room = lines_of(reader), None
    try:
        room = await anext(incoming, None)  # no limit here
        rooms.join(room, writer)
        with suppress(TimeoutError, StopAsyncIteration):
            while True:
                line = await asyncio.wait_for(anext(incoming), patience)
                for other in rooms.everybody(room):
                    pass_on(other, line + b"\n")
    finally:
        rooms.leave(room, writer)
        writer.transport.abort()

# %% exercise 3: wrong, still in
async def serve_patiently(sock, rooms, patience):
    reader, writer = await asyncio.open_connection(sock=sock, limit=LIMIT)
    incoming = lines_of(reader)
    with suppress(TimeoutError, StopAsyncIteration):
        room = await asyncio.wait_for(anext(incoming), patience)
        rooms.join(room, writer)
        while True:
            line = await asyncio.wait_for(anext(incoming), patience)
            for other in rooms.everybody(room):
                pass_on(other, line + b"\n")
    writer.transport.abort()

# %% exercise 3: wrong, but no line, is still connected
async def serve_patiently(sock, rooms, patience):
    reader, writer = await asyncio.open_connection(sock=sock, limit=LIMIT)
    framer, room = Delimited(b"\n", LIMIT), None
    try:
        with suppress(OSError, FramingError):
            while data := await asyncio.wait_for(reader.read(4096), patience):  # any bytes will do
                for line in framer.feed(data):
                    for other in rooms.everybody(room):
                        pass_on(other, line + b"\n")
                    if room is None:
                        room = line
                        rooms.join(room, writer)
    finally:
        rooms.leave(room, writer)
        writer.transport.abort()

# %% exercise 3: wrong, with a patience of
async def serve_patiently(sock, rooms, patience):
    reader, writer = await asyncio.open_connection(sock=sock, limit=LIMIT)
    incoming, room = lines_of(reader), None
    try:
        with suppress(TimeoutError, StopAsyncIteration):
            room = await asyncio.wait_for(anext(incoming), patience)
            rooms.join(room, writer)
            while True:
                line = await asyncio.wait_for(anext(incoming), 2 * patience)
                for other in rooms.everybody(room):
                    pass_on(other, line + b"\n")
    finally:
        rooms.leave(room, writer)
        writer.transport.abort()

# %% exercise 2: right
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        while writer.transport.get_write_buffer_size() > 40_000: await asyncio.sleep(0.001)
        await asyncio.sleep(0)

# %% exercise 2: wrong, bytes are held
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        writer.transport.pause_reading()
        await asyncio.sleep(0)

# %% exercise 1: wrong, W =
people = 2000 * (10 - 0.05)

# %% exercise 2: wrong, did not end within
async def tell_the_time(writer):
    while True:
        writer.write(time.ctime().encode().ljust(4000))
        if writer.transport.get_write_buffer_size() > 36_000: continue
        await asyncio.sleep(0)
