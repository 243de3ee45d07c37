"""Log, directory and sessions on SQL: one schema and one code for SQLite and PostgreSQL."""

from unisono.stores.sql.options import StoreOptions
from unisono.stores.sql.store import Store, begin_anew, open_store

__all__ = ["Store", "StoreOptions", "begin_anew", "open_store"]
