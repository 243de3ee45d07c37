"""The table of messages that users deleted for themselves, one by one; the others stand in `schema`."""

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Table, Text, select

from unisono.stores.sql.schema import FACTS, METADATA

HIDDEN: Final = Table(
    "hidden",
    METADATA,
    # Kept by user: who reads a page looks for theirs alone, and theirs are counted.
    Column("user_id", Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True),
    Column("stream", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
# Facts that are removed take theirs along.
Index("ix_hidden_stream", HIDDEN.c.stream, HIDDEN.c.seq)


def is_hidden(user: Any, stream: Any = FACTS.c.stream, seq: Any = FACTS.c.seq) -> Any:
    """Say of a message that a user deleted it."""
    theirs = (HIDDEN.c.user_id == user) & (HIDDEN.c.stream == stream) & (HIDDEN.c.seq == seq)
    return select(HIDDEN.c.seq).where(theirs).correlate_except(HIDDEN).exists()


HIDDEN_BY_ANY: Final[Any] = (
    select(HIDDEN.c.seq)
    .where(HIDDEN.c.stream == FACTS.c.stream, HIDDEN.c.seq == FACTS.c.seq)
    .correlate_except(HIDDEN)
    .exists()
)
"""Says of a fact that it is a message which somebody deleted."""
