"""The erasures port on SQL."""

from collections.abc import Sequence
from typing import cast

from msgspec import structs
from sqlalchemy import Dialect, Text, delete, exists, literal_column, select, update
from sqlalchemy.sql.expression import Executable

from unisono.domain.erasing import scrubbed
from unisono.domain.ids import ConversationId, Instant, Seq, StreamKey, UserId
from unisono.ports.erasures import Erasure
from unisono.stores.sql.book import Book
from unisono.stores.sql.call_tables import CALL_USERS, CALLS, CLAIMS
from unisono.stores.sql.compiled import ListStatement, Row, Statement, made_for, numbered
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.hidden_tables import HIDDEN
from unisono.stores.sql.phrases import LIMIT, given, upsert
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.schema import ERASURES, LAST_SEEN, SESSIONS, STREAMS, USER_OBJECTS, WILLS
from unisono.stores.sql.silence_tables import SILENCES
from unisono.stores.sql.writer import Writer

_E = ERASURES.c
_USER = given("user", _E.user_id)


class ErasureStatements:
    """The statements of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        def one(build: Executable) -> Statement:
            return Statement(dialect, lambda: build)

        self.begin = Statement(dialect, lambda: upsert(dialect, ERASURES, 1))
        self.find = one(select(ERASURES).where(_E.user_id == _USER))
        self.among = ListStatement(dialect, _among)
        self.unfinished = one(_unfinished())
        self.note = one(_note())
        self.forget = one(delete(ERASURES).where(_E.user_id == _USER, _E.finished_at.is_not(None)))
        ended = (SESSIONS.c.user_id == _USER) & SESSIONS.c.ended_at.is_not(None)
        self.rest = (
            one(delete(SESSIONS).where(ended)),
            one(delete(LAST_SEEN).where(LAST_SEEN.c.user_id == _USER)),
            one(delete(WILLS).where(WILLS.c.user_id == _USER)),
            one(_drop_objects()),
            one(delete(CLAIMS).where(CLAIMS.c.user_id == _USER)),
            one(delete(SILENCES).where(SILENCES.c.user_id == _USER)),
            one(delete(HIDDEN).where(HIDDEN.c.user_id == _USER)),
            *map(one, _drop_calls()),
        )


class SqlErasures:
    """Implements `ports.erasures.Erasures`."""

    def __init__(self, dialect: Dialect, *, writer: Writer, readers: Readers) -> None:
        self._sql = made_for(dialect, ErasureStatements)
        self._writer = writer
        self._readers = readers

    async def begin(self, user: UserId) -> Erasure:
        """Remember that a user is to be erased."""
        return cast("Erasure", await self._writer.do(_Begin(self._sql, user)))

    async def find(self, user: UserId) -> Erasure | None:
        """Give the erasure of a user."""
        statement = self._sql.find

        def read(connection: Connection) -> Erasure | None:
            rows = connection.query(statement.text, statement.bind(user=user))
            return _read(rows[0]) if rows else None

        return await self._readers.read(read)

    async def among(self, users: Sequence[UserId]) -> frozenset[UserId]:
        """Give those of some users who have an erasure."""
        rows = [(user,) for user in dict.fromkeys(users)]
        statement = self._sql.among

        def read(connection: Connection) -> frozenset[UserId]:
            asked = statement.padded(rows)
            return frozenset(UserId(name) for text, values in asked for (name,) in connection.query(text, values))

        return await self._readers.read(read) if rows else frozenset()

    async def unfinished(self, asked: Instant, failed: Instant, limit: int) -> Sequence[Erasure]:
        """List erasures that are not over."""
        statement = self._sql.unfinished
        values = statement.bind(asked=asked, failed=failed, limit=limit)
        return await self._readers.read(
            lambda connection: [_read(row) for row in connection.query(statement.text, values)]
        )

    async def note(self, erasure: Erasure) -> None:
        """Remember how far an erasure is."""
        values = structs.asdict(erasure)
        await self._writer.do(_Run((self._sql.note,), {**values, "asked": erasure.asked_at}))

    async def forget(self, user: UserId) -> None:
        """Forget an erasure that is over."""
        await self._writer.do(_Run((self._sql.forget,), {"user": user}))

    async def scrub(self, stream: StreamKey, seqs: Sequence[Seq]) -> None:
        """Empty facts at places of a stream."""
        await self._writer.do(_Scrub(stream, seqs))

    async def drop_rest(self, user: UserId) -> None:
        """Drop what is kept of a user beside the log."""
        await self._writer.do(_Run(self._sql.rest, {"user": user}))


class _Begin:
    """Work of `Erasures.begin`."""

    def __init__(self, sql: ErasureStatements, user: UserId) -> None:
        self._sql = sql
        self._user = user

    def name_streams(self, ahead: Foresight) -> None:
        """Name none."""

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""

    def run(self, book: Book) -> Erasure:
        """Look, then write."""
        rows = book.connection.query(self._sql.find.text, self._sql.find.bind(user=self._user))
        if rows and (known := _read(rows[0])).finished_at is None:
            return known
        erasure = Erasure(self._user, book.now)
        book.connection.run(self._sql.begin.text, structs.astuple(erasure))
        return erasure


class _Run:
    """Work that needs nothing but its statements, with the same values for all of them."""

    def __init__(self, statements: Sequence[Statement], values: dict[str, object]) -> None:
        self._statements = statements
        self._values = values

    def name_streams(self, ahead: Foresight) -> None:
        """Name none."""

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""

    def run(self, book: Book) -> None:
        """Run each."""
        for statement in self._statements:
            book.run(statement, **self._values)


class _Scrub:
    """Work of `Erasures.scrub`."""

    def __init__(self, stream: StreamKey, seqs: Sequence[Seq]) -> None:
        self._stream = stream
        self._seqs = seqs

    def name_streams(self, ahead: Foresight) -> None:
        """Name the stream, so that nobody else writes in it."""
        ahead.streams.add(self._stream)

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""

    def run(self, book: Book) -> None:
        """Rewrite each."""
        stream = book.stream(self._stream)
        for seq in self._seqs:
            if stream is not None and (fact := book.fact(stream, seq)) is not None:
                book.rewrite(stream, seq, scrubbed(fact))


def _read(row: Row) -> Erasure:
    user, asked_at, after, conversations, messages, finished_at, failed_at = row
    name = None if after is None else ConversationId(after)
    return Erasure(UserId(user), Instant(asked_at), name, conversations, messages, finished_at, failed_at)


def _among(rows: int) -> Executable:
    users = [numbered("user", row, _E.user_id) for row in range(rows)]
    return select(_E.user_id).where(_E.user_id.in_(users))


def _drop_objects() -> Executable:
    own = select(STREAMS.c.id).where(STREAMS.c.key == literal_column("'u/'", Text) + _USER)
    return delete(USER_OBJECTS).where(USER_OBJECTS.c.stream.in_(own))


def _drop_calls() -> tuple[Executable, ...]:
    """Forget calls that the user was part of and that are over, by everybody."""
    theirs = select(CALL_USERS.c.call).where(CALL_USERS.c.user_id == _USER)
    is_kept = exists(select(CALLS.c.id).where(CALLS.c.id == CALL_USERS.c.call))
    return (
        delete(CALLS).where(CALLS.c.id.in_(theirs), CALLS.c.ended_at.is_not(None)),
        delete(CALL_USERS).where(CALL_USERS.c.call.in_(theirs), ~is_kept),
    )


def _unfinished() -> Executable:
    return (
        select(ERASURES)
        .where(
            _E.finished_at.is_(None),
            _E.asked_at <= given("asked", _E.asked_at),
            _E.failed_at.is_(None) | (_E.failed_at <= given("failed", _E.failed_at)),
        )
        .order_by(_E.asked_at, _E.user_id)
        .limit(LIMIT)
    )


def _note() -> Executable:
    changed = ("after", "conversations", "messages", "finished_at", "failed_at")
    return (
        update(ERASURES)
        .where(_E.user_id == _USER, _E.asked_at == given("asked", _E.asked_at), _E.finished_at.is_(None))
        .values({name: given(name, _E[name]) for name in changed})
    )
