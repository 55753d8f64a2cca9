"""What is wrong with a server's task that is to disconnect clients that say nothing."""

import asyncio
from collections.abc import Awaitable, Callable

from netlib.load.odd_clients import Stay, fall_silent

SHORT, LONG, PAUSE = 0.3, 0.6, 0.05  # seconds: two patiences, and between a talker's lines
LINES, BYTES = 9, 14


async def fault_of(serve: Callable[..., Awaitable], new_rooms: Callable) -> str:
    """Play clients of `serve(sock, rooms, patience)`; return what is wrong, "" if nothing is.

    One says nothing, two say a line (with two patiences), one goes on talking for longer than
    `patience`, and then falls silent, too; one sends bytes, but never the end of a line.
    new_rooms() returns Rooms, with `members`.
    """
    hello = [b"tea\n", b"hello\n"]
    plays = [(SHORT, []), (SHORT, hello), (LONG, hello), (SHORT, hello[:1] + hello[1:] * LINES)]
    plays.append((SHORT, hello[:1] + [b"."] * BYTES))
    rooms = [new_rooms() for _ in plays]
    stays = await asyncio.gather(
        *(
            fall_silent(serve, said, PAUSE, club, patience)
            for (patience, said), club in zip(plays, rooms, strict=True)
        )
    )
    return _fault(*stays) or _left(rooms)


def _fault(mute: Stay, short: Stay, long: Stay, talker: Stay, dribbler: Stay) -> str:
    for stay in (mute, short, long, talker, dribbler):
        if stay.error is not None:
            return f"it raised {stay.error!r}, which would cancel a whole group"
    if talker.heard != b"hello\n" * LINES:
        heard = talker.heard.count(b"\n")
        return (
            f"a client that speaks every {PAUSE} s is to stay with a patience of {SHORT} s; "
            f"of {LINES} lines it heard {heard}"
        )
    if mute.waited is None:
        return "a client that never says a line is still connected long after"
    if short.waited is None or talker.waited is None:
        return "a client that has fallen silent is still connected long after"
    if dribbler.waited is not None:  # else it was cut off while it was sending
        return f"a client that sends a byte every {PAUSE} s, but no line, is still connected"
    if min(mute.waited, short.waited, talker.waited) < 0.9 * SHORT:
        return f"a client was disconnected before {SHORT} s of silence"
    if long.waited is None or not 0.15 < long.waited - short.waited < 0.45:
        return f"with a patience of {SHORT} s it took {short.waited:.2f} s, with {LONG} s " + (
            "far longer" if long.waited is None else f"{long.waited:.2f} s"
        )
    return ""


def _left(rooms: list) -> str:
    members = [club.members for club in rooms if club.members]
    return f"the client has gone, its name is still in {members[0]}" if members else ""
