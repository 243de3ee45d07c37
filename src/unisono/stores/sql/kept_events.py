"""The kept events port on SQL. `session_work` drops what ends with a session."""

from collections.abc import Sequence
from typing import Final

import msgspec

from unisono.domain.ids import Instant, SendKey, SessionId, UserId, user_stream
from unisono.domain.telling import KEPT_BYTES, KEPT_MAX, check_repeated
from unisono.domain.told import Told, ToldLater
from unisono.stores.sql.book import Book
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.kept_statements import LOST, KeptStatements, drop_unwanted
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.writer import Writer

FORGOTTEN_AT_ONCE: Final = 100
"""Dropped in one transaction, for which everybody who sends has to wait: each may wait for all sessions of a user."""


class SqlKeptEvents:
    """Implements `ports.kept_events.KeptEvents`."""

    def __init__(self, sql: KeptStatements, *, writer: Writer, readers: Readers) -> None:
        self._sql = sql
        self._writer = writer
        self._readers = readers

    async def keep(self, user: UserId, sessions: Sequence[SessionId], told: Told, until: Instant) -> None:
        """Keep something for sessions."""
        await self._writer.do(_Keep(self._sql, user, tuple(sessions), told, until=until))

    async def waiting(self, session: SessionId, limit_bytes: int) -> ToldLater:
        """Give what waits."""
        sql = self._sql

        def read(connection: Connection) -> ToldLater:
            rows = connection.query(sql.waiting.text, sql.waiting.bind(session=session))
            sizes = [(number, size) for number, key, size in rows if key != LOST]
            upto = _within(sizes, limit_bytes)
            lost = next((int(number) for number, key, _ in rows if key == LOST), 0)
            if not upto:
                return ToldLater(lost=lost)
            found = connection.query(sql.events.text, sql.events.bind(session=session, last=sizes[upto - 1][0]))
            events = tuple(msgspec.json.decode(bytes(told), type=Told) for (told,) in found)
            return ToldLater(events, has_more=upto < len(sizes), lost=lost)

        return await self._readers.read(read)

    async def took(self, user: UserId, session: SessionId, ids: Sequence[SendKey], lost: int = 0) -> None:
        """Keep these no more."""
        await self._writer.do(_Take(self._sql, user, session, tuple(ids), lost=lost))

    async def forget(self, before: Instant) -> int:
        """Drop what waited for too long."""
        forgotten, statement = 0, self._sql.over

        def read(connection: Connection) -> list[tuple[UserId, int]]:
            rows = connection.query(statement.text, statement.bind(before=before, limit=FORGOTTEN_AT_ONCE))
            return [(UserId(user), int(number)) for user, number in rows]

        while found := await self._readers.read(read):
            await self._writer.do(_Forget(self._sql, found, before))
            forgotten += len(found)
            if len(found) < FORGOTTEN_AT_ONCE:
                break
        return forgotten


def _within(sizes: Sequence[tuple[int, int]], limit_bytes: int) -> int:
    """Give how many of some events, at least the first, have room."""
    room = limit_bytes
    for count, (_, size) in enumerate(sizes):
        room -= size
        if count and room < 0:
            return count
    return len(sizes)


class _Work:
    """Work on what waits for a user. Their streams are locked, so works for one user follow one another."""

    def __init__(self, sql: KeptStatements, *users: UserId) -> None:
        self._sql = sql
        self._users = users

    def name_streams(self, ahead: Foresight) -> None:
        """Name the streams of the users."""
        ahead.own.update(map(user_stream, self._users))

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""


class _Keep(_Work):
    """Work of `KeptEvents.keep`."""

    def __init__(
        self, sql: KeptStatements, user: UserId, sessions: tuple[SessionId, ...], told: Told, *, until: Instant
    ) -> None:
        super().__init__(sql, user)
        self._user = user
        self._sessions = sessions
        self._told = told
        self._until = until

    def run(self, book: Book) -> None:
        """Write it once, and who waits for it; drop what is too much."""
        book.writable((user_stream(self._user),))
        connection = book.connection
        number, is_new = self._number(book)
        waiting = [(session, self._told.id, self._user, number) for session in self._sessions]
        found = [each for text, values in self._sql.wait.exact(waiting) for each in connection.query(text, values)]
        if found and is_new:
            written = msgspec.json.encode(self._told)
            row = (self._user, number, self._told.id, self._until, len(written), written)
            connection.run(self._sql.put.text, row)
            self._trim(connection)
        elif not is_new:
            prolong = self._sql.prolong
            connection.run(prolong.text, prolong.bind(user=self._user, number=number, until=self._until))

    def _number(self, book: Book) -> tuple[int, bool]:
        """Give its number, and say if it is new. A later one has a higher one than all that is there, marks included.

        Who clocks are set back for may have been told of a higher one only where nothing is left of that.
        """
        sql, query = self._sql, book.connection.query
        rows = query(sql.find.text, sql.find.bind(user=self._user, key=self._told.id))
        if rows:
            number, kept = rows[0]
            check_repeated(msgspec.json.decode(bytes(kept), type=Told), self._told)
            return int(number), False
        last = int(query(sql.last.text, sql.last.bind(user=self._user))[0][0])
        return max(last + 1, book.now), True

    def _trim(self, connection: Connection) -> None:
        sql, user = self._sql, self._user
        count, size = map(int, connection.query(sql.weigh.text, sql.weigh.bind(user=user))[0])
        if count <= KEPT_MAX and size <= KEPT_BYTES:
            return
        last = 0
        for number, length in connection.query(sql.sizes.text, sql.sizes.bind(user=user))[:-1]:
            if count <= KEPT_MAX and size <= KEPT_BYTES:
                break
            count, size, last = count - 1, size - int(length), int(number)
        if last:
            for statement in (sql.lose, sql.let_go, sql.cut):
                connection.run(statement.text, statement.bind(user=user, last=last))


class _Take(_Work):
    """Work of `KeptEvents.took`."""

    def __init__(
        self, sql: KeptStatements, user: UserId, session: SessionId, ids: tuple[SendKey, ...], *, lost: int
    ) -> None:
        super().__init__(sql, user)
        self._session = session
        self._ids = ids
        self._lost = lost

    def run(self, book: Book) -> None:
        """Let the session wait for them no more, and drop what nobody waits for."""
        sql, connection = self._sql, book.connection
        gone = []
        for text, values in sql.take.exact([(self._session, key) for key in dict.fromkeys(self._ids) if key != LOST]):
            gone += connection.query(text, values)
        drop_unwanted(connection, sql, gone)
        if self._lost:
            connection.run(sql.hear.text, sql.hear.bind(session=self._session, lost=self._lost))


class _Forget(_Work):
    """Work of `KeptEvents.forget`."""

    def __init__(self, sql: KeptStatements, found: Sequence[tuple[UserId, int]], before: Instant) -> None:
        super().__init__(sql, *(user for user, _ in found))
        self._found = found
        self._before = before

    def run(self, book: Book) -> None:
        """Drop those that nobody prolonged meanwhile."""
        sql, run = self._sql, book.connection.run
        for user, number in self._found:
            if run(sql.expire.text, sql.expire.bind(user=user, number=number, before=self._before)):
                run(sql.release.text, sql.release.bind(user=user, number=number))
