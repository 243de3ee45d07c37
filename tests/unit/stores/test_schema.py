"""The steps of the migrations lead to the schema that the statements are made from."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests.support.time_and_chance import ManualClock
from unisono.stores.sql import StoreOptions, migrations
from unisono.stores.sql.compiled import ListStatement, Statement
from unisono.stores.sql.driver import Driver
from unisono.stores.sql.migrate import migrate, version_of
from unisono.stores.sql.migrations import REVISIONS
from unisono.stores.sql.postgres import PostgresDriver
from unisono.stores.sql.schema import METADATA
from unisono.stores.sql.session_statements import SessionStatements
from unisono.stores.sql.sqlite import SqliteDriver
from unisono.stores.sql.statements import Statements

# Lookups of all that is left over, done once an hour over a handful of rows.
SMALL_TABLES = ("leases", "wanted")


def differences(driver: Driver) -> list[object]:
    driver.prepare()
    migrate(driver)
    migrate(driver)
    assert version_of(driver) == REVISIONS[-1]
    engine = driver.engine()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, METADATA))


def test_on_sqlite_the_steps_lead_to_the_schema(tmp_path: Path) -> None:
    driver = SqliteDriver(StoreOptions(app="test", data_dir=tmp_path), ManualClock())
    assert differences(driver) == []
    driver.close()


def test_on_postgresql_the_steps_lead_to_the_schema(postgres_dsn: str) -> None:
    assert differences(PostgresDriver(StoreOptions(app="test", url=postgres_dsn))) == []


def test_the_steps_that_are_known_are_those_that_there_are() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    scripts = ScriptDirectory.from_config(config)
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == REVISIONS


def test_no_statement_searches_a_whole_table(tmp_path: Path) -> None:
    """Time of a page, a send or a login must not grow with what others have written."""
    driver = SqliteDriver(StoreOptions(app="test", data_dir=tmp_path), ManualClock())
    migrate(driver)
    connection = driver.connect_writer()
    log = vars(Statements(driver.dialect))
    messages, history = vars(log.pop("messages")), vars(log.pop("history"))
    statements = {**log, **messages, **history, **vars(SessionStatements(driver.dialect))}
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
