"""A database as an earlier release left it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from unisono.stores.sql import migrations
from unisono.stores.sql.driver import Driver


@contextmanager
def schema_of(driver: Driver, revision: str) -> Iterator[Connection]:
    """Make the tables of a revision, and lend a connection to fill them."""
    driver.prepare()
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    with driver.engine().begin() as connection:
        driver.lock_migration(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        yield connection
