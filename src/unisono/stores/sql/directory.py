"""The directory port on SQL."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import Dialect

from unisono.domain.answers import FoundMessage, HistoryEntry, Receipts, Unread, UnreadConversation
from unisono.domain.commands import FindConversations, GetHistory, Roll
from unisono.domain.conversation import Conversation, Membership
from unisono.domain.errors import Invalid
from unisono.domain.ids import (
    NO_SEQ,
    Checkpoint,
    ConversationId,
    Instant,
    ObjectName,
    Seq,
    StreamKey,
    UserId,
    conversation_of,
    conversation_stream,
    user_of,
)
from unisono.domain.kept import ObjectView
from unisono.domain.kinds import KINDS
from unisono.domain.silence import Silence
from unisono.ports.directory import Audience, HistoryPage, MyConversation, SentReceipts
from unisono.stores.sql.arranging import find_silence
from unisono.stores.sql.compiled import Row, Statement
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.entries import read_epoch, read_membership, read_stream
from unisono.stores.sql.finding import QUERY_MAX_MS, find_conversations, read_members, read_muted, read_some
from unisono.stores.sql.hiding import find_hidden, find_hiders
from unisono.stores.sql.history import read_history, read_message
from unisono.stores.sql.mine import read_mine, read_place
from unisono.stores.sql.objects import read_objects
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.statements import Statements

NOBODY: Final = UserId("")
"""No user's id."""


class SqlDirectory:
    """Implements `ports.directory.Directory`."""

    def __init__(self, dialect: Dialect, statements: Statements, readers: Readers) -> None:
        self._dialect = dialect
        self._sql = statements
        self._readers = readers

    async def find(
        self, conversation: ConversationId, user: UserId | None, *, with_members: bool = False
    ) -> MyConversation | None:
        """Give a conversation as a current or former member sees it, an open one as anybody does; else None."""
        find = self._sql.find
        values = find.bind(key=conversation_stream(conversation), user=user or NOBODY)

        def read(connection: Connection) -> MyConversation | None:
            rows = connection.query(find.text, values)
            if not rows:
                return None
            mine = read_mine(rows[0])
            if mine.membership is None and not mine.conversation.is_open and user is not None:
                return None
            if not (with_members and (mine.is_member or user is None) and mine.conversation.lists_members):
                return mine
            return MyConversation(mine.conversation, mine.membership, read_members(connection, self._sql, rows[0][0]))

        return await self._readers.read_at_one_moment(read)

    async def list_of(
        self, user: UserId, after: ConversationId | None, limit: int, *, marked: bool = False
    ) -> Sequence[MyConversation]:
        """List the conversations the user is in now, the oldest first, starting after `after`."""
        listed, place = self._sql.list_marked if marked else self._sql.list_of, self._sql.membership_of

        def read(connection: Connection) -> Sequence[MyConversation]:
            start = 0
            if after is not None:
                found = connection.query(place.text, place.bind(user=user, key=conversation_stream(after)))
                if not found:
                    raise Invalid(field="after", reason="a conversation you were never in")
                start = found[0][0]
            values = listed.bind(user=user, after=start, limit=limit)
            return [read_mine(row) for row in connection.query(listed.text, values)]

        return await self._readers.read(read)

    async def pinned(self, user: UserId) -> Sequence[MyConversation]:
        """List the conversations the user pinned."""
        pinned = self._sql.list_pinned
        return await self._readers.read(
            lambda connection: [read_mine(row) for row in connection.query(pinned.text, pinned.bind(user=user))]
        )

    async def silence_of(self, user: UserId) -> Silence | None:
        """Give the silence of all of a user's conversations."""
        return await self._readers.read(lambda connection: find_silence(connection, self._sql.silences, user))

    async def query(
        self, user: UserId | None, asked: FindConversations, *, finds_open: bool = False
    ) -> Sequence[ConversationId]:
        """Find the conversations that are asked for, in order."""
        return await self._readers.read_slowly(
            lambda connection: find_conversations(connection, self._dialect, user, asked, finds_open=finds_open),
            user or NOBODY,
        )

    async def muted(self, conversations: Sequence[ConversationId]) -> Mapping[ConversationId, Sequence[UserId]]:
        """Say which members want no alerts."""
        return await self._readers.read(lambda connection: read_muted(connection, self._sql, conversations))

    async def some(
        self, user: UserId, conversations: Sequence[ConversationId], *, with_members: bool, with_last: bool
    ) -> Sequence[MyConversation]:
        """Give those of some conversations that the user is in now or that are open, in the order given."""
        return await self._readers.read_at_one_moment(
            lambda connection: read_some(
                connection, self._sql, user, conversations, with_members=with_members, with_last=with_last
            )
        )

    async def unread(
        self, user: UserId, after: ConversationId | None, limit: int, *, only: ConversationId | None = None
    ) -> Unread:
        """Say what waits for a user."""
        sql = self._sql.messages
        key = "" if after is None else conversation_stream(after)

        def read(connection: Connection) -> Unread:
            def ask(statement: Statement, **values: object) -> list[Row]:
                return connection.query(statement.text, statement.bind(**values))

            if only is None:
                rows = ask(sql.unread, user=user, after=key, limit=limit + 1)
            else:
                rows = ask(sql.unread_in, user=user, key=conversation_stream(only))
            found = []
            for stream_key, stream, head, read_seq, unread, mentions, is_marked, cleared in rows[:limit]:
                last = [
                    read_message(row, {})
                    for row in ask(sql.last_message, stream=stream, user=user)
                    if row[0] > (cleared or 0)
                ]
                conversation = conversation_of(StreamKey(stream_key)) or ConversationId("")
                entry = UnreadConversation(
                    conversation,
                    unread,
                    Seq(head),
                    Seq(read_seq),
                    mentions=mentions,
                    is_marked_unread=bool(is_marked),
                    last=last[0] if last else None,
                )
                found.append(entry)
            total = int(ask(sql.unread_total, user=user)[0][0])
            mentions = int(ask(sql.mentions_total, user=user)[0][0])
            following = found[-1].conversation if len(rows) > limit else None
            return Unread(total, mentions, tuple(found), following)

        return await self._readers.read_at_one_moment(read)

    async def receipts(self, conversation: ConversationId, message: Seq) -> SentReceipts | None:
        """Say who got and read a message."""
        sql = self._sql.messages

        def read(connection: Connection) -> SentReceipts | None:
            def ask(statement: Statement, **values: object) -> list[Row]:
                return connection.query(statement.text, statement.bind(**values))

            found = ask(sql.sender_of, key=conversation_stream(conversation), seq=message)
            if not found:
                return None
            stream, sender = found[0]
            rows = ask(sql.recipients, stream=stream, seq=message, sender=sender)
            got = tuple(UserId(user) for user, delivered, seen in rows if max(delivered, seen) >= message)
            read_it = tuple(UserId(user) for user, _, seen in rows if seen >= message)
            return SentReceipts(UserId(sender), Receipts(conversation, message, got, read_it, len(rows)))

        return await self._readers.read_at_one_moment(read)

    async def members(
        self, conversation: ConversationId, who: Roll, *, after: UserId | None, limit: int, now: Instant
    ) -> Sequence[Membership]:
        """List users of a conversation by id, starting after `after`."""
        statement = self._sql.roll.roll(who)
        given = {"now": now} if who in {"blocked", "silenced"} else {}
        values = statement.bind(key=conversation_stream(conversation), after=after or "", limit=limit, **given)
        return await self._readers.read(
            lambda connection: [read_membership(row) for row in connection.query(statement.text, values)]
        )

    async def places(self, conversation: ConversationId, users: Sequence[UserId]) -> Sequence[Membership]:
        """Give those of some users who are, or ever were, members."""
        statement, key = self._sql.roll.places, conversation_stream(conversation)
        pairs = [(user, key) for user in dict.fromkeys(users)]

        def read(connection: Connection) -> list[Membership]:
            asked = statement.padded(pairs)
            rows = [row for text, values in asked for row in connection.query(text, values)]
            return list({row[0]: read_membership(row) for row in rows}.values())

        return await self._readers.read(read)

    async def for_all(self) -> Sequence[ConversationId]:
        """List the conversations that are for all users, by id."""
        statement = self._sql.for_all
        return await self._readers.read(lambda connection: _conversations(connection.query(statement.text)))

    async def audience(self, stream: StreamKey, checkpoint: Checkpoint) -> Audience:
        """Give how far a stream had come at `checkpoint`, who saw it then, and its head, all of one moment."""
        user = user_of(stream)
        nobody: frozenset[UserId] = frozenset() if user is None else frozenset((user,))
        head = self._sql.head

        def read(connection: Connection) -> Audience:
            rows = connection.query(head.text, head.bind(key=stream))
            if not rows:
                return Audience(read_epoch(connection, self._sql), NO_SEQ, NO_SEQ, nobody)
            entry = read_stream(rows[0])
            # Of facts that are gone all were committed long before any checkpoint that somebody asks with.
            after = max(self._reached(connection, entry.id, checkpoint), entry.head.trimmed)
            is_subscribed = user is None and self._is_subscribed(connection, entry.id)
            then = user is None and not is_subscribed
            members = self._members_then(connection, entry.id, after) if then else nobody
            return Audience(entry.head.epoch, entry.head.seq, after, members, is_subscribed)

        return await self._readers.read_at_one_moment(read)

    def _reached(self, connection: Connection, stream: int, checkpoint: Checkpoint) -> Seq:
        statement = self._sql.reached
        rows = connection.query(statement.text, statement.bind(stream=stream, checkpoint=checkpoint))
        return Seq(rows[0][0]) if rows else NO_SEQ

    def _is_subscribed(self, connection: Connection, stream: int) -> bool:
        rows = connection.query(self._sql.kind.text, self._sql.kind.bind(stream=stream))
        return bool(rows) and KINDS[rows[0][0]].members == "subscribed"

    def _members_then(self, connection: Connection, stream: int, seq: Seq) -> frozenset[UserId]:
        statement = self._sql.members_then
        return frozenset(
            UserId(name) for (name,) in connection.query(statement.text, statement.bind(stream=stream, seq=seq))
        )

    async def history(self, asked: GetHistory, *, reader: UserId, until: Seq | None = None) -> HistoryPage:
        """Read what is asked for of the messages up to `until`, fewer of large ones."""
        return await self._readers.read_at_one_moment(
            lambda connection: read_history(connection, self._sql, asked, reader=reader, until=until)
        )

    async def deleted(self, user: UserId, conversation: ConversationId, messages: Sequence[Seq]) -> frozenset[Seq]:
        """Say which of some messages a user deleted."""
        head = self._sql.head

        def read(connection: Connection) -> frozenset[Seq]:
            rows = connection.query(head.text, head.bind(key=conversation_stream(conversation)))
            return find_hidden(connection, self._sql.hidden, user, rows[0][0], messages) if rows else frozenset()

        return await self._readers.read(read)

    async def hiders(self, conversation: ConversationId, messages: Sequence[Seq]) -> Mapping[Seq, Collection[UserId]]:
        """Say who deleted some messages."""
        head = self._sql.head

        def read(connection: Connection) -> Mapping[Seq, Collection[UserId]]:
            rows = connection.query(head.text, head.bind(key=conversation_stream(conversation)))
            return find_hiders(connection, self._sql.hidden, rows[0][0], messages) if rows else {}

        return await self._readers.read(read)

    async def said_by(
        self, user: UserId, *, since: Instant, until: Instant, limit: int, newest_first: bool
    ) -> Sequence[FoundMessage]:
        """List what a user said from one time to another."""
        sql = self._sql.messages
        statement = sql.said_last if newest_first else sql.said_first
        values = statement.bind(user=user, since=since, till=until, limit=limit)

        def read(connection: Connection) -> Sequence[FoundMessage]:
            rows = connection.query_within(QUERY_MAX_MS, statement.text, values)
            return [_found(key, read_message((seq, at, body), {})) for key, seq, at, body in rows]

        return await self._readers.read_slowly(read, NOBODY)

    async def every(self, after: ConversationId | None, limit: int) -> Sequence[Conversation]:
        """List all conversations, by id."""
        statement = self._sql.every
        values = statement.bind(after=conversation_stream(after or ConversationId("")), limit=limit)
        return await self._readers.read(
            lambda connection: [read_place((*row, None))[0] for row in connection.query(statement.text, values)]
        )

    async def expired(self, now: Instant, limit: int) -> Sequence[ConversationId]:
        """List conversations whose time is up and that have not been ended yet, the longest overdue first."""
        statement = self._sql.expired
        values = statement.bind(now=now, limit=limit)

        return await self._readers.read(lambda connection: _conversations(connection.query(statement.text, values)))

    async def objects(
        self, user: UserId, only: ObjectName | None, after: ObjectName | None, limit: int
    ) -> Sequence[ObjectView]:
        """List what a user keeps by name, starting after `after`; or the one named `only`, if that is behind it."""
        return await self._readers.read_at_one_moment(
            lambda connection: read_objects(connection, self._sql.objects, user, only=only, after=after, limit=limit)
        )

    async def acquainted(self, user: UserId, others: Sequence[UserId]) -> frozenset[UserId]:
        """Give those of the others who are now in a conversation with the user that lists its members."""
        pairs = [(other, user) for other in others]
        statement = self._sql.acquainted

        def read(connection: Connection) -> frozenset[UserId]:
            asked = statement.padded(pairs)
            return frozenset(UserId(name) for text, values in asked for (name,) in connection.query(text, values))

        return await self._readers.read(read)


def _conversations(rows: Sequence[Row]) -> list[ConversationId]:
    return [conversation for (key,) in rows if (conversation := conversation_of(StreamKey(key))) is not None]


def _found(key: str, entry: HistoryEntry) -> FoundMessage:
    return FoundMessage(conversation_of(StreamKey(key)) or ConversationId(""), entry.seq, entry.at, entry.message)
