"""Records of files: counted by day when they are begun, complete once, listed, and forgotten."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from msgspec import structs

from tests.contract.stores.acts import ANN, BOB, AnyStore
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import NOON
from unisono.domain.errors import LimitReached, NotFound
from unisono.domain.files import DAY_MS, LEAST_BYTES, DayLimits, DayTally, day_of
from unisono.domain.ids import FileId, Instant
from unisono.ports.files import FileRecord

MUCH = DayTally(1 << 50, 1 << 30)
PLENTY = DayLimits(MUCH, MUCH)
NEVER = Instant(0)


def name(number: int) -> FileId:
    return FileId(f"{number:032x}")


def limit(of_bytes: int = 1 << 50, files: int = 1 << 30) -> DayLimits:
    return DayLimits(owner=DayTally(of_bytes, files), source=MUCH)


def record(number: int, **more: object) -> FileRecord:
    plain = FileRecord(name(number), ANN, f"{number}.png", "image/png", 10, Instant(NOON + number))
    return structs.replace(plain, **more)


async def test_a_file_is_known_as_it_was_added_until_it_is_forgotten(store: AnyStore) -> None:
    full = record(1, url="https://x.example/1", attributes={"width": 3, "of": ["a", None]}, arrived_at=Instant(NOON))
    nobodys = record(2, owner=None, name="名前 ' \".png", size=1 << 40, source="somewhere")
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
    with pytest.raises(NotFound):
        await store.files.arrive(name(2), 8, Instant(NOON + 6))
    assert await store.files.find(name(1)) == record(1, size=7, arrived_at=Instant(NOON + 5))
    assert await store.files.find(name(2)) is None


async def test_a_day_has_room_for_so_many_bytes_of_one_user(store: AnyStore) -> None:
    await store.files.add(record(1, size=10_000), limit(10_000))
    with pytest.raises(LimitReached) as refused:
        await store.files.add(record(2, size=1), limit(10_000))
    assert refused.value.numbers["asked"] == 10_000 + LEAST_BYTES
    assert await store.files.find(name(2)) is None
    await store.files.add(record(3, owner=BOB, size=10_000), limit(10_000))
    await store.files.add(record(4, owner=None, size=10_000), limit(10_000))
    await store.files.add(record(5, created_at=Instant(NOON + DAY_MS), size=10_000), limit(10_000))
    # One that was smaller than it said leaves room for others, once.
    for _ in range(2):
        await store.files.arrive(name(1), 4_000, NOON)
    with pytest.raises(LimitReached):
        await store.files.add(record(6, size=10_001 - LEAST_BYTES), limit(10_000))
    await store.files.add(record(6, size=10_000 - LEAST_BYTES), limit(10_000))


async def test_a_day_has_room_for_so_many_files(store: AnyStore) -> None:
    """Files that lie elsewhere, or are empty, were free."""
    for number in (1, 2):
        await store.files.add(record(number, size=0, url="https://x.example", arrived_at=NOON), limit(files=2))
    with pytest.raises(LimitReached, match="files a day"):
        await store.files.add(record(3, size=0), limit(files=2))
    with pytest.raises(LimitReached, match="bytes"):
        await store.files.add(record(3, size=0), limit(3 * LEAST_BYTES - 1))
    await store.files.add(record(3, size=0), limit(3 * LEAST_BYTES, 3))


async def test_what_is_forgotten_leaves_its_room_once(store: AnyStore) -> None:
    for number in (1, 2, 3):
        await store.files.add(record(number, size=5_000), PLENTY)
    await store.files.arrive(name(2), 4_500, NOON)
    for _ in range(2):
        await store.files.remove(name(2))
        assert await store.files.give_up(name(3))
    full = limit(10_000, 2)
    await store.files.add(record(4, size=5_000), full)
    with pytest.raises(LimitReached):
        await store.files.add(record(5, size=0), full)
    for number in (1, 4):
        await store.files.remove(name(number))
    await store.files.add(record(6, size=10_000), full)


async def test_one_source_has_a_share_of_what_nobody_owns(store: AnyStore) -> None:
    shares = DayLimits(owner=DayTally(30_000, 9), source=DayTally(20_000, 9))
    await store.files.add(record(1, owner=None, source="here", size=20_000), shares)
    with pytest.raises(LimitReached) as refused:
        await store.files.add(record(2, owner=None, source="here", size=1), shares)
    assert refused.value.numbers["limit"] == 20_000
    await store.files.add(record(2, owner=None, source="there", size=LEAST_BYTES), shares)
    for source in ("elsewhere", None):
        with pytest.raises(LimitReached) as refused:
            await store.files.add(record(3, owner=None, source=source, size=6_000), shares)
        assert refused.value.numbers["limit"] == 30_000
    await store.files.arrive(name(1), 5_000, NOON)
    await store.files.add(record(3, owner=None, source="here", size=15_000), shares)
    await store.files.remove(name(3))
    await store.files.add(record(4, owner=None, source="here", size=15_000), shares)


async def test_of_many_at_once_none_takes_room_twice(store: AnyStore) -> None:
    full = limit(50_000)
    added = await asyncio.gather(
        *(store.files.add(record(number, size=10_000), full) for number in range(8)), return_exceptions=True
    )
    assert [type(outcome) for outcome in added].count(LimitReached) == 3
    assert len(await store.files.of_user(ANN, None, 10)) == 5


async def test_of_two_nodes_one_takes_the_last_room(shared: Home) -> None:
    """Each added up what it saw, and both took it in most of the cases."""
    stores = await shared.open(), await shared.open()
    for turn in range(20):
        of_turn = Instant(NOON + turn * DAY_MS)
        added = await asyncio.gather(
            *(
                each.files.add(record(2 * turn + number, created_at=of_turn), limit(LEAST_BYTES))
                for number, each in enumerate(stores)
            ),
            return_exceptions=True,
        )
        assert sorted(type(outcome).__name__ for outcome in added) == ["LimitReached", "NoneType"]
        await stores[turn % 2].files.remove(name(2 * turn + (added[0] is not None)))


async def test_on_two_nodes_a_file_arrives_or_is_forgotten(shared: Home) -> None:
    one, other = await shared.open(), await shared.open()
    for number in range(20):
        await one.files.add(record(number), PLENTY)
        arrived, is_forgotten = await asyncio.gather(
            one.files.arrive(name(number), 3, NOON), other.files.give_up(name(number)), return_exceptions=True
        )
        assert is_forgotten is isinstance(arrived, NotFound)
        assert (await one.files.find(name(number)) is None) is is_forgotten


async def test_counts_of_long_ago_are_forgotten_a_few_at_a_time(durable: Home) -> None:
    store, days = await durable.open(), [Instant(NOON + day * DAY_MS) for day in range(4)]
    for number, at in enumerate(days):
        await store.files.add(record(number, created_at=at, size=10_000), PLENTY)
    before = day_of(days[3])
    assert [await store.files.forget_days(before, 2) for _ in range(3)] == [2, 1, 0]
    with pytest.raises(LimitReached):
        await store.files.add(record(9, created_at=days[3]), limit(10_000))
    # What belongs to such a day comes and goes all the same.
    await store.files.arrive(name(0), 5, NOON)
    await store.files.remove(name(1))
    await store.files.add(record(9, created_at=days[0]), limit(LEAST_BYTES))


async def test_a_day_has_one_count_however_many_files_there_are(sqlite: Home, tmp_path: Path) -> None:
    """Each that was begun added up all those of the day, in the one thread that writes: 0.9 s with 300,000."""
    store = await sqlite.open()
    await store.files.add(record(1), PLENTY)
    counts = await rows_of(tmp_path, "file_days")
    for number in range(2, 200):
        await store.files.add(record(number), PLENTY)
    assert await rows_of(tmp_path, "file_days") == counts == 1
    for number in range(1, 200):
        await store.files.remove(name(number))
    assert await rows_of(tmp_path, "file_days") == 0


async def rows_of(folder: Path, table: str) -> int:
    def count() -> int:
        with sqlite3.connect(folder / "test.sqlite3") as connection:
            found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        connection.close()
        return found

    return await asyncio.to_thread(count)


async def test_a_file_that_is_there_is_not_given_up(store: AnyStore) -> None:
    for number in (1, 2):
        await store.files.add(record(number), PLENTY)
    await store.files.arrive(name(1), 7, NOON)
    assert not await store.files.give_up(name(1))
    assert await store.files.give_up(name(2))
    assert [await store.files.find(name(number)) is None for number in (1, 2)] == [False, True]


async def test_those_that_nothing_is_known_of_are_told_apart(store: AnyStore) -> None:
    for number in range(0, 300, 2):
        await store.files.add(record(number), PLENTY)
    unknown = await store.files.unknown([name(number) for number in range(300)])
    assert sorted(unknown) == [name(number) for number in range(1, 300, 2)]
    assert await store.files.unknown([]) == []


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
