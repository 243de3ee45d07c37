"""The due pushes port on SQL. Streams that moved are found by their head, and their facts from the newest backwards."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from sqlalchemy import Column, Text, func, literal_column, select
from sqlalchemy.sql.expression import Executable

from unisono.domain.facts import MessagePlaced
from unisono.domain.ids import (
    NO_SEQ,
    Checkpoint,
    ConversationId,
    Epoch,
    Instant,
    NodeId,
    Seq,
    StreamKey,
    UserId,
    conversation_of,
    conversation_stream,
)
from unisono.ports.due_pushes import Absent, AbsentPage, DueMark, DueMessage, DuePage, Shown, Window
from unisono.ports.push_targets import PushTarget
from unisono.stores.sql.compiled import ListStatement, Row, Statement, numbered
from unisono.stores.sql.driver import Connection, Driver
from unisono.stores.sql.duties import Duty
from unisono.stores.sql.entries import decode_fact, read_silence
from unisono.stores.sql.hidden_tables import is_hidden
from unisono.stores.sql.message_statements import LEFT
from unisono.stores.sql.pages import PAGE_BYTES, read_page
from unisono.stores.sql.phrases import LIMIT, MESSAGE, given, wanted
from unisono.stores.sql.push_targets import targets_of
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.schema import CONVERSATIONS, FACTS, LEASES, MEMBERS, SESSIONS, STREAMS
from unisono.stores.sql.silence_tables import SILENCES
from unisono.stores.sql.statements import Statements
from unisono.stores.sql.writer import Writer

_F, _M, _S = FACTS.c, MEMBERS.c, STREAMS.c
_NONE: Final = literal_column("'none'", Text)


class SqlDuePushes:
    """Implements `ports.due_pushes.DuePushes`."""

    def __init__(self, driver: Driver, statements: Statements, *, writer: Writer, readers: Readers) -> None:
        dialect = driver.dialect
        self._reach_text = driver.checkpoint_text
        self._readers = readers
        self._duty = Duty(dialect, "push", writer=writer, readers=readers)
        self._reached = statements.reached
        self._moved = Statement(dialect, _moved)
        self._messages = Statement(dialect, _messages)
        self._absent = Statement(dialect, _absent)
        self._waiting = ListStatement(dialect, _waiting)
        self._unread = ListStatement(dialect, _unread)
        self._targets = ListStatement(dialect, targets_of)

    async def hold(self, node: NodeId) -> Checkpoint | None:
        """Give the place, if this node has the work or can take it."""
        return await self._duty.hold(node, self._settle)

    def _settle(self, connection: Connection, kept: Checkpoint | None) -> Checkpoint:
        """Go on at the end of the log, unless the place is one of this log."""
        end, began = connection.query(self._reach_text)[0]
        return kept if kept is not None and began <= kept <= end else Checkpoint(end)

    async def advance(self, node: NodeId, reached: Checkpoint) -> bool:
        """Move the place, durably, if the node still has the work."""
        return await self._duty.advance(node, reached)

    async def messages(self, window: Window, after: DueMark | None, limit: int) -> DuePage:
        """Read up to `limit` messages, fewer of large ones."""
        start = after or DueMark(window.since + 1, 0, NO_SEQ)

        def read(connection: Connection) -> DuePage:
            moved = self._moved
            values = moved.bind(pos=start.pos, number=start.stream, oldest=window.oldest, limit=limit)
            streams = connection.query(moved.text, values)
            found: list[DueMessage] = []
            room, mark = PAGE_BYTES, start
            for stream in streams:
                if len(found) == limit or room < 0:
                    return DuePage(tuple(found), mark)
                rows, has_more = self._read_messages(connection, window, stream, start, limit - len(found))
                found += [due for row in rows if (due := _due(stream, row)) is not None]
                room -= sum(len(row[2]) for row in rows)
                number, pos = stream[0], stream[3]
                mark = DueMark(pos, number, Seq(rows[-1][0])) if has_more else DueMark(pos, number + 1, NO_SEQ)
                if has_more:
                    return DuePage(tuple(found), mark)
            return DuePage(tuple(found), mark if len(streams) == limit else None)

        return await self._readers.read_at_one_moment(read)

    def _read_messages(
        self, connection: Connection, window: Window, stream: Row, start: DueMark, limit: int
    ) -> tuple[list[Row], bool]:
        """Read a stream's messages of a window, and whether there are more."""
        number = stream[0]
        reached = connection.query(self._reached.text, self._reached.bind(stream=number, checkpoint=window.since))
        begin = max(reached[0][0] if reached else NO_SEQ, start.seq if number == start.stream else NO_SEQ)

        def more(row: Row | None, count: int) -> list[Row]:
            values = self._messages.bind(
                stream=number,
                after=begin if row is None else row[0],
                until=window.until,
                oldest=window.oldest,
                limit=count,
            )
            return connection.query(self._messages.text, values)

        return read_page(more, limit)

    async def absent(self, message: DueMessage, after: UserId | None, limit: int) -> AbsentPage:
        """Read up to `limit` members who are not there."""
        absent = self._absent

        def read(connection: Connection) -> AbsentPage:
            values = absent.bind(
                key=conversation_stream(message.conversation),
                seq=message.seq,
                sender=message.message.sender,
                after=after or "",
                lease_now=connection.lease_now(),
                limit=limit,
            )
            rows = connection.query(absent.text, values)
            users = [(user,) for user, *_ in rows]
            targets: dict[str, list[PushTarget]] = {user: [] for user, *_ in rows}
            for user, *target in _ask(connection, self._targets, users):
                targets[user].append(PushTarget(*target))
            found = tuple(
                Absent(UserId(user), level, tuple(targets[user]), read_silence(silence), read_silence(of_all))
                for user, level, silence, of_all in rows
            )
            return AbsentPage(found, found[-1].user if len(found) == limit else None)

        return await self._readers.read_at_one_moment(read)

    async def waiting(self, shown: Sequence[Shown]) -> AbstractSet[Shown]:
        """Look at marks, and at what was deleted where anything was."""
        asked = [(user, conversation_stream(conversation), seq) for user, conversation, seq in shown]

        def read(connection: Connection) -> AbstractSet[Shown]:
            waiting = {tuple(row) for row in _ask(connection, self._waiting, asked)} if asked else ()
            return {each for each, row in zip(shown, asked, strict=True) if row in waiting}

        return await self._readers.read(read)

    async def unread(self, users: Sequence[UserId]) -> Mapping[UserId, int]:
        """Count how many messages wait for each of these users."""

        def read(connection: Connection) -> dict[UserId, int]:
            rows = _ask(connection, self._unread, [(user,) for user in users])
            return {UserId(user): int(count) for user, count in rows}

        return await self._readers.read(read)


def _ask(connection: Connection, statement: ListStatement, rows: Sequence[Row]) -> Iterator[Row]:
    for text, values in statement.padded(rows):
        yield from connection.query(text, values)


def _due(stream: Row, row: Row) -> DueMessage | None:
    """Give a message as it is now; None when nothing is left of it."""
    _, key, epoch, _, of, name = stream
    seq, at, body = row
    fact, conversation = decode_fact(body), conversation_of(StreamKey(key)) or ConversationId("")
    if not isinstance(fact, MessagePlaced) or fact.is_recalled:
        return None
    return DueMessage(conversation, of, name, Epoch(epoch), Seq(seq), Instant(at), fact)


def _moved() -> Executable:
    """Find conversations with a message since, those that moved first at the beginning."""
    pos, number = given("pos", _S.head_pos), given("number", _S.id)
    return (
        select(_S.id, _S.key, _S.epoch, _S.head_pos, CONVERSATIONS.c.kind, CONVERSATIONS.c.name)
        .join(CONVERSATIONS, CONVERSATIONS.c.stream == _S.id)
        .where(
            _S.head_pos >= pos,
            (_S.head_pos > pos) | (_S.id >= number),
            _S.said_at >= given("oldest", _S.said_at),
        )
        .order_by(_S.head_pos, _S.id)
        .limit(LIMIT)
    )


def _messages() -> Executable:
    return (
        select(_F.seq, _F.at, _F.body)
        .where(
            _F.stream == given("stream", _F.stream),
            _F.seq > given("after", _F.seq),
            _F.pos <= given("until", _F.pos),
            _F.at >= given("oldest", _F.at),
            _F.kind == MESSAGE,
        )
        .order_by(_F.seq)
        .limit(LIMIT)
    )


def _absent() -> Executable:
    seq = given("seq", _M.since)
    stream = select(_S.id).where(_S.key == given("key", _S.key)).scalar_subquery()
    live = (
        select(SESSIONS.c.id)
        .join(LEASES, LEASES.c.node == SESSIONS.c.node)
        .where(
            SESSIONS.c.user_id == _M.user_id,
            SESSIONS.c.ended_at.is_(None),
            LEASES.c.until > given("lease_now", LEASES.c.until),
        )
        .correlate(MEMBERS)
    )
    return (
        select(_M.user_id, _M.level, _M.silence, SILENCES.c.silence)
        .outerjoin_from(MEMBERS, SILENCES, SILENCES.c.user_id == _M.user_id)
        .where(
            _M.stream == stream,
            _M.user_id > given("after", _M.user_id),
            _M.user_id != given("sender", _M.user_id),
            _M.until.is_(None),
            _M.since <= seq,
            _M.read_seq < seq,
            _M.level != _NONE,
            ~live.exists(),
            ~is_hidden(_M.user_id, _M.stream, seq),
        )
        .order_by(_M.user_id)
        .limit(LIMIT)
    )


def _waiting(rows: int) -> Executable:
    asked = wanted(rows, [_M.user_id, Column("key", _S.key.type), _F.seq])
    deleted = _M.hides_some.is_not(None) & is_hidden(asked.c.user_id, _S.id, asked.c.seq)
    return (
        select(asked.c.user_id, asked.c.key, asked.c.seq)
        .select_from(asked)
        .join(STREAMS, _S.key == asked.c.key)
        .join(MEMBERS, (_M.user_id == asked.c.user_id) & (_M.stream == _S.id) & _M.until.is_(None))
        .where(_M.read_seq < asked.c.seq, ~deleted)
    )


def _unread(rows: int) -> Executable:
    users = [numbered("user", row, _M.user_id) for row in range(rows)]
    return (
        select(_M.user_id, func.sum(LEFT))
        .join(STREAMS, _S.id == _M.stream)
        .where(_M.user_id.in_(users), _M.until.is_(None), literal_column("0") < LEFT)
        .group_by(_M.user_id)
    )
