"""The steps of the migrations lead to the schema that the statements are made from."""

import hashlib
import sqlite3
import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests.contract.stores.acts import ANN
from tests.contract.stores.talks import found, make
from tests.support.time_and_chance import ManualClock
from unisono.domain import query as q
from unisono.domain.commands import FindConversations
from unisono.stores.sql import StoreOptions, migrations, open_store
from unisono.stores.sql.calls import CallStatements
from unisono.stores.sql.claims import ClaimStatements
from unisono.stores.sql.compiled import ListStatement, Statement
from unisono.stores.sql.driver import Driver
from unisono.stores.sql.files import FileStatements
from unisono.stores.sql.migrate import migrate, version_of
from unisono.stores.sql.migrations import REVISIONS
from unisono.stores.sql.policy import PolicyStatements
from unisono.stores.sql.postgres import PostgresDriver
from unisono.stores.sql.schema import METADATA
from unisono.stores.sql.session_statements import SessionStatements
from unisono.stores.sql.sqlite import SqliteDriver
from unisono.stores.sql.statements import Statements

# Lookups of all that is left over, done once an hour over a handful of rows.
SMALL_TABLES = ("leases", "wanted", "thread_departures")
FROZEN = {
    "0001": "6251fe12ed83206e",
    "0002": "fde7466712292c08",
    "0003": "2153beddceef8dbc",
    "0004": "1cc1eae748958c64",
    "0005": "a09ea80304ad667d",
    "0006": "7f3ad0ed53921c90",
    "0007": "29c3344ed570681c",
    "0008": "10b1b299697bd21a",
    "0009": "9cc5e18b2b73d322",
    "0010": "c7604dc861d024cb",
    "0011": "fef4be445d000f96",
    "0012": "9877aa9962ae7f4b",
    "0013": "5c3bce61086e5221",
    "0014": "d74f5e8c9f249fdb",
    "0015": "4e22ddcf05b40773",
    "0016": "c5a88352aa364f4d",
    "0017": "947b83c6d6a1656c",
    "0018": "c1c2cfef4a88266d",
    "0019": "7de229bc09b8e669",
    "0020": "f627644c679bf16b",
    "0021": "fa6eac1f44cfcf85",
    "0022": "98be7dd0d28f2271",
}


def is_declared(name: str | None, kind: str, _: object) -> bool:
    """Leave out the words of messages, which each database keeps in its own way."""
    return not (kind == "table" and name is not None and name.startswith("message_words"))


def differences(driver: Driver) -> list[object]:
    driver.prepare()
    migrate(driver)
    migrate(driver)
    assert version_of(driver) == REVISIONS[-1]
    engine = driver.engine()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_declared})
        return list(compare_metadata(context, METADATA))


def test_on_sqlite_the_steps_lead_to_the_schema(tmp_path: Path) -> None:
    driver = SqliteDriver(StoreOptions(app="test", data_dir=tmp_path), ManualClock())
    assert differences(driver) == []
    driver.close()


def test_on_postgresql_the_steps_lead_to_the_schema(postgres_dsn: str) -> None:
    assert differences(PostgresDriver(StoreOptions(app="test", url=postgres_dsn))) == []


def test_indexes_leave_out_the_same_rows_on_both(tmp_path: Path, postgres_dsn: str) -> None:
    sqlite = SqliteDriver(StoreOptions(app="test", data_dir=tmp_path), ManualClock())
    postgres = PostgresDriver(StoreOptions(app="test", url=postgres_dsn))
    assert differences(sqlite) == differences(postgres) == []
    ours = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %' ORDER BY name"
    theirs = "SELECT indexname FROM pg_indexes WHERE schemaname = 'app_test' AND indexdef LIKE '% WHERE %' ORDER BY 1"
    here, there = sqlite.connect_writer(), postgres.connect_reader()
    partial = here.query(ours)
    assert len(partial) >= 7
    assert there.query(theirs) == partial
    here.close()
    there.close()
    sqlite.close()


async def test_a_database_from_before_lists_had_lengths_finds_them_by_these(tmp_path: Path) -> None:
    options, clock = StoreOptions(app="test", data_dir=tmp_path), ManualClock()
    store = await open_store(options, clock)
    await make(store, 1, ANN, attributes={"in": {"tags": ["a", {"b": []}]}, "a.b": [1], "a": {"b": [1, 2]}, "n": 3})
    await store.close()
    file = sqlite3.connect(tmp_path / "test.sqlite3")
    with file:
        file.execute("UPDATE conversation_attributes SET number = NULL WHERE kind = 'other'")
        # What later steps made.
        for index in ("ix_facts_changed", "ix_sessions_ended_user", "ix_conversations_parent"):
            file.execute(f"DROP INDEX {index}")
        made = ("claims", "contacts", "calls", "call_users", "kept_told", "kept_for", "policy_changes", "silences")
        for table in (*made, "thread_departures", "hidden"):
            file.execute(f"DROP TABLE {table}")
        for column in ("pinned_at", "marks", "silence", "cleared_seq", "deleted", "hides_some"):
            file.execute(f"ALTER TABLE members DROP COLUMN {column}")
        for column in ("parent", "threads"):
            file.execute(f"ALTER TABLE conversations DROP COLUMN {column}")
        file.execute("UPDATE alembic_version SET version_num = '0006'")
    file.close()
    again = await open_store(options, clock)
    for path, count, numbers_found in (("in.tags", 2, [1]), ("a.b", 2, [1]), ("a.b", 1, []), ("in", 1, [])):
        assert await found(again, ANN, FindConversations(q.Size(f"attr.{path}", count))) == numbers_found
    await again.close()


def test_a_file_that_is_up_to_date_loads_neither_the_migrations_nor_the_other_database(tmp_path: Path) -> None:
    """A start has a second in all; Alembic alone takes a third of it."""
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from unisono.clock import SystemClock\n"
        "from unisono.stores.sql import StoreOptions, open_store\n"
        "async def main():\n"
        f"    store = await open_store(StoreOptions(app='test', data_dir=Path({str(tmp_path)!r})), SystemClock())\n"
        "    await store.sessions.take_lease('node', 10)\n"
        "    await store.close()\n"
        "asyncio.run(main())\n"
        "heavy = {'alembic', 'mako', 'psycopg', 'sqlalchemy.orm', 'sqlalchemy.dialects.postgresql'}\n"
        "print(' '.join(sorted(heavy & set(sys.modules))))\n"
    )
    for loaded in ("alembic mako sqlalchemy.dialects.postgresql", ""):
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
        assert ran.stdout.strip() == loaded


def test_the_steps_that_are_known_are_those_that_there_are() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    scripts = ScriptDirectory.from_config(config)
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == REVISIONS


def test_no_step_is_changed_once_others_have_run_it() -> None:
    """The first one was, again and again: a database made by an older form was opened, and then failed at everything.

    Who needs another schema adds a step, and its line here.
    """
    folder = Path(str(migrations.__file__)).parent / "versions"
    found = {file.stem[1:5]: hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in folder.glob("v*.py")}
    assert found == FROZEN


def test_no_statement_searches_a_whole_table(tmp_path: Path) -> None:
    """Time of a page, a send or a login must not grow with what others have written."""
    driver = SqliteDriver(StoreOptions(app="test", data_dir=tmp_path), ManualClock())
    migrate(driver)
    connection = driver.connect_writer()
    log = vars(Statements(driver.dialect))
    own = ("messages", "history", "roll", "words", "trimming", "objects", "contacts", "silences", "hidden", "threads")
    parts = {name: vars(log.pop(name)) for name in own}
    sessions = vars(SessionStatements(driver.dialect))
    parts |= {"log": log, "kept_events": vars(sessions.pop("kept")), "sessions": sessions}
    parts["claims"] = vars(ClaimStatements(driver.dialect))
    parts["calls"] = vars(CallStatements(driver.dialect))
    parts["policy"] = vars(PolicyStatements(driver.dialect))
    parts["files"] = vars(FileStatements(driver.dialect))
    statements = {f"{part}.{name}": one for part, members in parts.items() for name, one in members.items()}
    scans = []
    for name, statement in statements.items():
        if isinstance(statement, ListStatement):
            text = statement._text(2)
        else:
            assert isinstance(statement, Statement)
            text = statement.text
        plan = connection.query(f"EXPLAIN QUERY PLAN {text}", [None] * text.count("?"))
        scans += [
            (name, step[3])
            for step in plan
            if step[3].startswith("SCAN")
            and not step[3].split()[1].startswith(("(", "CONSTANT", *SMALL_TABLES))
            and step[3].split()[1] in METADATA.tables
        ]
    connection.close()
    driver.close()
    assert scans == []
