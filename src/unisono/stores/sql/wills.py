"""The wills port on SQL. `due_at` follows the sessions: `session_work` writes it where they are lost and come back."""

from collections.abc import Sequence
from typing import Final, cast

import msgspec
from sqlalchemy import Dialect, select, update
from sqlalchemy.sql.expression import Executable

from unisono.domain.commands import SendMessage
from unisono.domain.conversation import Decide, Scope
from unisono.domain.errors import SessionUnknown
from unisono.domain.ids import NodeId, SessionId, UserId
from unisono.ports.clock import Clock
from unisono.ports.log import Committed
from unisono.ports.wills import Will
from unisono.stores.sql.book import Book
from unisono.stores.sql.compiled import Row, Statement
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.phrases import LIMIT, given, upsert
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.schema import LEASES, SESSIONS, WILLS
from unisono.stores.sql.session_statements import SessionStatements
from unisono.stores.sql.session_work import SessionWork, find_session
from unisono.stores.sql.transaction import Transaction
from unisono.stores.sql.writer import Writer

_W, _S = WILLS.c, SESSIONS.c
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(SendMessage).decode
_SESSION = given("session", _W.session)
_NODE = given("node", _S.node)


class SqlWills:
    """Implements `ports.wills.Wills`."""

    def __init__(
        self, dialect: Dialect, statements: SessionStatements, *, writer: Writer, readers: Readers, clock: Clock
    ) -> None:
        self._sql = statements
        self._writer = writer
        self._readers = readers
        self._clock = clock
        self._leave = Statement(dialect, lambda: upsert(dialect, WILLS, 1))
        due = select(WILLS).where(_W.due_at <= given("now", _W.due_at))
        self._due = Statement(dialect, lambda: due.order_by(_W.due_at, _W.session).limit(LIMIT))
        self._due_of = Statement(dialect, lambda: due.where(_W.session == _SESSION))
        self._over = Statement(dialect, _over)
        self._lost_with = Statement(dialect, _lost_with)
        self._note_lost = Statement(dialect, _note_lost)

    async def leave(self, will: Will) -> None:
        """Keep what a session leaves, in place of what it left before."""
        await self._writer.do(_Leave(self._sql, self._leave, will))

    async def drop(self, session: SessionId) -> None:
        """Forget what a session left."""
        await self._writer.do(_Drop(self._sql, session))

    async def due(self, limit: int) -> Sequence[Will]:
        """List wills that are due now, those that have been so for the longest time first."""
        due, now = self._due, self._clock.now()

        def read(connection: Connection) -> Sequence[Will]:
            return [_read(row) for row in connection.query(due.text, due.bind(now=now, limit=limit))]

        return await self._readers.read(read)

    async def send(self, will: Will, scope: Scope, decide: Decide) -> Committed | None:
        """Send a will, and forget it: both in one transaction."""
        work = _Send(self._sql, self._due_of, will, Transaction(scope, decide))
        return cast("Committed | None", await self._writer.do(work))

    async def over_leases(self) -> Sequence[NodeId]:
        """List the leases that are over and still known."""
        over = self._over

        def read(connection: Connection) -> Sequence[NodeId]:
            rows = connection.query(over.text, over.bind(now=connection.lease_now()))
            return [NodeId(node) for (node,) in rows]

        return await self._readers.read(read)

    async def lost_with(self, node: NodeId, limit: int) -> Sequence[SessionId]:
        """List sessions that left something, were carried under a lease, and are not known to be lost."""
        lost = self._lost_with

        def read(connection: Connection) -> Sequence[SessionId]:
            rows = connection.query(lost.text, lost.bind(node=node, limit=limit))
            return [SessionId(session) for (session,) in rows]

        return await self._readers.read(read)

    async def note_lost(self, node: NodeId, sessions: Sequence[SessionId], grace_ms: int) -> None:
        """Have what sessions left be due `grace_ms` later than if they were detached now."""
        await self._writer.do(_NoteLost(self._sql, self._note_lost, node=node, sessions=sessions, grace_ms=grace_ms))


class _Leave(SessionWork):
    """Work of `Wills.leave`."""

    def __init__(self, sql: SessionStatements, leave: Statement, will: Will) -> None:
        super().__init__(sql)
        self._leave = leave
        self._will = will

    def name_streams(self, ahead: Foresight) -> None:
        """Name the session: it is neither lost nor ended meanwhile."""
        ahead.sessions.add(self._will.session)

    def run(self, book: Book) -> None:
        """Write it, due if the session is lost already."""
        will = self._will
        entry = find_session(book, self.sql, will.session)
        if entry is None or entry.ending is not None:
            raise SessionUnknown()
        lost_at = entry.record.detached_at
        due_at = None if lost_at is None else lost_at + will.after_ms
        row = (will.session, will.user, will.after_ms, due_at, _encode(will.message))
        book.connection.run(self._leave.text, row)


class _Drop(SessionWork):
    """Work of `Wills.drop`."""

    def __init__(self, sql: SessionStatements, session: SessionId) -> None:
        super().__init__(sql)
        self._session = session

    def name_streams(self, ahead: Foresight) -> None:
        """Name the session."""
        ahead.sessions.add(self._session)

    def run(self, book: Book) -> None:
        """Delete what there is."""
        drop = self.sql.drop_will
        book.connection.run(drop.text, drop.bind(session=self._session))


class _Send(SessionWork):
    """Work of `Wills.send`: a transaction like any other, if the will is still due."""

    def __init__(self, sql: SessionStatements, due_of: Statement, will: Will, sending: Transaction) -> None:
        super().__init__(sql)
        self._due_of = due_of
        self._will = will
        self._sending = sending

    def name_streams(self, ahead: Foresight) -> None:
        """Name the session, so that it does not come back meanwhile, and what the message needs."""
        ahead.sessions.add(self._will.session)
        self._sending.name_streams(ahead)

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name what the message needs."""
        self._sending.name_details(book, ahead)

    def run(self, book: Book) -> Committed | None:
        """Look once more, place, and forget."""
        session, drop = self._will.session, self.sql.drop_will
        rows = book.connection.query(self._due_of.text, self._due_of.bind(session=session, now=book.now))
        if not rows or _read(rows[0]) != self._will:
            return None
        committed = self._sending.run(book)
        book.connection.run(drop.text, drop.bind(session=session))
        return committed


class _NoteLost(SessionWork):
    """Work of `Wills.note_lost`."""

    def __init__(
        self, sql: SessionStatements, note: Statement, *, node: NodeId, sessions: Sequence[SessionId], grace_ms: int
    ) -> None:
        super().__init__(sql)
        self._note = note
        self._node = node
        self._sessions = sessions
        self._grace_ms = grace_ms

    def name_streams(self, ahead: Foresight) -> None:
        """Name the sessions."""
        ahead.sessions.update(self._sessions)

    def run(self, book: Book) -> None:
        """Note each that did not come back since."""
        note, lost_at = self._note, book.now + self._grace_ms
        for session in self._sessions:
            book.connection.run(note.text, note.bind(session=session, node=self._node, lost_at=lost_at))


def _read(row: Row) -> Will:
    session, user, after_ms, _, body = row
    return Will(SessionId(session), UserId(user), _decode(bytes(body)), after_ms)


def _over() -> Executable:
    return select(LEASES.c.node).where(LEASES.c.until <= given("now", LEASES.c.until)).order_by(LEASES.c.node)


def _lost_with() -> Executable:
    return (
        select(_W.session)
        .join(SESSIONS, _S.id == _W.session)
        .where(_S.node == _NODE, _S.ended_at.is_(None), _W.due_at.is_(None))
        .order_by(_W.session)
        .limit(LIMIT)
    )


def _note_lost() -> Executable:
    carried = select(_S.id).where(_S.id == _SESSION, _S.node == _NODE, _S.ended_at.is_(None))
    return (
        update(WILLS)
        .where(_W.session == _SESSION, _W.due_at.is_(None), carried.exists())
        .values(due_at=given("lost_at", _W.due_at) + _W.after_ms)
    )
