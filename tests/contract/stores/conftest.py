"""The stores under contract: in memory, on SQLite, on PostgreSQL. None is ever skipped."""

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from msgspec import structs
from psycopg import sql

from tests.contract.stores.acts import AnyStore
from tests.support.fresh_schema import lay
from tests.support.postgres import Cluster
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.ids import Instant
from unisono.stores.memory import MemoryStore
from unisono.stores.sql import StoreOptions, open_store
from unisono.stores.sql.migrate import migrate
from unisono.stores.sql.postgres import PostgresConnection, PostgresDriver
from unisono.stores.sql.schema import METADATA

KINDS = ("memory", "sqlite", "postgres")


class Home:
    """A place where stores are opened; those still open at the end are closed."""

    def __init__(self, options: StoreOptions | None, clock: ManualClock) -> None:
        self.options = options
        self.clock = clock
        self._open: list[AnyStore] = []

    async def open(self, **changes: object) -> AnyStore:
        if self.options is None:
            store: AnyStore = MemoryStore(self.clock)
        else:
            store = await open_store(structs.replace(self.options, **changes), self.clock)
        self._open.append(store)
        return store

    async def close(self, store: AnyStore) -> None:
        self._open.remove(store)
        await store.close()

    async def close_all(self) -> None:
        for store in list(self._open):
            await self.close(store)


TABLES = [*(table.name for table in METADATA.sorted_tables if table.name != "meta"), "message_words"]


@pytest.fixture(scope="session")
def migrated_dsn(postgres: Cluster) -> str:
    """Make a database and its schema once: emptying the tables that have something takes a hundredth of that."""
    dsn = postgres.dsn(postgres.create_database())
    driver = PostgresDriver(StoreOptions(app="test", url=dsn))
    driver.prepare()
    migrate(driver)
    return dsn


@pytest.fixture
def emptied_dsn(migrated_dsn: str) -> str:
    with psycopg.connect(migrated_dsn, autocommit=True) as connection:
        looks = (sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(name, _table(name)) for name in TABLES)
        filled = [_table(name) for (name,) in connection.execute(sql.SQL(" UNION ALL ").join(looks))]
        if filled:
            connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(sql.SQL(", ").join(filled)))
    return migrated_dsn


def _table(name: str) -> sql.Identifier:
    return sql.Identifier("app_test", name)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """Lend a clock, which is that of the database server, too."""
    clock = ManualClock()
    monkeypatch.setattr(PostgresConnection, "lease_now", lambda _: Instant(NOON + int(clock.monotonic_s() * 1000)))
    return clock


def options_of(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> StoreOptions | None:
    match kind:
        case "memory":
            return None
        case "sqlite":
            lay(tmp_path, "test")
            # Nobody pulls the plug here: what a sync to disk is worth is shown by the adverse suites.
            return StoreOptions(app="test", data_dir=tmp_path, readers=2, synchronous="normal")
        case _:
            return StoreOptions(app="test", url=request.getfixturevalue("emptied_dsn"), readers=2)


async def homes(kind: str, request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Home]:
    home = Home(options_of(kind, request, tmp_path), clock)
    yield home
    await home.close_all()


@pytest.fixture(params=KINDS)
async def home(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Home]:
    async for one in homes(request.param, request, tmp_path, clock):
        yield one


@pytest.fixture(params=KINDS[1:])
async def durable(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Home]:
    async for one in homes(request.param, request, tmp_path, clock):
        yield one


@pytest.fixture
async def sqlite(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Home]:
    async for one in homes("sqlite", request, tmp_path, clock):
        yield one


@pytest.fixture
async def shared(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Home]:
    """Lend a PostgreSQL schema that several stores open at the same time, as nodes do."""
    async for one in homes("postgres", request, tmp_path, clock):
        yield one


@pytest.fixture
async def store(home: Home) -> AnyStore:
    return await home.open()
