"""Finding conversations: which they are, then what is shown of them."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Dialect

from unisono.domain.answers import HistoryEntry
from unisono.domain.commands import FindConversations
from unisono.domain.ids import ConversationId, StreamKey, UserId, conversation_of, conversation_stream
from unisono.ports.directory import MUTED_AT_ONCE, MyConversation, few_enough
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.history import read_message
from unisono.stores.sql.mine import read_mine
from unisono.stores.sql.query import found_by
from unisono.stores.sql.statements import Statements

QUERY_MAX_MS: Final = 1_000
"""How long the database may look for what a query asks for."""


def find_conversations(
    connection: Connection, dialect: Dialect, user: UserId | None, asked: FindConversations, *, finds_open: bool
) -> list[ConversationId]:
    """Give the ids of conversations, one more than asked for where there is one."""
    statement = found_by(dialect, user, asked, finds_open=finds_open)
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
    seen = [(row, mine) for row, mine in found if mine.is_member or mine.conversation.is_open]
    members: dict[int, tuple[UserId, ...]] = {}
    if with_members:
        seen = seen[: few_enough([mine for _, mine in seen])]
        members = {row[0]: read_members(connection, sql, row[0]) for row, mine in seen if mine.shows_members}
    own = [row[0] for row, mine in seen if mine.is_member]
    last = _last(connection, sql, user, own) if with_last else {}
    return [
        MyConversation(mine.conversation, mine.membership, members.get(row[0], ()), _shown(last.get(row[0]), mine))
        for row, mine in seen
    ]


def read_muted(
    connection: Connection, sql: Statements, conversations: Sequence[ConversationId]
) -> dict[ConversationId, list[UserId]]:
    """Read which members of conversations want no alerts, as far as `MUTED_AT_ONCE` of them."""
    found: dict[ConversationId, list[UserId]] = {}
    left = MUTED_AT_ONCE
    for text, values in sql.roll.muted_of.padded([(conversation_stream(one),) for one in sorted(conversations)]):
        for key, user in connection.query(text, values):
            conversation = conversation_of(StreamKey(key)) or ConversationId("")
            found.setdefault(conversation, []).append(UserId(user))
            left -= 1
            if left < 0:
                del found[conversation]
                return found
    return found


def read_members(connection: Connection, sql: Statements, stream: int) -> tuple[UserId, ...]:
    """Read who is in a conversation, those who came first at the beginning."""
    found = connection.query(sql.current_members.text, sql.current_members.bind(stream=stream))
    return tuple(UserId(name) for (name,) in found)


def _shown(last: HistoryEntry | None, mine: MyConversation) -> HistoryEntry | None:
    """Leave out a message that the user deleted for themselves."""
    is_deleted = last is not None and mine.membership is not None and last.seq <= mine.membership.cleared
    return None if is_deleted else last


def _last(connection: Connection, sql: Statements, user: UserId, streams: Sequence[int]) -> Mapping[int, HistoryEntry]:
    statement = sql.messages.last_message
    found = ((stream, connection.query(statement.text, statement.bind(stream=stream, user=user))) for stream in streams)
    return {stream: read_message(rows[0], {}) for stream, rows in found if rows}
