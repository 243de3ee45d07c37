"""The tables of files; the others stand in `schema`."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, Text

from unisono.stores.sql.schema import METADATA

_Name: Final = Text().with_variant(Text(collation="C"), "postgresql")

FILES: Final = Table(
    "files",
    METADATA,
    # As `ports.files.FileRecord`; the owner of what nobody owns is empty.
    Column("id", _Name, primary_key=True),
    Column("user_id", _Name, nullable=False),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
    Column("arrived_at", BigInteger),
    Column("url", Text),
    Column("attributes", Text),
    Column("source", _Name),
)
Index("ix_files_user_id", FILES.c.user_id, FILES.c.created_at, FILES.c.id)
Index("ix_files_begun", FILES.c.created_at, sqlite_where=FILES.c.arrived_at.is_(None))

FILE_DAYS: Final = Table(
    "file_days",
    METADATA,
    # What the files in FILES count that were begun on a day, by owner: all of them where `source` is empty.
    Column("day", BigInteger, primary_key=True),
    Column("user_id", _Name, primary_key=True),
    Column("source", _Name, primary_key=True),
    Column("bytes", BigInteger, nullable=False),
    Column("files", BigInteger, nullable=False),
)
