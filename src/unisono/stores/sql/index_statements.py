"""Every statement that the index of words is kept and asked with, but for those about the words themselves."""

from typing import Any, Final

from sqlalchemy import Dialect, literal_column, select
from sqlalchemy.sql.expression import Executable

from unisono.domain.ids import NO_SEQ
from unisono.stores.sql.compiled import ListStatement, Statement, numbered
from unisono.stores.sql.phrases import HAS_GROUP, LIMIT, MESSAGE, given, upsert
from unisono.stores.sql.schema import FACTS, INDEXED, MEMBERS, STREAMS


class IndexStatements:
    """The statements of one dialect, compiled when first used."""

    def __init__(self, dialect: Dialect) -> None:
        self.marks: Final = ListStatement(dialect, _marks)
        self.write_marks: Final = ListStatement(dialect, lambda rows: upsert(dialect, INDEXED, rows))
        self.unindexed: Final = Statement(dialect, _unindexed)
        self.places: Final = ListStatement(dialect, _places)
        self.mine: Final = Statement(dialect, _mine)
        self.one: Final = Statement(dialect, lambda: _mine(STREAMS.c.key == given("key", STREAMS.c.key)))


def _marks(rows: int) -> Executable:
    streams = [numbered("stream", row, INDEXED.c.stream) for row in range(rows)]
    return select(INDEXED.c.stream, INDEXED.c.seq).where(INDEXED.c.stream.in_(streams))


def _places(rows: int) -> Executable:
    keys = [numbered("key", row, STREAMS.c.key) for row in range(rows)]
    return (
        select(STREAMS.c.id, STREAMS.c.key, INDEXED.c.seq)
        .outerjoin(INDEXED, INDEXED.c.stream == STREAMS.c.id)
        .where(STREAMS.c.key.in_(keys))
    )


def _unindexed() -> Executable:
    return (
        select(FACTS.c.seq, FACTS.c.body)
        .where(
            FACTS.c.stream == given("stream", FACTS.c.stream),
            FACTS.c.seq > given("after", FACTS.c.seq),
            FACTS.c.seq <= given("until", FACTS.c.seq),
            FACTS.c.kind == MESSAGE,
        )
        .order_by(FACTS.c.seq)
        .limit(LIMIT)
    )


def _mine(*conditions: Any) -> Executable:
    """List a user's conversations in which something was said, those that they left too."""
    return (
        select(STREAMS.c.id, STREAMS.c.key, STREAMS.c.said_at, MEMBERS.c.until, MEMBERS.c.cleared_seq, STREAMS.c.head)
        .select_from(MEMBERS)
        .join(STREAMS, STREAMS.c.id == MEMBERS.c.stream)
        .where(
            MEMBERS.c.user_id == given("user", MEMBERS.c.user_id),
            # Who is only restricted has left before the first place.
            MEMBERS.c.until.is_(None) | (MEMBERS.c.until > literal_column(str(NO_SEQ))),
            STREAMS.c.said_at.is_not(None),
            MEMBERS.c.until.is_not(None) | HAS_GROUP,
            *conditions,
        )
        .order_by(STREAMS.c.said_at.desc())
    )
