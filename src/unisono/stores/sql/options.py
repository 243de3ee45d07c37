"""How a store is opened."""

from pathlib import Path
from typing import Literal

from msgspec import Struct


class StoreOptions(Struct, frozen=True):
    """One app's store.

    Without a `url` it is the SQLite file `<data_dir>/<app>.sqlite3`, else the schema `app_<app>` of that PostgreSQL
    database. `synchronous` is SQLite's: `normal` may lose the last moments in a power cut and is there as the negative
    control of the test that cuts the power.
    """

    app: str
    data_dir: Path = Path("data")
    url: str | None = None
    synchronous: Literal["full", "normal"] = "full"
    batch_max: int = 256
    queue_max: int = 10_000
    readers: int = 4
    deadline_s: float = 10.0

    def __repr__(self) -> str:
        """Show all but the address, which may hold a password."""
        shown = ((name, getattr(self, name)) for name in self.__struct_fields__ if name != "url")
        return f"StoreOptions({', '.join(f'{name}={value!r}' for name, value in shown)})"
