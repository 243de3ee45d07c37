"""The table of what is still to be noted in threads; the others stand in `schema`."""

from typing import Final

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from unisono.stores.sql.schema import METADATA

_Name: Final = Text().with_variant(Text(collation="C"), "postgresql")
_Id: Final = BigInteger().with_variant(Integer(), "sqlite")

THREAD_DEPARTURES: Final = Table(
    "thread_departures",
    METADATA,
    # As `ports.threads.Departure`.
    Column("number", _Id, primary_key=True),
    Column("group_stream", BigInteger, nullable=False),
    # Empty where the group is over.
    Column("user_id", _Name, nullable=False),
    # A number that was settled must not come back: another node may settle it again.
    sqlite_autoincrement=True,
)
