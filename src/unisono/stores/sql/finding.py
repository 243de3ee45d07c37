"""Finding conversations: which they are, then what is shown of them."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Dialect

from unisono.domain.answers import HistoryEntry
from unisono.domain.commands import FindConversations
from unisono.domain.ids import ConversationId, StreamKey, UserId, conversation_of, conversation_stream
from unisono.ports.directory import MyConversation
from unisono.stores.sql.compiled import Row
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.entries import read_membership
from unisono.stores.sql.history import read_message
from unisono.stores.sql.mine import read_mine
from unisono.stores.sql.query import found_by
from unisono.stores.sql.statements import Statements

QUERY_MAX_MS: Final = 1_000
"""How long the database may look for what a query asks for."""


def find_conversations(
    connection: Connection, dialect: Dialect, user: UserId, asked: FindConversations
) -> list[ConversationId]:
    """Give the ids of conversations, one more than asked for where there is one."""
    statement = found_by(dialect, user, asked)
    rows = connection.query_within(QUERY_MAX_MS, statement.text, statement.bind())
    return [conversation_of(StreamKey(key)) or ConversationId("") for (key,) in rows]


def read_some(
    connection: Connection,
    sql: Statements,
    user: UserId,
    conversations: Sequence[ConversationId],
    *,
    with_members: bool,
    with_last: bool,
) -> list[MyConversation]:
    """Read conversations that the user may know of, in the order given."""
    pairs = [(conversation_stream(conversation), user) for conversation in conversations]
    rows = {row[1]: row for text, values in sql.listed.padded(pairs) for row in connection.query(text, values)}
    found = [(row, read_mine(row)) for key, _ in pairs if (row := rows.get(key)) is not None]
    own = [row[0] for row, mine in found if mine.is_member]
    listing = [row[0] for row, mine in found if mine.is_member and mine.conversation.lists_members]
    members = _members(connection, sql, listing) if with_members else {}
    last = _last(connection, sql, own) if with_last else {}
    return [
        MyConversation(mine.conversation, mine.membership, members.get(row[0], ()), last.get(row[0]))
        for row, mine in found
        if mine.is_member or mine.conversation.is_open
    ]


def _members(connection: Connection, sql: Statements, streams: Sequence[int]) -> Mapping[int, tuple[UserId, ...]]:
    asked = sql.all_members.padded([(stream,) for stream in streams])
    rows: dict[int, set[Row]] = {}
    for text, values in asked:
        for row in connection.query(text, values):
            rows.setdefault(row[1], set()).add(row)
    return {
        stream: tuple(
            member.user for member in sorted(map(read_membership, found), key=lambda one: (one.since, one.user))
        )
        for stream, found in rows.items()
    }


def _last(connection: Connection, sql: Statements, streams: Sequence[int]) -> Mapping[int, HistoryEntry]:
    statement = sql.messages.last_message
    found = ((stream, connection.query(statement.text, statement.bind(stream=stream))) for stream in streams)
    return {stream: read_message(rows[0], {}) for stream, rows in found if rows}
