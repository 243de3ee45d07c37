"""Brings a database to the present schema, or says that it cannot."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sqlalchemy import Connection as EngineConnection

from unisono.domain.errors import Unavailable
from unisono.stores.sql.driver import Driver
from unisono.stores.sql.migrations import REVISIONS
from unisono.stores.sql.schema import METADATA

NAMED_MAX: Final = 3


def migrate(driver: Driver) -> None:
    """Run the steps that the database has not seen yet. Safe to repeat, and to run from several nodes at once.

    Raises:
        Unavailable: This program cannot use what is there, and leaves it as it is: a newer version of it has changed
            the database, or one from before the first release has made it.
    """
    if version_of(driver) == REVISIONS[-1]:
        return
    with driver.engine().begin() as connection:
        driver.lock_migration(connection)
        _upgrade(connection)
        # Here, so that what is refused is left as it was.
        _check_form(name for (name,) in connection.exec_driver_sql(driver.form_text))


def version_of(driver: Driver) -> str | None:
    """Give the last step that the database has seen, None for an empty one.

    Raises:
        Unavailable: This program does not know that step, or the database is not what the last one leads to.
    """
    connection = driver.connect_writer()
    try:
        if ("alembic_version",) not in connection.query(driver.tables_text):
            return None
        version = str(connection.query("SELECT version_num FROM alembic_version")[0][0])
        if version == REVISIONS[-1]:
            _check_form(name for (name,) in connection.query(driver.form_text))
    finally:
        connection.close()
    if version not in REVISIONS:
        raise Unavailable(reason="the database is newer than this program", known=REVISIONS[-1], found=version)
    return version


def _check_form(found: Iterable[str]) -> None:
    """See that the schema is the one that the statements are made for. Programs before the first release changed it."""
    declared = {f"{table.name}.{column.name}" for table in METADATA.tables.values() for column in table.c}
    named = {str(index.name) for table in METADATA.tables.values() for index in table.indexes}
    there = set(found)
    missing = (declared | named) - there
    foreign = {name for name in there - declared if name.partition(".")[0] in METADATA.tables}
    if missing or foreign:
        raise Unavailable(
            reason="the database was made by a program from before the first release, or changed by hand",
            lacks=", ".join(sorted(missing)[:NAMED_MAX]),
            has=", ".join(sorted(foreign)[:NAMED_MAX]),
        )


def _upgrade(connection: EngineConnection) -> None:
    # Alembic takes a third of a second to load, and a database in its present form does not need it.
    from alembic import command  # noqa: PLC0415  (a file that is up to date needs no alembic)
    from alembic.config import Config  # noqa: PLC0415  (a file that is up to date needs no alembic)

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
