"""What is left after an end, good or bad, and what may be opened at all."""

import asyncio
import shutil
import sqlite3
from contextlib import nullcontext
from pathlib import Path

import pytest
from alembic.command import upgrade
from alembic.config import Config
from msgspec import structs
from sqlalchemy import text

from tests.contract.stores.acts import (
    ANN,
    BOB,
    CIM,
    ROOM,
    AnyStore,
    add,
    conversation_id,
    create,
    end_session,
    mark_read,
    moved,
    open_session,
    record,
    remove,
    send,
    seqs,
    view_of,
)
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.errors import LimitReached, Unavailable
from unisono.domain.files import DAY_MS, DayLimits, DayTally
from unisono.domain.ids import FileId, NodeId, SessionId, user_stream
from unisono.ports.files import FileRecord
from unisono.stores.sql import StoreOptions, migrations
from unisono.stores.sql.migrations import REVISIONS
from unisono.stores.sql.postgres import PostgresDriver
from unisono.stores.sql.sqlite import SqliteDriver


async def fill(store: AnyStore) -> None:
    await create(store, ANN, BOB, unique=True)
    await send(store, ANN, "key")
    await mark_read(store, BOB, 2)
    await add(store, ANN, CIM)
    await remove(store, ANN, CIM)
    await open_session(store, record("one", at=NOON))
    await open_session(store, record("two", at=NOON))
    await end_session(store, ANN, "two")
    await store.sessions.revoke_before(ANN, NOON)


async def test_everything_is_there_after_a_restart(durable: Home) -> None:
    store = await durable.open()
    await fill(store)
    checkpoint = await store.log.checkpoint()
    place = await send(store, ANN, "last")
    before = (
        await store.directory.find(ROOM, BOB, with_members=True),
        await store.sessions.list_of(ANN),
        await moved(store, BOB),
    )
    await durable.close(store)
    again = await durable.open()
    after = (
        await again.directory.find(ROOM, BOB, with_members=True),
        await again.sessions.list_of(ANN),
        await moved(again, BOB),
    )
    assert after == before
    assert await send(again, ANN, "last") == place
    assert (await send(again, ANN, "next")).seq == place.seq + 1
    assert list(await moved(again, ANN, checkpoint)) == [place.stream]
    assert (await again.sessions.find_ended(SessionId("two"))) is not None
    assert await again.sessions.is_revoked(ANN, None, None)
    assert await again.sessions.take_lease("node", 10) > NodeId(0)


async def test_a_lease_number_does_not_come_back_after_a_restart(durable: Home) -> None:
    store = await durable.open()
    first = await store.sessions.take_lease("node", 10)
    durable.clock.advance(100)
    await store.sessions.forget_ended(durable.clock.now())
    await durable.close(store)
    again = await durable.open()
    assert await again.sessions.take_lease("node", 10) > first


async def test_a_killed_server_has_all_that_it_acknowledged(sqlite: Home, tmp_path: Path) -> None:
    """Whatever stands in the files at this moment is what a killed process leaves behind."""
    store = await sqlite.open()
    await create(store, ANN, BOB)
    places = await asyncio.gather(*(send(store, ANN, f"{number}") for number in range(100)))
    assert sqlite.options is not None
    sqlite.options = structs.replace(sqlite.options, data_dir=killed(tmp_path))
    again = await sqlite.open()
    assert await seqs(again) == list(range(1, 102))
    # In another place the files are a copy, and how old it is nobody knows: hence the other epoch.
    epoch = await again.log.epoch()
    assert epoch > places[0].epoch
    repeated = await asyncio.gather(*(send(again, ANN, f"{number}") for number in range(100)))
    assert repeated == [structs.replace(place, epoch=epoch) for place in places]


def killed(folder: Path) -> Path:
    """Copy the files as they stand, with a write on top that was never finished."""
    left = folder / "left"
    left.mkdir()
    for path in folder.glob("test.sqlite3*"):
        shutil.copy(path, left / path.name)
    with (left / "test.sqlite3-wal").open("ab") as wal:
        wal.write(b"half a page that nobody was told of" * 50)
    return left


async def test_two_servers_cannot_open_one_file(sqlite: Home) -> None:
    store = await sqlite.open()
    with pytest.raises(Unavailable, match="another server"):
        await sqlite.open()
    await create(store, ANN, BOB)
    await sqlite.close(store)
    assert await seqs(await sqlite.open()) == [1]


async def test_apps_beside_each_other_share_nothing(durable: Home) -> None:
    first, second = await durable.open(), await durable.open(app="other")
    await create(first, ANN, BOB)
    assert await moved(second, ANN) == {}
    assert view_of(await create(second, BOB, CIM)).conversation == ROOM
    assert await moved(first, CIM) == {}


async def test_a_database_that_a_newer_program_wrote_is_left_alone(durable: Home) -> None:
    store = await durable.open(app="newer")
    await durable.close(store)
    options = durable.options
    assert options is not None
    if options.url is None:
        with sqlite3.connect(options.data_dir / "newer.sqlite3") as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()
    else:
        import psycopg

        with psycopg.connect(options.url) as other:
            other.execute("UPDATE app_newer.alembic_version SET version_num = '9999'")
    with pytest.raises(Unavailable, match="newer"):
        await durable.open(app="newer")


async def test_a_database_of_an_earlier_step_is_brought_up_to_date(durable: Home) -> None:
    options = durable.options
    assert options is not None
    await asyncio.to_thread(take_steps, structs.replace(options, app="first"), durable.clock)
    store = await durable.open(app="first")
    kept = await create(store, ANN, of="room", unique=None, keeps_history=True)
    assert view_of(kept).keeps_history
    await durable.close(store)
    found = await (await durable.open(app="first")).directory.find(ROOM, BOB)
    assert found is not None
    assert found.conversation.keeps_history


async def test_files_that_are_there_count_after_the_step_that_counts_them(durable: Home) -> None:
    options = durable.options
    assert options is not None
    today = durable.clock.now()
    rows = [("a", "ann", 10), ("b", "ann", 9_000), ("c", "", 5_000), ("d", "ann", 7_000)]
    added = [
        f"INSERT INTO files (id, user_id, name, type, size, created_at) VALUES ('{file}', '{user}', 'x', 'y', {size},"
        f" {today - (DAY_MS if file == 'd' else 0)})"
        for file, user, size in rows
    ]
    await asyncio.to_thread(take_steps, structs.replace(options, app="counts"), durable.clock, "0003", *added)
    store = await durable.open(app="counts")
    for number, (owner, before) in enumerate(((ANN, 4_096 + 9_000), (None, 5_000))):
        file = FileRecord(FileId(str(number)), owner, "x", "y", 4_096, today)
        for room in (-1, 0):
            limit = DayTally(before + 4_096 + room, 9)
            with nullcontext() if room == 0 else pytest.raises(LimitReached):
                await store.files.add(file, DayLimits(owner=limit, source=limit))


def take_steps(options: StoreOptions, clock: ManualClock, until: str = REVISIONS[0], *statements: str) -> None:
    """Make a database as an earlier release would have."""
    driver = SqliteDriver(options, clock) if options.url is None else PostgresDriver(options)
    driver.prepare()
    driver.connect_writer().close()
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    with driver.engine().begin() as connection:
        config.attributes["connection"] = connection
        upgrade(config, until)
        for statement in statements:
            connection.execute(text(statement))
    driver.close()


@pytest.mark.parametrize(
    ("app", "change", "named"),
    [
        ("narrow", "ALTER TABLE members DROP COLUMN delivered_seq", "lacks=members.delivered_seq"),
        ("wide", "ALTER TABLE streams ADD COLUMN mood TEXT", "has=streams.mood"),
        ("slow", "DROP INDEX ix_conversations_kind", "lacks=ix_conversations_kind"),
    ],
)
async def test_a_database_of_another_form_is_refused_at_once(durable: Home, app: str, change: str, named: str) -> None:
    """It used to be opened without complaint, and each send came to nothing."""
    await durable.close(await durable.open(app=app))
    options = durable.options
    assert options is not None
    if options.url is None:
        with sqlite3.connect(options.data_dir / f"{app}.sqlite3") as connection:
            connection.execute(change)
        connection.close()
    else:
        import psycopg

        with psycopg.connect(options.url) as other:
            other.execute(f"SET search_path TO app_{app}")
            other.execute(change)
    for _ in range(2):
        with pytest.raises(Unavailable, match=f"before the first release.*{named}"):
            await durable.open(app=app)


async def test_a_file_that_is_no_database_is_refused(sqlite: Home, tmp_path: Path) -> None:
    (tmp_path / "test.sqlite3").write_bytes(b"this is a letter to my aunt" * 100)
    with pytest.raises(Unavailable, match="not a database"):
        await sqlite.open()
    (tmp_path / "test.sqlite3").unlink()
    assert await (await sqlite.open()).healthy()


async def test_a_data_directory_is_made_where_there_is_none(sqlite: Home, tmp_path: Path) -> None:
    store = await sqlite.open(data_dir=tmp_path / "a" / "b")
    await create(store, ANN, BOB)
    assert (tmp_path / "a" / "b" / "test.sqlite3").exists()


async def test_a_server_that_is_not_there_is_unavailable(shared: Home, tmp_path: Path) -> None:
    shared.options = StoreOptions(app="test", url=f"postgresql://nobody@/nothing?host={tmp_path}")
    with pytest.raises(Unavailable):
        await shared.open()


async def test_nodes_that_start_together_make_the_schema_once(shared: Home) -> None:
    stores = await asyncio.gather(*(shared.open(app="together") for _ in range(4)))
    for number, store in enumerate(stores):
        await create(store, ANN, BOB, room=conversation_id(number))
    assert (await moved(stores[0], BOB))[user_stream(BOB)] == 4
