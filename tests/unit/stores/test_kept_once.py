"""What waits for many sessions is written once; what earlier forms kept for each is moved over."""

import json
from pathlib import Path

from sqlalchemy import text

from tests.contract.stores.acts import ANN, BOB, AnyStore, open_session, record
from tests.support.old_schema import schema_of
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.ids import Instant, SendKey, SessionId
from unisono.domain.told import Told, ToldLater
from unisono.stores.sql import StoreOptions, open_store
from unisono.stores.sql.driver import Driver
from unisono.stores.sql.migrate import migrate
from unisono.stores.sql.postgres import PostgresDriver
from unisono.stores.sql.sqlite import SqliteDriver

SOON = Instant(NOON + 60_000)
SESSION = (
    "INSERT INTO sessions (id, user_id, device, platform, opened_at, seen_at, resume_hash, fence) "
    "VALUES (:session, :user, :session, 'web', :at, :at, :hash, 1)"
)
PHONE, WATCH, OTHER = SessionId("phone"), SessionId("watch"), SessionId("other")


def told(key: str, at: int) -> Told:
    return Told(SendKey(key), Instant(NOON + at), "cart", key, is_kept=True)


async def waiting(store: AnyStore, session: SessionId) -> tuple[list[str], bool]:
    later: ToldLater = await store.kept_events.waiting(session, 1 << 20)
    assert all(each == told(each.id, each.at - NOON) for each in later.events)
    return [each.id for each in later.events], later.lost > 0


def fill(driver: Driver) -> None:
    """Make a database of the form before, and let things wait in it."""
    rows = [
        (PHONE, "", 0, b""),
        (PHONE, "b", 1, told("b", 5)),
        (PHONE, "a", 2, told("a", 5)),
        (PHONE, "c", 3, told("c", 6)),
        (WATCH, "a", 1, told("a", 5)),
        (WATCH, "d", 2, told("d", 7)),
        (OTHER, "a", 1, told("a", 9)),
    ]
    with schema_of(driver, "0015") as connection:
        for session, user in ((PHONE, ANN), (WATCH, ANN), (OTHER, BOB)):
            values = {"session": session, "user": user, "at": NOON, "hash": b"h"}
            connection.execute(text(SESSION), values)
        for session, key, number, event in rows:
            shown = json.dumps(_json(event)).encode() if isinstance(event, Told) else b""
            values = {"session": session, "key": key, "number": number, "until": SOON, "told": shown}
            connection.execute(text("INSERT INTO kept_events VALUES (:session, :key, :number, :until, :told)"), values)


def _json(event: Told) -> dict[str, object]:
    return {"kind": "told", "id": event.id, "at": event.at, "name": event.name, "data": event.data, "is_kept": True}


async def moves(options: StoreOptions, driver: Driver) -> None:
    try:
        fill(driver)
        migrate(driver)
    finally:
        driver.close()
    store = await open_store(options, ManualClock())
    assert await waiting(store, PHONE) == (["b", "a", "c"], True)
    assert await waiting(store, WATCH) == (["a", "d"], False)
    assert await waiting(store, OTHER) == (["a"], False)
    await store.kept_events.keep(ANN, (PHONE,), told("e", 8), SOON)
    await store.kept_events.took(ANN, PHONE, [SendKey("b"), SendKey("c")], 1)
    assert await waiting(store, PHONE) == (["a", "e"], False)
    await store.kept_events.took(ANN, WATCH, [SendKey("a")])
    assert await waiting(store, PHONE) == (["a", "e"], False)
    await store.close()


async def test_what_waited_before_waits_after_an_upgrade_on_sqlite(tmp_path: Path) -> None:
    options = StoreOptions(app="test", data_dir=tmp_path)
    await moves(options, SqliteDriver(options, ManualClock()))


async def test_what_waited_before_waits_after_an_upgrade_on_postgresql(postgres_dsn: str) -> None:
    options = StoreOptions(app="test", url=postgres_dsn)
    await moves(options, PostgresDriver(options))


def bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


async def test_what_many_sessions_wait_for_is_written_once(tmp_path: Path) -> None:
    """It was written for each: 60 of 60 KB for 200 sessions took 27 s, and everybody's writes with them."""
    store = await open_store(StoreOptions(app="test", data_dir=tmp_path), ManualClock())
    sessions = [SessionId(f"s{number}") for number in range(50)]
    for session in sessions:
        await open_session(store, record(session, ANN, session, at=NOON))
    for number in range(10):
        event = Told(SendKey(f"k{number}"), NOON, "cart", "x" * 60_000, is_kept=True)
        await store.kept_events.keep(ANN, sessions, event, SOON)
    assert len((await store.kept_events.waiting(sessions[-1], 1 << 20)).events) == 10
    await store.close()
    assert bytes_in(tmp_path) < 3 * 10 * 60_000
