"""An older copy that is put back is told from what was there, and the log begins anew under an epoch never used."""

import asyncio
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psycopg
import pytest
from msgspec import structs
from psycopg import sql

from tests.contract.stores.acts import ANN, BOB, CIM, ROOM, AnyStore, create, moved, record, send, seqs
from tests.contract.stores.conftest import Home
from tests.support.postgres import Cluster, find_binaries, start
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.errors import Invalid, Unavailable
from unisono.domain.ids import START, Checkpoint, Epoch, Instant, Seq, conversation_stream, user_stream
from unisono.ports.sessions import LeaseState, SessionDecision
from unisono.stores.sql import StoreOptions, open_store
from unisono.stores.sql.store import begin_anew

TALK = conversation_stream(ROOM)
FILE = "test.sqlite3"


async def fill(store: AnyStore, *keys: str) -> None:
    await create(store, ANN, BOB)
    for key in keys:
        await send(store, ANN, key)


async def assert_began_anew(store: AnyStore, before: Epoch, *, head: int, ahead: Checkpoint) -> Epoch:
    """Check that whoever was `ahead` in the log that was lost is told so, whatever has come since."""
    epoch = await store.log.epoch()
    assert epoch > before
    facts = await store.log.read(TALK, Seq(0), 100)
    assert (facts.epoch, facts.head) == (epoch, head)
    reached = await store.log.checkpoint()
    assert reached > ahead
    # What was reached in the lost log says nothing about this one: all of it has moved.
    assert await moved(store, BOB, ahead) == await moved(store, BOB, START)
    assert await moved(store, BOB, reached) == {}
    placed = await send(store, ANN, "of the new epoch")
    assert (placed.epoch, placed.seq) == (epoch, head + 1)
    assert await moved(store, BOB, reached) == {TALK: head + 1}
    new = await store.sessions.decide(CIM, lambda now, held: SessionDecision(opens=record("new", CIM, at=now)))
    assert new.facts[0].epoch == epoch
    assert (await store.log.read(user_stream(CIM), Seq(0), 1)).epoch == epoch
    return epoch


# ------------------------------------------------------------ SQLite


def vacuum_into(file: Path, target: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("VACUUM INTO ?", (str(target),))
    connection.close()


def put_in_place(backup: Path, folder: Path) -> None:
    """Move the copy there: another inode."""
    clear(folder)
    shutil.copy(backup, folder / "new")
    (folder / FILE).unlink()
    (folder / "new").rename(folder / FILE)


def write_over(backup: Path, folder: Path) -> None:
    """Write the copy over the file: the same inode."""
    clear(folder)
    (folder / FILE).write_bytes(backup.read_bytes())


def clear(folder: Path) -> None:
    for rest in ("-wal", "-shm"):
        (folder / (FILE + rest)).unlink(missing_ok=True)


@pytest.mark.parametrize("restore", [put_in_place, write_over])
async def test_an_older_sqlite_file_begins_anew(
    sqlite: Home, tmp_path: Path, restore: Callable[[Path, Path], None]
) -> None:
    """Clients that were ahead used to pass over the facts that took the places of those they had."""
    backup = tmp_path / "backup"
    store = await sqlite.open()
    await fill(store, "1")
    vacuum_into(tmp_path / FILE, backup)
    await send(store, ANN, "2")
    await send(store, ANN, "3")
    before, ahead = await store.log.epoch(), await store.log.checkpoint()
    await sqlite.close(store)
    restore(backup, tmp_path)
    again = await sqlite.open()
    second = await assert_began_anew(again, before, head=2, ahead=ahead)
    ahead = await again.log.checkpoint()
    await sqlite.close(again)
    restore(backup, tmp_path)
    third = await assert_began_anew(await sqlite.open(), second, head=2, ahead=ahead)
    assert third > second > before


async def test_a_log_file_that_was_left_beside_a_backup_is_not_replayed(sqlite: Home, tmp_path: Path) -> None:
    """After a crash the log file stays; SQLite would put pages of the lost database into the one put in its place."""
    store = await sqlite.open()
    await fill(store, "1")
    vacuum_into(tmp_path / FILE, tmp_path / "backup")
    for number in range(20):
        await send(store, ANN, f"lost {number}")
    before, ahead = await store.log.epoch(), await store.log.checkpoint()
    left = (tmp_path / f"{FILE}-wal").read_bytes()
    assert left
    await sqlite.close(store)
    assert not (tmp_path / f"{FILE}-wal").exists(), "a good end leaves one file"
    write_over(tmp_path / "backup", tmp_path)
    (tmp_path / f"{FILE}-wal").write_bytes(left)
    await assert_began_anew(await sqlite.open(), before, head=2, ahead=ahead)


@pytest.mark.parametrize("is_unpacked", [True, False], ids=("unpacked", "written over"))
async def test_a_whole_directory_put_back_begins_anew_even_under_the_old_inode(
    sqlite: Home, tmp_path: Path, is_unpacked: bool
) -> None:
    """The mark came back with its file, and file systems give a new file the number of one that is gone."""
    store = await sqlite.open()
    await fill(store, "1")
    await sqlite.close(store)
    names = (FILE, "test.mark", "test.lock")
    archive = {name: (tmp_path / name).read_bytes() for name in names}
    store = await sqlite.open()
    await send(store, ANN, "lost")
    before, ahead = await store.log.epoch(), await store.log.checkpoint()
    await sqlite.close(store)
    if is_unpacked:
        (tmp_path / "test.lock").unlink()
    for name in names:
        (tmp_path / name).write_bytes(archive[name])
    await assert_began_anew(await sqlite.open(), before, head=2, ahead=ahead)


async def test_one_fact_more_than_the_copy_has_is_enough(sqlite: Home, tmp_path: Path) -> None:
    store = await sqlite.open()
    await fill(store)
    vacuum_into(tmp_path / FILE, tmp_path / "backup")
    before = await store.log.epoch()
    await send(store, ANN, "1")
    await sqlite.close(store)
    write_over(tmp_path / "backup", tmp_path)
    assert await (await sqlite.open()).log.epoch() > before


async def test_a_whole_directory_that_was_put_back_begins_anew(sqlite: Home, tmp_path: Path) -> None:
    """File and mark agree with each other then, but the file is another one."""
    here = tmp_path / "here"
    store = await sqlite.open(data_dir=here)
    await fill(store)
    before = await store.log.epoch()
    await sqlite.close(store)
    shutil.copytree(here, tmp_path / "backup")
    store = await sqlite.open(data_dir=here)
    await send(store, ANN, "1")
    ahead = await store.log.checkpoint()
    await sqlite.close(store)
    here.rename(tmp_path / "lost")
    shutil.copytree(tmp_path / "backup", here)
    await assert_began_anew(await sqlite.open(data_dir=here), before, head=1, ahead=ahead)


@pytest.mark.parametrize("damage", [lambda mark: mark.unlink(), lambda mark: mark.write_bytes(b"epoch=")])
async def test_without_a_readable_mark_the_log_begins_anew(
    sqlite: Home, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    store = await sqlite.open()
    await fill(store)
    before, ahead = await store.log.epoch(), await store.log.checkpoint()
    await sqlite.close(store)
    damage(tmp_path / "test.mark")
    await assert_began_anew(await sqlite.open(), before, head=1, ahead=ahead)


async def test_a_directory_that_was_emptied_gives_another_epoch(sqlite: Home, tmp_path: Path) -> None:
    store = await sqlite.open()
    await fill(store)
    before = await store.log.epoch()
    await sqlite.close(store)
    clear(tmp_path)
    (tmp_path / FILE).unlink()
    again = await sqlite.open()
    assert await again.log.epoch() > before
    await sqlite.close(again)
    shutil.rmtree(tmp_path)
    sqlite.clock.advance(5)
    assert await (await sqlite.open()).log.epoch() > before + 1


async def test_restarts_and_work_that_fails_leave_the_epoch_alone(sqlite: Home, tmp_path: Path) -> None:
    """A position that was taken and given back must not count as committed."""
    store = await sqlite.open()
    await fill(store)
    before = await store.log.epoch()
    await sqlite.close(store)
    for number in range(3):
        sqlite.clock.advance(5)
        store = await sqlite.open()
        with sqlite3.connect(tmp_path / FILE) as connection:
            connection.execute("CREATE TRIGGER refuse BEFORE INSERT ON facts BEGIN SELECT RAISE(ABORT, 'not now'); END")
        connection.close()
        with pytest.raises(Invalid):
            await send(store, ANN, f"refused {number}")
        await store.sessions.take_lease("node", 10)
        with sqlite3.connect(tmp_path / FILE) as connection:
            connection.execute("DROP TRIGGER refuse")
        connection.close()
        await sqlite.close(store)
    again = await sqlite.open()
    assert await again.log.epoch() == before
    assert (await send(again, ANN, "next")).seq == 2


# ------------------------------------------------------------ PostgreSQL


@pytest.fixture
async def own(shared: Home, postgres: Cluster) -> AsyncIterator[Home]:
    """Lend a database of its own, for tests that exchange it."""
    name = postgres.create_database()
    home = Home(StoreOptions(app="test", url=postgres.dsn(name), readers=1), shared.clock)
    yield home
    await home.close_all()
    postgres.drop_database(name)


def tool(name: str, *words: str) -> None:
    subprocess.run([str(find_binaries() / name), *words], check=True, capture_output=True)


def url_of(home: Home) -> str:
    assert home.options is not None
    assert home.options.url is not None
    return home.options.url


@pytest.mark.parametrize("data_only", [False, True])
async def test_a_dump_that_is_loaded_into_the_same_database_begins_anew(
    own: Home, tmp_path: Path, *, data_only: bool
) -> None:
    """The server is the same, and its timeline: what gives it away is that every row was written again."""
    store = await own.open()
    await fill(store, "1")
    tool("pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}", url_of(own))
    await send(store, ANN, "2")
    before, ahead = await store.log.epoch(), await store.log.checkpoint()
    await own.close(store)
    with psycopg.connect(url_of(own), autocommit=True) as connection:
        if data_only:
            tables = [
                row[0]
                for row in connection.execute(
                    "SELECT tablename FROM pg_tables WHERE schemaname = 'app_test'"
                ).fetchall()
            ]
            names = sql.SQL(", ").join(sql.Identifier("app_test", name) for name in tables)
            connection.execute(sql.SQL("TRUNCATE {}").format(names))
        else:
            connection.execute("DROP SCHEMA app_test CASCADE")
    only = ["--data-only", "--disable-triggers"] if data_only else []
    tool("pg_restore", *only, f"--dbname={url_of(own)}", str(tmp_path / "dump"))
    # Several nodes come back at the same moment; one of them does it.
    nodes = await asyncio.gather(*(own.open() for _ in range(3)))
    epochs = {await node.log.epoch() for node in nodes}
    assert len(epochs) == 1
    epoch = await assert_began_anew(nodes[0], before, head=2, ahead=ahead)
    assert epochs == {epoch}
    assert await seqs(nodes[1], TALK) == [1, 2, 3]


async def test_a_copy_of_the_server_that_takes_over_begins_anew_where_nodes_run_on() -> None:
    """A promoted copy may lack the last commits. Its timeline is another one; nodes notice when they connect to it."""
    cluster = start(durable=True, archive_mode="off", wal_level="replica")
    clock = ManualClock()
    try:
        store = await open_store(StoreOptions(app="test", url=cluster.dsn(), readers=1), clock)
        await fill(store, "1")
        lease = await store.sessions.take_lease("node", 60)
        before, ahead = await store.log.epoch(), await store.log.checkpoint()
        cluster = cluster.promote()
        await send(store, ANN, "2")
        assert await store.log.epoch() > before
        assert await store.sessions.keep_lease(lease, 60) is LeaseState.OVER
        assert (await store.log.read(TALK, Seq(0), 10)).epoch == await store.log.epoch()
        assert TALK in await moved(store, BOB, ahead)
        await store.close()
    finally:
        cluster.stop()


async def test_restarts_and_vacuums_leave_the_epoch_alone() -> None:
    cluster = start(durable=True)
    try:
        options = StoreOptions(app="test", url=cluster.dsn(), readers=1)
        store = await open_store(options, ManualClock())
        await fill(store, "1")
        before = await store.log.epoch()
        await store.close()
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            connection.execute("VACUUM (FULL, FREEZE) app_test.meta")
        cluster = cluster.crash()
        again = await open_store(StoreOptions(app="test", url=cluster.dsn(), readers=1), ManualClock(Instant(NOON * 2)))
        assert await again.log.epoch() == before
        await again.close()
    finally:
        cluster.stop()


async def test_a_user_without_privileges_may_open_a_store(postgres: Cluster, own: Home) -> None:
    with psycopg.connect(url_of(own), autocommit=True) as connection:
        connection.execute("CREATE ROLE plain LOGIN")
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO plain").format(name))
    store = await own.open(url=url_of(own).replace("postgresql://postgres@", "postgresql://plain@"))
    await fill(store)
    await own.close(store)
    with psycopg.connect(url_of(own), autocommit=True) as connection:
        connection.execute("REASSIGN OWNED BY plain TO postgres")
        connection.execute("DROP OWNED BY plain")
        connection.execute("DROP ROLE plain")


# ------------------------------------------------------------ both


async def test_an_operator_may_say_that_a_copy_was_put_back(durable: Home) -> None:
    store = await durable.open(app="declared")
    await fill(store, "1")
    before, ahead = await store.log.epoch(), await store.log.checkpoint()
    await durable.close(store)
    assert durable.options is not None
    told = begin_anew(structs.replace(durable.options, app="declared"), durable.clock)
    again = await durable.open(app="declared")
    assert await assert_began_anew(again, before, head=2, ahead=ahead) == told


async def test_it_cannot_be_said_while_a_server_has_the_file(sqlite: Home) -> None:
    await sqlite.open()
    assert sqlite.options is not None
    with pytest.raises(Unavailable, match="another server"):
        begin_anew(sqlite.options, sqlite.clock)
