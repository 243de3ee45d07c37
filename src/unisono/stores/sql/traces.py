"""The traces port on SQL."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Dialect, Text, literal_column, select
from sqlalchemy.sql.expression import Executable

from unisono.domain.answers import HistoryEntry
from unisono.domain.facts import MemberChanged, MessagePlaced
from unisono.domain.ids import ConversationId, Instant, Seq, UserId, conversation_stream
from unisono.ports.traces import Left, Place, Reacted
from unisono.stores.sql.compiled import Row, Statement
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.entries import decode_fact, read_stream
from unisono.stores.sql.mine import read_place
from unisono.stores.sql.pages import read_page
from unisono.stores.sql.phrases import LIMIT, MESSAGE, given
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.schema import CONVERSATIONS, FACTS, MEMBERS, REACTIONS, STREAMS
from unisono.stores.sql.statements import Statements

LOOKED_AT: Final = 2_000
"""Facts of a stream that one read looks at: a few milliseconds, whoever said them."""
GIVEN: Final = 500
_DESCRIBED: Final = literal_column("'member_changed'", Text)


class SqlTraces:
    """Implements `ports.traces.Traces`."""

    def __init__(self, dialect: Dialect, statements: Statements, readers: Readers) -> None:
        self._sql = statements
        self._readers = readers
        self._places = Statement(dialect, _places)
        self._said = Statement(dialect, _said)
        self._reacted = Statement(dialect, _reacted)

    async def places(self, user: UserId, after: ConversationId | None, limit: int) -> Sequence[Place]:
        """List the conversations that know the user, by id, starting after `after`."""
        statement, key = self._places, "" if after is None else conversation_stream(after)
        values = statement.bind(user=user, after=key, limit=limit)

        def read(connection: Connection) -> Sequence[Place]:
            found = map(read_place, connection.query(statement.text, values))
            return [Place(conversation, own) for conversation, own in found if own is not None]

        return await self._readers.read(read)

    async def left_in(self, conversation: ConversationId, user: UserId, after: Seq) -> Left:
        """Give what a user left in a conversation behind a place, as far as one read goes."""

        def read(connection: Connection) -> Left:
            rows = _ask(connection, self._sql.head, key=conversation_stream(conversation))
            if not rows:
                return Left((), (), (), after, is_complete=True)
            stream = read_stream(rows[0])
            last = Seq(min(stream.head.seq, after + LOOKED_AT))
            of = {"stream": stream.id, "user": user}

            def more(row: Row | None, count: int) -> Sequence[Row]:
                start = after if row is None else row[0]
                return _ask(connection, self._said, **of, after=start, last=last, limit=count)

            found, has_more = read_page(more, GIVEN)
            until = Seq(found[-1][0]) if has_more else last
            reactions = _ask(connection, self._reacted, **of, after=after, last=until)
            return _left(user, found, reactions, until, is_complete=until >= stream.head.seq)

        return await self._readers.read_at_one_moment(read)


def _left(user: UserId, rows: Sequence[Row], reactions: Sequence[Row], until: Seq, *, is_complete: bool) -> Left:
    facts = [(Seq(seq), Instant(at), decode_fact(body)) for seq, at, body in rows]
    return Left(
        tuple(HistoryEntry(seq, at, fact) for seq, at, fact in facts if isinstance(fact, MessagePlaced)),
        tuple(Reacted(Seq(seq), reaction) for seq, reaction in reactions),
        tuple(
            seq for seq, _, fact in facts if isinstance(fact, MemberChanged) and fact.user == user and fact.attributes
        ),
        until,
        is_complete,
    )


def _ask(connection: Connection, statement: Statement, **values: object) -> list[Row]:
    return connection.query(statement.text, statement.bind(**values))


def _places() -> Executable:
    return (
        select(STREAMS, CONVERSATIONS, MEMBERS)
        .join(STREAMS, STREAMS.c.id == MEMBERS.c.stream)
        .join(CONVERSATIONS, CONVERSATIONS.c.stream == MEMBERS.c.stream)
        .where(MEMBERS.c.user_id == given("user", MEMBERS.c.user_id), STREAMS.c.key > given("after", STREAMS.c.key))
        .order_by(STREAMS.c.key)
        .limit(LIMIT)
    )


def _said() -> Executable:
    """Find what a user said, and all facts that may describe somebody: they are few."""
    seq = FACTS.c.seq
    theirs = (FACTS.c.kind == MESSAGE) & (FACTS.c.sender == given("user", FACTS.c.sender))
    return (
        select(seq, FACTS.c.at, FACTS.c.body)
        .where(
            FACTS.c.stream == given("stream", FACTS.c.stream),
            seq > given("after", seq),
            seq <= given("last", seq),
            theirs | (FACTS.c.kind == _DESCRIBED),
        )
        .order_by(seq)
        .limit(LIMIT)
    )


def _reacted() -> Executable:
    seq = REACTIONS.c.seq
    return (
        select(seq, REACTIONS.c.reaction)
        .where(
            REACTIONS.c.stream == given("stream", REACTIONS.c.stream),
            seq > given("after", seq),
            seq <= given("last", seq),
            REACTIONS.c.user_id == given("user", REACTIONS.c.user_id),
        )
        .order_by(seq, REACTIONS.c.reaction)
    )
