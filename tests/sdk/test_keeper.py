"""When the state is saved: soon after each change, also one that comes while it is being saved."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from tests.sdk.conftest import within
from tests.sdk.manual_clock import ManualClock
from unisono_sdk import SavedState
from unisono_sdk.errors import StateFault
from unisono_sdk.keeper import Keeper
from unisono_sdk.options import Options


class Store:
    """A store whose saves take until the test says how they end."""

    def __init__(self) -> None:
        self.saved: list[str] = []
        self.saving: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue(10)

    async def load(self) -> SavedState:
        return SavedState(device="0")

    async def save(self, state: SavedState) -> None:
        ends: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.saving.put_nowait(ends)
        await ends
        self.saved.append(str(state.device))


class Stage:
    """A keeper of one number, kept as the device."""

    def __init__(self, clock: ManualClock) -> None:
        self.store, self.clock, self.number = Store(), clock, 0
        self._tasks: list[asyncio.Task[None]] = []
        self.keeper = Keeper(self.store, Options(url="ws://x", clock=clock), spawn=self._spawn, collect=self._collect)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def settle(self) -> None:
        await asyncio.gather(*self._tasks)

    def _collect(self, state: SavedState) -> SavedState:
        return replace(state, device=str(self.number))

    def change(self) -> None:
        self.number += 1
        self.keeper.touch()

    async def next_save(self) -> "asyncio.Future[None]":
        await asyncio.sleep(0)
        self.clock.advance(1.0)
        return await within(self.store.saving.get())


async def test_what_changes_while_it_is_being_saved_is_saved_next(clock: ManualClock) -> None:
    """Nothing saved it before the next change or the end, so a crash lost it however long it had stood."""
    stage = Stage(clock)
    stage.change()
    ends = await stage.next_save()
    stage.change()
    stage.change()
    ends.set_result(None)
    (await stage.next_save()).set_result(None)
    await within(stage.settle())
    assert (stage.store.saved, stage.store.saving.empty()) == (["1", "3"], True)


async def test_what_could_not_be_saved_is_saved_last(clock: ManualClock) -> None:
    stage = Stage(clock)
    stage.change()
    (await stage.next_save()).set_exception(StateFault("full"))
    for _ in range(5):
        await asyncio.sleep(0)
    ending = asyncio.create_task(stage.keeper.save_last())
    (await stage.next_save()).set_result(None)
    await within(ending)
    assert stage.store.saved == ["1"]
