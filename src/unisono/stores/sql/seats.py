"""The seats port on SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Dialect, delete, distinct, func, select
from sqlalchemy.sql.expression import Executable

from unisono.domain.errors import LimitReached, SessionUnknown
from unisono.domain.ids import ConversationId, SessionId, TabId, UserId
from unisono.domain.seats import Seat
from unisono.ports.seats import Crowd
from unisono.stores.sql.book import Book
from unisono.stores.sql.compiled import Statement
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.phrases import LIMIT, given, upsert
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.schema import LEASES, SEATS, SESSIONS
from unisono.stores.sql.session_statements import SessionStatements
from unisono.stores.sql.session_work import SessionWork, find_session
from unisono.stores.sql.writer import Writer

_SESSION = given("session", SEATS.c.session)


class SqlSeats:
    """Implements `ports.seats.Seats`."""

    def __init__(self, dialect: Dialect, statements: SessionStatements, *, writer: Writer, readers: Readers) -> None:
        self._sql = statements
        self._writer = writer
        self._readers = readers
        held = select(SEATS.c.room, SEATS.c.tab).where(SEATS.c.session == _SESSION).order_by(SEATS.c.tab)
        self._held = Statement(dialect, lambda: held)
        self._take = Statement(dialect, lambda: upsert(dialect, SEATS, 1))
        of_session = delete(SEATS).where(SEATS.c.session == _SESSION)
        self._give_up_all = Statement(dialect, lambda: of_session)
        self._give_up = Statement(dialect, lambda: of_session.where(SEATS.c.tab == given("tab", SEATS.c.tab)))
        self._count = Statement(dialect, _count)
        self._users = Statement(dialect, _users)

    async def take(self, session: SessionId, seat: Seat, limit: int) -> None:
        """Give a tab of a session a place in a room."""
        await self._writer.do(_Take(self._sql, self._held, self._take, row=(session, seat.tab, seat.room), limit=limit))

    async def give_up(self, session: SessionId, tab: TabId | None = None) -> None:
        """Give up the seat of a tab, or all seats of a session."""
        if tab is None:
            work = _GiveUp(self._sql, session, self._give_up_all.text, tuple(self._give_up_all.bind(session=session)))
        else:
            work = _GiveUp(self._sql, session, self._give_up.text, tuple(self._give_up.bind(session=session, tab=tab)))
        await self._writer.do(work)

    async def of_session(self, session: SessionId) -> Sequence[Seat]:
        """List the seats of a session, by tab."""
        held = self._held

        def read(connection: Connection) -> Sequence[Seat]:
            return [Seat(*row) for row in connection.query(held.text, held.bind(session=session))]

        return await self._readers.read(read)

    async def users(self, room: ConversationId, limit: int) -> Sequence[UserId]:
        """List some of those who are in a room with a session that is live, on any node: the first by user id."""
        users = self._users

        def read(connection: Connection) -> Sequence[UserId]:
            bound = users.bind(room=room, now=connection.lease_now(), limit=limit)
            return [UserId(user) for (user,) in connection.query(users.text, bound)]

        return await self._readers.read(read)

    async def count(self, room: ConversationId) -> Crowd:
        """Count who is in a room with a session that is live, on any node."""
        count = self._count

        def read(connection: Connection) -> Crowd:
            bound = count.bind(room=room, now=connection.lease_now())
            ((users, sessions),) = connection.query(count.text, bound)
            return Crowd(users, sessions)

        return await self._readers.read(read)


class _Take(SessionWork):
    """Work of `Seats.take`."""

    def __init__(
        self,
        sql: SessionStatements,
        held: Statement,
        take: Statement,
        *,
        row: tuple[SessionId, TabId, ConversationId],
        limit: int,
    ) -> None:
        super().__init__(sql)
        self._held = held
        self._take = take
        self._row = row
        self._limit = limit

    def name_streams(self, ahead: Foresight) -> None:
        """Name the session, so that its end, which ends its seats, comes before or after."""
        ahead.sessions.add(self._row[0])

    def run(self, book: Book) -> None:
        """Check, then sit down."""
        session, tab, _ = self._row
        entry = find_session(book, self.sql, session)
        if entry is None or entry.ending is not None:
            raise SessionUnknown()
        taken = {row[1] for row in book.connection.query(self._held.text, self._held.bind(session=session))}
        if tab not in taken and len(taken) >= self._limit:
            raise LimitReached(what="rooms of a session", limit=self._limit)
        book.connection.run(self._take.text, self._row)


class _GiveUp(SessionWork):
    """Work of `Seats.give_up`."""

    def __init__(self, sql: SessionStatements, session: SessionId, text: str, values: tuple[object, ...]) -> None:
        super().__init__(sql)
        self._session = session
        self._text = text
        self._values = values

    def name_streams(self, ahead: Foresight) -> None:
        """Name the session."""
        ahead.sessions.add(self._session)

    def run(self, book: Book) -> None:
        """Delete what there is."""
        book.connection.run(self._text, self._values)


def _count() -> Executable:
    counts: Executable = _live(select(func.count(distinct(SESSIONS.c.user_id)), func.count(distinct(SESSIONS.c.id))))
    return counts


def _users() -> Executable:
    users: Executable = _live(select(SESSIONS.c.user_id)).distinct().order_by(SESSIONS.c.user_id).limit(LIMIT)
    return users


def _live(chosen: Any) -> Any:
    """Look at sessions that have a seat in a room. One on a node whose lease is over is live nowhere."""
    return (
        chosen.select_from(SEATS)
        .join(SESSIONS, SESSIONS.c.id == SEATS.c.session)
        .join(LEASES, LEASES.c.node == SESSIONS.c.node)
        .where(
            SEATS.c.room == given("room", SEATS.c.room),
            SESSIONS.c.ended_at.is_(None),
            LEASES.c.until > given("now", LEASES.c.until),
        )
    )
