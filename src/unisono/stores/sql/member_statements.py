"""Statements about who is on the roll of a conversation."""

from typing import Final

from sqlalchemy import Column, ColumnElement, Dialect, Text, func, literal_column, select
from sqlalchemy.sql.expression import Executable

from unisono.domain.commands import Roll
from unisono.domain.facts import ConversationEntered, ConversationExited
from unisono.ports.directory import MUTED_AT_ONCE
from unisono.stores.sql.compiled import ListStatement, Statement, numbered
from unisono.stores.sql.phrases import LIMIT, given, insert, wanted
from unisono.stores.sql.schema import FACTS, MEMBERS, STREAMS

_PASSAGES: Final = [
    literal_column(f"'{kind.__struct_config__.tag}'", Text) for kind in (ConversationEntered, ConversationExited)
]
_NONE: Final = literal_column("'none'", Text)


class MemberStatements:
    """The statements of one dialect, compiled when first used."""

    def __init__(self, dialect: Dialect) -> None:
        def one(build: Executable) -> Statement:
            return Statement(dialect, lambda: build)

        self.write = ListStatement(dialect, lambda rows: _write(dialect, rows))
        self.places = ListStatement(dialect, _places)
        now, is_member = given("now", STREAMS.c.head_at), MEMBERS.c.until.is_(None)
        self.members = one(_roll(is_member))
        self.muted = one(_roll(is_member & (MEMBERS.c.level == _NONE)))
        self.muted_of = ListStatement(dialect, _muted_of)
        self.blocked = one(_roll(MEMBERS.c.blocked_until > now))
        self.passages = one(_passages())
        self.silenced = one(_roll(MEMBERS.c.silenced_until > now))
        self.pinned = one(_pinned())

    def roll(self, who: Roll) -> Statement:
        """Give the statement that lists users of a conversation by id."""
        return {"members": self.members, "muted": self.muted, "blocked": self.blocked, "silenced": self.silenced}[who]


def _pinned() -> Executable:
    return select(func.count()).where(
        MEMBERS.c.user_id == given("user", MEMBERS.c.user_id), MEMBERS.c.pinned_at.is_not(None)
    )


def _passages() -> Executable:
    seq, at = FACTS.c.seq, FACTS.c.at
    stream = select(STREAMS.c.id).where(STREAMS.c.key == given("key", STREAMS.c.key)).scalar_subquery()
    return (
        select(seq, at, FACTS.c.body)
        .where(
            FACTS.c.stream == stream, seq > given("after", seq), FACTS.c.kind.in_(_PASSAGES), at > given("since", at)
        )
        .order_by(seq)
        .limit(LIMIT)
    )


def _write(dialect: Dialect, rows: int) -> Executable:
    """Write whole rows, but leave standing at which position a former member left."""
    statement = insert(dialect, MEMBERS, rows, MEMBERS.c)
    keys = [column.name for column in MEMBERS.primary_key]
    new = {column.name: statement.excluded[column.name] for column in MEMBERS.c if column.name not in keys}
    new["until_pos"] = func.coalesce(statement.excluded.until_pos, MEMBERS.c.until_pos)
    written: Executable = statement.on_conflict_do_update(index_elements=keys, set_=new)
    return written


def _places(rows: int) -> Executable:
    asked = wanted(rows, [MEMBERS.c.user_id, Column("key", STREAMS.c.key.type)])
    return (
        select(MEMBERS)
        .select_from(asked)
        .join(STREAMS, STREAMS.c.key == asked.c.key)
        .join(MEMBERS, (MEMBERS.c.user_id == asked.c.user_id) & (MEMBERS.c.stream == STREAMS.c.id))
    )


def _muted_of(rows: int) -> Executable:
    keys = [numbered("key", row, STREAMS.c.key) for row in range(rows)]
    return (
        select(STREAMS.c.key, MEMBERS.c.user_id)
        .join(MEMBERS, MEMBERS.c.stream == STREAMS.c.id)
        .where(STREAMS.c.key.in_(keys), MEMBERS.c.until.is_(None), MEMBERS.c.level == _NONE)
        .order_by(STREAMS.c.key, MEMBERS.c.user_id)
        .limit(literal_column(str(MUTED_AT_ONCE + 1)))
        .offset(literal_column("0"))
    )


def _roll(is_on: ColumnElement[bool]) -> Executable:
    stream = select(STREAMS.c.id).where(STREAMS.c.key == given("key", STREAMS.c.key)).scalar_subquery()
    return (
        select(MEMBERS)
        .where(MEMBERS.c.stream == stream, MEMBERS.c.user_id > given("after", MEMBERS.c.user_id), is_on)
        .order_by(MEMBERS.c.user_id)
        .limit(LIMIT)
    )
