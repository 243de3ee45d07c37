"""Nobody but our own user reads what is kept."""

from pathlib import Path

from tests.support.time_and_chance import ManualClock
from unisono.stores.sql import StoreOptions, open_store


def modes(folder: Path) -> set[int]:
    return {file.stat().st_mode & 0o777 for file in folder.iterdir()}


async def test_a_store_is_for_its_owner_alone_and_an_older_one_becomes_so(tmp_path: Path) -> None:
    """Every user of the machine used to be able to read all messages."""
    folder = tmp_path / "data"
    options = StoreOptions(app="default", data_dir=folder)
    store = await open_store(options, ManualClock())
    assert modes(folder) == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    await store.close()
    (folder / "default.sqlite3").chmod(0o644)
    store = await open_store(options, ManualClock())
    assert modes(folder) == {0o600}
    await store.close()
