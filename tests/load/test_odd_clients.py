"""Readers that are slow or fast, and what they say of a task that writes to them."""

import asyncio

import pytest

from netlib.load.odd_clients import HIGH, fast_reader, pouring, slow_reader

pytestmark = pytest.mark.usefixtures("nothing_left_open")
LINE = bytes(4000)


async def with_drain(writer):
    while True:
        writer.write(LINE)
        await writer.drain()
        await asyncio.sleep(0)


async def without_drain(writer):
    while True:
        writer.write(LINE)
        await asyncio.sleep(0)


async def a_few_lines(writer, count):
    for _ in range(count):
        writer.write(LINE)


def test_what_is_held_for_a_slow_reader_is_bounded_by_drain_alone():
    assert max(asyncio.run(slow_reader(with_drain))) <= HIGH + len(LINE)
    held = asyncio.run(slow_reader(without_drain, reads=100))
    assert held[-1] > 50 * 3000 and len(held) == 100


def test_a_fast_reader_gets_a_line_a_turn():
    assert asyncio.run(fast_reader(with_drain, turns=300)) > 250 * len(LINE)


def test_all_that_was_written_is_read_before_the_stream_ends():
    reads = len(asyncio.run(slow_reader(a_few_lines, 20)))
    assert 20 * len(LINE) // 1000 <= reads < 400, "at most 1000 bytes each"


def test_what_the_task_raised_is_raised_at_the_end():
    async def fail(writer):
        raise ZeroDivisionError

    async def run():
        async with pouring(fail):
            await asyncio.sleep(0)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(run())
