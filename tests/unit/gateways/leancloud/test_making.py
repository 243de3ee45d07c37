"""Frames made once for all who ask, and how much of them is kept."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.fanout_stage import settle
from unisono.domain.errors import Unavailable
from unisono.gateways.leancloud import making as module
from unisono.gateways.leancloud.making import Making
from unisono.gateways.leancloud.parcels import Push

FRAMES = (Push(b"frame"),)


class Slow:
    """Makes frames when it is let; fails when it is told to."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.count = 0
        self.fault: Exception | None = None

    async def __call__(self) -> tuple[Push, ...]:
        self.count += 1
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        return FRAMES


@in_virtual_time
async def test_of_many_who_ask_at_once_one_has_it_made() -> None:
    """Each link that asked before the first was answered used to look everything up for itself."""
    making, slow = Making(), Slow()
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(making.get("one", slow)) for _ in range(50)]
        await settle()
        slow.gate.set()
    assert slow.count == 1
    assert all(each.result() is FRAMES for each in asked)
    assert await making.get("one", slow) is FRAMES
    assert slow.count == 1


@in_virtual_time
async def test_a_fault_is_told_to_all_who_waited_and_the_next_tries_again() -> None:
    making, slow = Making(), Slow()
    slow.fault = Unavailable()
    asked = [asyncio.ensure_future(making.get("one", slow)) for _ in range(3)]
    await settle()
    slow.gate.set()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in outcomes] == [Unavailable] * 3
    assert slow.count == 1
    slow.fault = None
    assert await making.get("one", slow) is FRAMES


@in_virtual_time
async def test_who_gives_up_leaves_it_to_the_others() -> None:
    making, slow = Making(), Slow()
    asked = [asyncio.ensure_future(making.get("one", slow)) for _ in range(4)]
    await settle()
    asked[1].cancel()
    await settle()
    assert not asked[2].done()
    asked[0].cancel()
    await settle()
    slow.gate.set()
    assert await asyncio.gather(*asked[2:]) == [FRAMES] * 2
    assert slow.count == 2


@in_virtual_time
async def test_so_many_bytes_are_kept_and_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_BYTES", 100)
    made: list[str] = []

    async def get(making: Making, key: str, size: int) -> None:
        async def make() -> tuple[Push, ...]:
            made.append(key)
            return (Push(b"x" * size), Push(b""))

        await making.get(key, make)

    making = Making()
    for key, size in (("a", 60), ("b", 40), ("a", 60), ("b", 40), ("c", 1), ("b", 40), ("a", 60)):
        await get(making, key, size)
    assert made == ["a", "b", "c", "a"]
    made.clear()
    for key, size in (("large", 101), ("large", 101), ("c", 1), ("c", 1)):
        await get(making, key, size)
    assert made == ["large", "large", "c"]


@in_virtual_time
async def test_what_is_kept_twice_counts_once() -> None:
    """It was counted twice and forgotten once, until nothing was kept any more."""
    making, frames = Making(), (Push(b"x" * (module.KEPT_BYTES // 4)),)
    for number in range(20):
        making.keep(number, frames)
        making.keep(number, frames)
    assert making.find(19) is frames
    assert making.find(16) is frames
