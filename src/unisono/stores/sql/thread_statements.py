"""Every statement about threads."""

from typing import Any

from sqlalchemy import Dialect, Text, delete, literal_column, not_, select
from sqlalchemy.sql.expression import Executable

from unisono.stores.sql.compiled import ListStatement, Statement, numbered
from unisono.stores.sql.phrases import IS_IN_GROUP, LIMIT, given, insert, is_above
from unisono.stores.sql.schema import CONVERSATIONS, MEMBERS, STREAMS
from unisono.stores.sql.thread_tables import THREAD_DEPARTURES

_D = THREAD_DEPARTURES.c
_AFTER = CONVERSATIONS.c.stream > given("after", CONVERSATIONS.c.stream)
_IS_OPEN = CONVERSATIONS.c.joining == literal_column("'open'", Text)


class ThreadStatements:
    """The statements of one dialect, compiled when first used."""

    def __init__(self, dialect: Dialect) -> None:
        def one(build: Executable) -> Statement:
            return Statement(dialect, lambda: build)

        self.note = Statement(dialect, lambda: insert(dialect, THREAD_DEPARTURES, 1, (_D.group_stream, _D.user_id)))
        self.departures = one(
            select(_D.number, STREAMS.c.key, _D.user_id)
            .join(STREAMS, STREAMS.c.id == _D.group_stream)
            .order_by(_D.number)
            .limit(LIMIT)
        )
        self.settle = ListStatement(dialect, _settle)
        self.of_group = one(_of_group())
        self.mine = one(_mine())
        theirs = _is_theirs() & MEMBERS.c.until.is_(None) & not_(is_above(MEMBERS.c.user_id))
        self.left_in = one(_live_under().join(MEMBERS, theirs).limit(LIMIT))
        self.left = one(_live_under().limit(LIMIT))


def _settle(rows: int) -> Executable:
    return delete(THREAD_DEPARTURES).where(_D.number.in_([numbered("number", row, _D.number) for row in range(rows)]))


def _is_theirs() -> Any:
    return (MEMBERS.c.stream == CONVERSATIONS.c.stream) & (MEMBERS.c.user_id == given("user", MEMBERS.c.user_id))


def _is_under() -> Any:
    """Name the group by its key."""
    group = STREAMS.alias("group_streams")
    number = select(group.c.id).where(group.c.key == given("group", group.c.key)).scalar_subquery()
    return CONVERSATIONS.c.parent == number


def _of_group() -> Executable:
    listed: Executable = (
        select(STREAMS, CONVERSATIONS, MEMBERS)
        .join(CONVERSATIONS, CONVERSATIONS.c.stream == STREAMS.c.id)
        .outerjoin(MEMBERS, _is_theirs())
        .where(_is_under(), _IS_OPEN, _AFTER)
        .order_by(CONVERSATIONS.c.stream)
        .limit(LIMIT)
    )
    return listed


def _mine() -> Executable:
    listed: Executable = (
        select(STREAMS, CONVERSATIONS, MEMBERS)
        .join(STREAMS, STREAMS.c.id == MEMBERS.c.stream)
        .join(CONVERSATIONS, CONVERSATIONS.c.stream == MEMBERS.c.stream)
        .where(
            MEMBERS.c.user_id == given("user", MEMBERS.c.user_id),
            MEMBERS.c.until.is_(None),
            MEMBERS.c.stream > given("after", MEMBERS.c.stream),
            CONVERSATIONS.c.parent.is_not(None),
            IS_IN_GROUP,
        )
        .order_by(MEMBERS.c.stream)
        .limit(LIMIT)
    )
    return listed


def _live_under() -> Any:
    return (
        select(STREAMS.c.key)
        .join(CONVERSATIONS, CONVERSATIONS.c.stream == STREAMS.c.id)
        .where(_is_under(), _IS_OPEN)
        .order_by(CONVERSATIONS.c.stream)
    )
