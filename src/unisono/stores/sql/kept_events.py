"""The kept events port on SQL. `session_work` drops what ends with a session."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Dialect, delete, func, select
from sqlalchemy.sql.expression import Executable

from unisono.domain.ids import Instant, SendKey, SessionId
from unisono.domain.telling import KEPT_BYTES, KEPT_MAX
from unisono.domain.told import Told, ToldLater
from unisono.stores.sql.book import Book
from unisono.stores.sql.compiled import Statement
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.kept_tables import KEPT_EVENTS
from unisono.stores.sql.phrases import LIMIT, given, upsert
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.session_statements import SessionStatements
from unisono.stores.sql.session_work import SessionWork, find_session
from unisono.stores.sql.writer import Writer

FORGOTTEN_AT_ONCE: Final = 1_000
"""Dropped in one transaction, for which everybody who sends has to wait."""
LOST: Final = ""
"""The key of the mark that something is gone."""

_K = KEPT_EVENTS.c


class KeptStatements:
    """The statements of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        def one(build: Executable) -> Statement:
            return Statement(dialect, lambda: build)

        its = _K.session == given("session", _K.session)
        size = func.length(_K.told)
        events = its & (_K.key != LOST)
        self.put = Statement(dialect, lambda: upsert(dialect, KEPT_EVENTS, 1))
        self.find = one(select(_K.key).where(its, _K.key == given("key", _K.key)))
        last = func.coalesce(func.max(_K.number), 0)
        self.weigh = one(select(func.count(), func.coalesce(func.sum(size), 0), last).where(events))
        self.oldest = one(select(_K.key, size).where(events).order_by(_K.number).limit(1))
        self.waiting = one(select(_K.key, _K.told).where(its).order_by(_K.number).limit(LIMIT))
        self.drop = one(delete(KEPT_EVENTS).where(its, _K.key == given("key", _K.key)))
        over = select(_K.session, _K.key).where(_K.until < given("before", _K.until)).order_by(_K.until)
        self.over = one(over.limit(LIMIT))


class SqlKeptEvents:
    """Implements `ports.kept_events.KeptEvents`."""

    def __init__(self, dialect: Dialect, sessions: SessionStatements, *, writer: Writer, readers: Readers) -> None:
        self._sql = KeptStatements(dialect)
        self._sessions = sessions
        self._writer = writer
        self._readers = readers

    async def keep(self, sessions: Sequence[SessionId], told: Told, until: Instant) -> None:
        """Keep something for sessions."""
        await self._writer.do(_Keep(self._sessions, self._sql, tuple(sessions), told, until=until))

    async def waiting(self, session: SessionId, limit_bytes: int) -> ToldLater:
        """Give what waits."""
        statement = self._sql.waiting

        def read(connection: Connection) -> ToldLater:
            rows = connection.query(statement.text, statement.bind(session=session, limit=KEPT_MAX + 1))
            return _later([(str(key), bytes(told)) for key, told in rows], limit_bytes)

        return await self._readers.read(read)

    async def took(self, session: SessionId, ids: Sequence[SendKey]) -> None:
        """Keep these no more."""
        keys = [(session, key) for key in (*ids, LOST)]
        await self._writer.do(_Drop(self._sessions, self._sql, keys))

    async def forget(self, before: Instant) -> int:
        """Drop what waited for too long."""
        forgotten, statement = 0, self._sql.over

        def read(connection: Connection) -> list[tuple[str, str]]:
            rows = connection.query(statement.text, statement.bind(before=before, limit=FORGOTTEN_AT_ONCE))
            return [(str(session), str(key)) for session, key in rows]

        while found := await self._readers.read(read):
            await self._writer.do(_Drop(self._sessions, self._sql, found))
            forgotten += len(found)
            if len(found) < FORGOTTEN_AT_ONCE:
                break
        return forgotten


class _Keep(SessionWork):
    """Work of `KeptEvents.keep`."""

    def __init__(
        self,
        sessions: SessionStatements,
        sql: KeptStatements,
        asked: tuple[SessionId, ...],
        told: Told,
        *,
        until: Instant,
    ) -> None:
        super().__init__(sessions)
        self._kept = sql
        self._asked = asked
        self._told = told
        self._until = until

    def name_streams(self, ahead: Foresight) -> None:
        """Name the sessions: none ends meanwhile."""
        ahead.sessions.update(self._asked)

    def run(self, book: Book) -> None:
        """Write for each that is not over, and drop what is too much."""
        for session in self._asked:
            entry = find_session(book, self.sql, session)
            if entry is not None and entry.ending is None:
                self._put(book.connection, session)

    def _put(self, connection: Connection, session: SessionId) -> None:
        sql, told, written = self._kept, self._told, msgspec.json.encode(self._told)
        if connection.query(sql.find.text, sql.find.bind(session=session, key=told.id)):
            return
        count, size, last = map(int, connection.query(sql.weigh.text, sql.weigh.bind(session=session))[0])
        connection.run(sql.put.text, (session, told.id, last + 1, self._until, written))
        count, size = count + 1, size + len(written)
        while count > KEPT_MAX or (size > KEPT_BYTES and count > 1):
            key, length = connection.query(sql.oldest.text, sql.oldest.bind(session=session))[0]
            connection.run(sql.drop.text, sql.drop.bind(session=session, key=key))
            connection.run(sql.put.text, (session, LOST, 0, self._until, b""))
            count, size = count - 1, size - int(length)


class _Drop(SessionWork):
    """Work of `KeptEvents.took`, and of `forget`."""

    def __init__(self, sessions: SessionStatements, sql: KeptStatements, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__(sessions)
        self._drop = sql.drop
        self._keys = keys

    def run(self, book: Book) -> None:
        """Delete."""
        for session, key in self._keys:
            book.connection.run(self._drop.text, self._drop.bind(session=session, key=key))


def _later(rows: Sequence[tuple[str, bytes]], limit_bytes: int) -> ToldLater:
    events: list[Told] = []
    size, has_more, has_lost = 0, False, False
    for key, told in rows:
        if key == LOST:
            has_lost = True
            continue
        size += len(told)
        if events and size > limit_bytes:
            has_more = True
            break
        events.append(msgspec.json.decode(told, type=Told))
    return ToldLater(tuple(events), has_more=has_more, has_lost=has_lost)
