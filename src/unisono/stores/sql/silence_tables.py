"""The table of what users want to hear of all their conversations; the others stand in `schema`."""

from typing import Final

from sqlalchemy import Column, Table, Text

from unisono.stores.sql.schema import METADATA

SILENCES: Final = Table(
    "silences",
    METADATA,
    Column("user_id", Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True),
    # As `domain.silence.Silence`, in JSON. Where there is none there is no row.
    Column("silence", Text, nullable=False),
    sqlite_with_rowid=False,
)
