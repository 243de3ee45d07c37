"""The tables of kept events; the others stand in `schema`."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from unisono.stores.sql.schema import METADATA

_Name: Final = Text().with_variant(Text(collation="C"), "postgresql")

KEPT_TOLD: Final = Table(
    "kept_told",
    METADATA,
    Column("user_id", _Name, primary_key=True),
    # In the order of coming, never given twice.
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("key", _Name, nullable=False),
    Column("until", BigInteger, nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("told", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""What is kept, once for however many sessions."""

KEPT_FOR: Final = Table(
    "kept_for",
    METADATA,
    Column("session", _Name, primary_key=True),
    # Empty for the mark that something is gone; its number is that of the newest that is.
    Column("key", _Name, primary_key=True),
    Column("user_id", _Name, nullable=False),
    Column("number", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""The sessions that each of it waits for."""

Index("ix_kept_told_key", KEPT_TOLD.c.user_id, KEPT_TOLD.c.key, unique=True)
# All that is asked to see how much there is: no event itself is read for it.
Index("ix_kept_told_size", KEPT_TOLD.c.user_id, KEPT_TOLD.c.number, KEPT_TOLD.c.size)
Index("ix_kept_for_number", KEPT_FOR.c.user_id, KEPT_FOR.c.number)
