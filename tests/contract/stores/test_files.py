"""Records of files: counted by day when they are begun, complete once, listed, and forgotten."""

import asyncio

import pytest
from msgspec import structs

from tests.contract.stores.acts import ANN, BOB, AnyStore
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import NOON
from unisono.domain.errors import LimitReached
from unisono.domain.files import DayQuota
from unisono.domain.ids import FileId, Instant
from unisono.ports.files import FileRecord

PLENTY = DayQuota(since=0, limit_bytes=1 << 40)
NEVER = Instant(0)


def name(number: int) -> FileId:
    return FileId(f"{number:032x}")


def record(number: int, **more: object) -> FileRecord:
    plain = FileRecord(name(number), ANN, f"{number}.png", "image/png", 10, Instant(NOON + number))
    return structs.replace(plain, **more)


async def test_a_file_is_known_as_it_was_added_until_it_is_forgotten(store: AnyStore) -> None:
    full = record(1, url="https://x.example/1", attributes={"width": 3, "of": ["a", None]}, arrived_at=Instant(NOON))
    nobodys = record(2, owner=None, name="名前 ' \".png", size=1 << 40)
    for each in (full, nobodys):
        await store.files.add(each, PLENTY)
        assert await store.files.find(each.id) == each
    for _ in range(2):
        await store.files.remove(full.id)
    assert await store.files.find(full.id) is None
    assert await store.files.find(nobodys.id) == nobodys


async def test_it_arrives_once_with_the_bytes_that_it_has(store: AnyStore) -> None:
    await store.files.add(record(1), PLENTY)
    await store.files.arrive(name(1), 7, Instant(NOON + 5))
    await store.files.arrive(name(1), 8, Instant(NOON + 6))
    await store.files.arrive(name(2), 8, Instant(NOON + 6))
    assert await store.files.find(name(1)) == record(1, size=7, arrived_at=Instant(NOON + 5))
    assert await store.files.find(name(2)) is None


async def test_a_day_has_room_for_so_many_bytes_of_one_user(store: AnyStore) -> None:
    await store.files.add(record(1), DayQuota(since=NOON, limit_bytes=10))
    with pytest.raises(LimitReached) as refused:
        await store.files.add(record(2, size=1), DayQuota(since=NOON, limit_bytes=10))
    assert refused.value.numbers["asked"] == 11
    assert await store.files.find(name(2)) is None
    await store.files.add(record(3, owner=BOB), DayQuota(since=NOON, limit_bytes=10))
    await store.files.add(record(4, owner=None), DayQuota(since=NOON, limit_bytes=10))
    await store.files.add(record(5), DayQuota(since=NOON + 2, limit_bytes=10))
    # One that was smaller than it said leaves room for others.
    await store.files.arrive(name(1), 3, NOON)
    await store.files.add(record(6, size=7), DayQuota(since=NOON, limit_bytes=20))


async def test_of_many_at_once_none_takes_room_twice(store: AnyStore) -> None:
    quota = DayQuota(since=NOON, limit_bytes=50)
    added = await asyncio.gather(
        *(store.files.add(record(number), quota) for number in range(8)), return_exceptions=True
    )
    assert [type(outcome) for outcome in added].count(LimitReached) == 3
    assert len(await store.files.of_user(ANN, None, 10)) == 5


async def test_a_users_files_come_in_pages_the_oldest_first(store: AnyStore) -> None:
    same = Instant(NOON + 2)
    for each in (record(5, created_at=same), record(3, created_at=same), record(1), record(9), record(7, owner=BOB)):
        await store.files.add(each, PLENTY)
    first = await store.files.of_user(ANN, None, 2)
    rest = await store.files.of_user(ANN, first[-1], 9)
    assert [each.id for each in (*first, *rest)] == [name(number) for number in (1, 3, 5, 9)]
    assert await store.files.of_user(ANN, rest[-1], 9) == []


async def test_what_never_came_is_old_before_what_did(store: AnyStore) -> None:
    for number in range(4):
        await store.files.add(record(number), PLENTY)
    for number in (1, 3):
        await store.files.arrive(name(number), 1, NOON)
    old = store.files.old
    assert await old(Instant(NOON + 9), NEVER, 9) == [name(0), name(2)]
    assert await old(Instant(NOON + 2), Instant(NOON + 3), 9) == [name(0), name(1)]
    assert await old(NEVER, Instant(NOON + 9), 9) == [name(1), name(3)]
    assert await old(Instant(NOON + 9), Instant(NOON + 9), 3) == [name(0), name(1), name(2)]
    assert await old(NEVER, NEVER, 9) == []


async def test_they_are_there_after_a_restart(durable: Home) -> None:
    store = await durable.open()
    await store.files.add(record(1), PLENTY)
    await store.files.arrive(name(1), 4, NOON)
    await durable.close(store)
    assert await (await durable.open()).files.find(name(1)) == record(1, size=4, arrived_at=NOON)
