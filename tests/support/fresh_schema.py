"""SQLite files that have the present schema already, and nothing in it.

Making the schema takes a server a third of a second to load what makes it, and a tenth to do so; tests that are about
something else begin with a copy. The first opening of a copy makes it a database of its own: it has no epoch yet.
"""

import sqlite3
import tempfile
from functools import cache
from pathlib import Path

from tests.support.time_and_chance import ManualClock
from unisono.stores.sql import StoreOptions
from unisono.stores.sql.migrate import migrate
from unisono.stores.sql.sqlite import SqliteDriver


def lay(data: Path, app: str = "default") -> None:
    """Put the empty database of an app into a data directory that has none."""
    file = data / f"{app}.sqlite3"
    if not file.exists():
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(_empty())
        file.chmod(0o600)


@cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory(prefix="unisono-schema-") as folder:
        driver = SqliteDriver(StoreOptions(app="empty", data_dir=Path(folder)), ManualClock())
        # A writer makes the file one with a log beside it, as it will be opened.
        driver.connect_writer().close()
        migrate(driver)
        driver.close()
        connection = sqlite3.connect(driver.path)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return driver.path.read_bytes()
