"""From threads to the event loop: nothing is lost, nothing waits for long, nothing floods."""

import asyncio
import threading
import time
from itertools import pairwise

from netlib.panels.pump import Pump


def deliveries(per_second: float, produce) -> list[tuple[float, list]]:
    """Run `produce(pump)` in a thread beside an event loop, until the item "last" is delivered.

    Return the batches, each with the moment of its delivery.
    """

    async def run():
        done, seen = asyncio.Event(), []

        def deliver(items: list):
            seen.append((time.monotonic(), items))
            if items[-1] == "last":
                done.set()

        thread = threading.Thread(target=produce, args=[Pump(deliver, per_second, most=10**6)])
        thread.start()
        await asyncio.wait_for(done.wait(), 10)
        thread.join()
        return seen

    return asyncio.run(run())


def test_a_lone_item_is_delivered_at_once():
    began = time.monotonic()
    ((delivered, items),) = deliveries(0.1, lambda pump: pump.put("last"))
    assert items == ["last"]
    assert delivered - began < 1  # the interval between batches would be 10 s


def test_a_flood_that_finds_room_is_delivered_whole_in_order_and_in_batches_an_interval_apart():
    put = []

    def flood(pump: Pump):
        deadline = time.monotonic() + 0.25
        while time.monotonic() < deadline:
            put.append(len(put))
            pump.put(put[-1])
        pump.put("last")

    batches = deliveries(20, flood)
    assert [item for _, items in batches for item in items] == [*put, "last"]
    apart = [late - early for (early, _), (late, _) in pairwise(batches)]
    assert apart
    assert min(apart) > 0.95 / 20


def test_without_an_event_loop_items_wait_for_flush():
    batches = []
    pump = Pump(batches.append)
    pump.put(1)
    pump.put(2)
    assert batches == []
    pump.flush()
    pump.flush()
    assert batches == [[1, 2]]


def test_while_nobody_takes_them_the_newest_items_wait_and_the_others_are_counted():
    batches = []
    pump = Pump(batches.append, most=100)

    def put(start: int):
        for number in range(start, start + 1000):
            pump.put(number)

    threads = [threading.Thread(target=put, args=[start]) for start in (0, 10_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pump.put("last")
    pump.flush()
    ((*_, last),) = batches
    assert len(batches[0]) == 100 and last == "last"
    assert pump.left_out == 2001 - 100
    pump.put("one more")
    pump.flush()
    assert batches[1:] == [["one more"]] and pump.left_out == 1901
