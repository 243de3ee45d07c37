"""The table of kept events; the others stand in `schema`."""

from typing import Final

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from unisono.stores.sql.schema import METADATA

_Name: Final = Text().with_variant(Text(collation="C"), "postgresql")

KEPT_EVENTS: Final = Table(
    "kept_events",
    METADATA,
    Column("session", _Name, primary_key=True),
    # Empty for the mark that something is gone.
    Column("key", _Name, primary_key=True),
    # In the order of coming, within the session.
    Column("number", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False, index=True),
    Column("told", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
