"""Brings a database to the present schema, or says that it cannot."""

from pathlib import Path

from sqlalchemy import Connection as EngineConnection

from unisono.domain.errors import Unavailable
from unisono.stores.sql.driver import Driver
from unisono.stores.sql.migrations import REVISIONS


def migrate(driver: Driver) -> None:
    """Run the steps that the database has not seen yet. Safe to repeat, and to run from several nodes at once.

    Raises:
        Unavailable: A newer version of this program has changed the database: an older one must not write to it.
    """
    if version_of(driver) == REVISIONS[-1]:
        return
    with driver.engine().begin() as connection:
        driver.lock_migration(connection)
        _upgrade(connection)


def version_of(driver: Driver) -> str | None:
    """Give the last step that the database has seen, None for an empty one.

    Raises:
        Unavailable: This program does not know that step.
    """
    connection = driver.connect_writer()
    try:
        if ("alembic_version",) not in connection.query(driver.tables_text):
            return None
        version = str(connection.query("SELECT version_num FROM alembic_version")[0][0])
    finally:
        connection.close()
    if version not in REVISIONS:
        raise Unavailable(reason="the database is newer than this program", known=REVISIONS[-1], found=version)
    return version


def _upgrade(connection: EngineConnection) -> None:
    # Alembic takes a third of a second to load, and a database in its present form does not need it.
    from alembic import command  # noqa: PLC0415  (a file that is up to date needs no alembic)
    from alembic.config import Config  # noqa: PLC0415  (a file that is up to date needs no alembic)

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
