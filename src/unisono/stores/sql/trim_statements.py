"""Every statement that old facts are removed with."""

from typing import Final

from sqlalchemy import Dialect, Table, delete, select, update
from sqlalchemy.sql.expression import Executable

from unisono.stores.sql.compiled import Statement
from unisono.stores.sql.phrases import LIMIT, given
from unisono.stores.sql.schema import ASKED, CONVERSATIONS, FACTS, REACTIONS, STREAMS


class TrimStatements:
    """The statements of one dialect, compiled when first used."""

    def __init__(self, dialect: Dialect) -> None:
        self.overdue: Final = Statement(dialect, _overdue)
        self.oldest: Final = Statement(dialect, _oldest)
        self.drop_facts: Final = Statement(dialect, lambda: _drop(FACTS))
        self.drop_asked: Final = Statement(dialect, lambda: _drop(ASKED))
        self.drop_reactions: Final = Statement(dialect, lambda: _drop(REACTIONS))
        self.note: Final = Statement(dialect, _note)


def _overdue() -> Executable:
    """List streams of a kind of conversations that hold a fact from before an instant, the oldest first."""
    at = CONVERSATIONS.c.oldest_at
    return (
        select(STREAMS.c.key)
        .join(CONVERSATIONS, CONVERSATIONS.c.stream == STREAMS.c.id)
        .where(CONVERSATIONS.c.kind == given("kind", CONVERSATIONS.c.kind), at < given("before", at))
        .order_by(at)
        .limit(LIMIT)
    )


def _oldest() -> Executable:
    return (
        select(FACTS.c.seq, FACTS.c.at, FACTS.c.nth, FACTS.c.body)
        .where(FACTS.c.stream == given("stream", FACTS.c.stream), FACTS.c.seq > given("after", FACTS.c.seq))
        .order_by(FACTS.c.seq)
        .limit(LIMIT)
    )


def _drop(table: Table) -> Executable:
    return delete(table).where(
        table.c.stream == given("stream", table.c.stream), table.c.seq <= given("until", table.c.seq)
    )


def _note() -> Executable:
    return (
        update(STREAMS)
        .values(trimmed=given("trimmed", STREAMS.c.trimmed), gone=given("gone", STREAMS.c.gone))
        .where(STREAMS.c.id == given("number", STREAMS.c.id))
    )
