"""Phrases that statements are put together from."""

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, Final

from sqlalchemy import CTE, Column, Dialect, Insert, Table, Text, bindparam, literal_column, select
from sqlalchemy import values as rows_of

from unisono.stores.sql.compiled import numbered
from unisono.stores.sql.schema import CONVERSATIONS, MEMBERS, STREAMS

MESSAGE: Final = literal_column("'message'", Text)
MATCHES: Final = "matches_pattern"
"""The function by which SQLite asks us whether a pattern is in a text."""
LIMIT: Final = bindparam("limit", type_=STREAMS.c.id.type)
IS_SHOWN: Final = MEMBERS.c.deleted.is_(None) | (MEMBERS.c.deleted < STREAMS.c.messages)
"""Of a membership and its stream: that the user did not delete the conversation, or something was said in it since."""
IS_NO_THREAD: Final = CONVERSATIONS.c.parent.is_(None)
_ABOVE: Final = MEMBERS.alias("above")


def is_above(user: Any) -> Any:
    """Say of a thread that a user is in the group that it is under."""
    in_group = (_ABOVE.c.user_id == user) & (_ABOVE.c.stream == CONVERSATIONS.c.parent) & _ABOVE.c.until.is_(None)
    return select(_ABOVE.c.stream).where(in_group).correlate_except(_ABOVE).exists()


IS_IN_GROUP: Final = IS_NO_THREAD | is_above(MEMBERS.c.user_id)
"""Of a membership and its conversation: that it is no thread, or under a group that the user is in."""
_ITS_CONVERSATION: Final = select(CONVERSATIONS.c.stream).where(CONVERSATIONS.c.stream == MEMBERS.c.stream, IS_IN_GROUP)
HAS_GROUP: Final = _ITS_CONVERSATION.correlate(MEMBERS).exists()
"""The same of a membership alone."""


def given(name: str, like: Column[Any]) -> Any:
    """Declare a named value of a column's type."""
    return bindparam(name, type_=like.type)


def wanted(rows: int, columns: Sequence[Column[Any]]) -> CTE:
    """Declare a list of rows given with the statement."""
    named = [Column(column.name, column.type) for column in columns]
    data = [tuple(numbered(column.name, row, column) for column in columns) for row in range(rows)]
    return rows_of(*named, name="wanted").data(data).cte("wanted")


def insert(dialect: Dialect, table: Table, rows: int, columns: Iterable[Column[Any]], **same: Any) -> Any:
    """Write rows, in the dialect's own words, so that it can say what happens on a conflict; `same` for all."""
    columns = list(columns)
    # Loading both dialects would make each start of a server longer.
    words = import_module(f"sqlalchemy.dialects.{dialect.name}")
    return words.insert(table).values(
        [{column.name: numbered(column.name, row, column) for column in columns} | same for row in range(rows)]
    )


def upsert(dialect: Dialect, table: Table, rows: int, *, fixed: Sequence[str] = ()) -> Insert:
    """Write whole rows, those already there anew, but for what is `fixed`."""
    statement = insert(dialect, table, rows, table.c)
    keys = [column.name for column in table.primary_key]
    changed = {column.name: statement.excluded[column.name] for column in table.c if column.name not in (*keys, *fixed)}
    written: Insert = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return written
