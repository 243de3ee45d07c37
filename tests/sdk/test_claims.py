"""Work that one session does, once: with a real server, with runners that die, and with one that says no."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from tests.sdk.conftest import within
from tests.sdk.fake_server import FakeServer, Frame, Peer, Refuse
from tests.sdk.manual_clock import ManualClock
from tests.support.server_here import serving
from unisono_sdk import ClaimLost, Client, Device, Unacceptable, Unisono, UnisonoError

Connect = Callable[..., Unisono]
AT_ONCE = 40
"""Events that the runners of a device come to at a time: each that waits asks again three times a second."""
BRISK = {"UNISONO_RATES__COMMANDS_PER_S": "100000", "UNISONO_RATES__COMMANDS_BURST": "100000"}


@dataclass
class Record:
    """What runners did: when each worked at an event, and which said that they finished it."""

    spells: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    finished: dict[str, int] = field(default_factory=dict)

    def overlaps(self) -> list[str]:
        """List the events that two worked at at the same time."""
        found = []
        for event, spells in self.spells.items():
            ordered = sorted(spells)
            found += [event for one, other in pairwise(ordered) if other[0] < one[1]]
        return found


async def run(client: Client, event: str, record: Record, work_s: float, room: asyncio.Semaphore) -> None:
    """Wait until an event is dealt with, by this runner or another."""
    async with room, client.claim(event, lease_s=1, wait=True) as claim:
        if claim.is_mine:
            began = time.monotonic()
            try:
                await asyncio.sleep(work_s)
            finally:
                record.spells.setdefault(event, []).append((began, time.monotonic()))
    if claim.is_mine:
        record.finished[event] = record.finished.get(event, 0) + 1


@asynccontextmanager
async def device(url: str, name: str) -> AsyncIterator[Client]:
    async with Unisono(url) as unisono:
        yield await unisono.login(user="ann", device=Device(id=name, platform="linux"))


async def live(url: str, name: str, events: list[str], record: Record, chance: Random, *, runners: int) -> None:
    """Be a device whose program is killed now and then: its runners end where they are, and tell nobody."""
    deaths, patience = 2 + len(events) // 200, 1 + len(events) // 100
    while True:
        async with device(url, name) as client:
            room = asyncio.Semaphore(AT_ONCE * runners)
            asked = [(event, chance.uniform(0, 0.2)) for event in events for _ in range(runners)]
            working = [asyncio.create_task(run(client, event, record, work_s, room)) for event, work_s in asked]
            _, pending = await asyncio.wait(working, timeout=patience * chance.uniform(0.02, 0.2) if deaths else None)
            deaths -= 1
            # Dead to the server first: what runners do at their end reaches it no more.
            await client.close()
            for task in pending:
                task.cancel()
            outcomes = await asyncio.gather(*working, return_exceptions=True)
        strange = [each for each in outcomes if isinstance(each, Exception) and not isinstance(each, UnisonoError)]
        assert not strange
        if not pending:
            return


@pytest.mark.rows("D5")
@pytest.mark.parametrize(
    ("events", "runners"), [pytest.param(15, 2, id="short"), pytest.param(1000, 10, id="whole", marks=pytest.mark.full)]
)
async def test_each_event_is_dealt_with_once_on_three_devices_whose_programs_die(
    tmp_path: Path, events: int, runners: int
) -> None:
    record, names = Record(), [f"event/{number}" for number in range(events)]
    async with serving(tmp_path / "data", **BRISK) as server:
        async with asyncio.TaskGroup() as devices:
            for number in range(3):
                chance = Random(number)
                devices.create_task(live(server.url, f"d{number}", names, record, chance, runners=runners))
        async with device(server.url, "judge") as judge:
            for name in names:
                async with judge.claim(name) as claim:
                    assert (claim.is_mine, claim.is_done) == (False, True)
    assert record.overlaps() == []
    assert max(record.finished.values()) == 1
    assert set(record.spells) == set(names)
    assert sum(map(len, record.spells.values())) > events, "nobody died at work"


async def test_what_fails_is_free_for_the_next_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as server, device(server.url, "a") as one, device(server.url, "b") as other:
        numbers: list[int] = []

        async def fail() -> None:
            async with one.claim("upload/1") as first:
                async with other.claim("upload/1") as second:
                    assert (first.is_mine, second.is_mine, second.holder) == (True, False, one.session)
                numbers.append(first.number)
                raise KeyError("upload")

        with pytest.raises(KeyError):
            await fail()
        async with other.claim("upload/1", wait=True) as third:
            assert third.is_mine
            assert third.number > numbers[0]
        async with one.claim("upload/1") as last:
            assert (last.is_mine, last.is_done) == (False, True)
        with pytest.raises(Unacceptable):
            await one.claim("").__aenter__()


def mine(_: Peer, __: Frame) -> Frame:
    return {"kind": "claimed", "is_mine": True, "number": 3, "left_ms": 9000}


async def test_who_cannot_keep_a_claim_is_stopped(server: FakeServer, connect: Connect, clock: ManualClock) -> None:
    def followed(_: Peer, __: Frame) -> Frame:
        raise Refuse("conflict", numbers={"number": 4})

    server.hooks |= {"claim": mine, "renew_claim": mine, "release_claim": mine}
    async with connect() as unisono:
        client = await unisono.login(user="me")

        async def work() -> None:
            async with client.claim("x", lease_s=9):
                await forward(clock, server, "renew_claim", 1)
                server.hooks["renew_claim"] = followed
                await forward(clock, server, "renew_claim", 2)
                await asyncio.Event().wait()

        with pytest.raises(ClaimLost) as lost:
            await within(work())
        assert lost.value.code == "claim_lost"
        server.hooks["finish_claim"] = followed
        late = client.claim("y", lease_s=9)
        await late.__aenter__()
        with pytest.raises(ClaimLost):
            await late.__aexit__(None, None, None)


async def forward(clock: ManualClock, server: FakeServer, op: str, count: int) -> None:
    """Let time pass until something was asked so many times."""
    async with asyncio.timeout(10):
        while len(server.requests(op)) < count:
            clock.advance(1)
            await asyncio.sleep(0)


async def test_who_hears_nothing_for_a_whole_lease_is_stopped(
    server: FakeServer, connect: Connect, clock: ManualClock
) -> None:
    server.hooks["claim"] = mine
    async with connect() as unisono:
        client = await unisono.login(user="me")

        async def work() -> None:
            async with client.claim("x", lease_s=9):
                server.hooks["renew_claim"] = lambda _, __: None  # no answer
                await asyncio.Event().wait()

        working = asyncio.create_task(work())
        while not working.done():
            clock.advance(1)
            await asyncio.sleep(0.001)
        with pytest.raises(ClaimLost):
            await within(working)
        assert clock.monotonic_s() >= 9
