"""The calls port on SQL. The call stands in one body; the columns beside it are what it is looked for by."""

from collections.abc import Sequence
from typing import Final, cast

import msgspec
from sqlalchemy import Dialect, Select, Text, delete, exists, func, literal_column, select
from sqlalchemy.sql.expression import Executable

from unisono.domain.answers import Done
from unisono.domain.calls import Call, facts_of
from unisono.domain.conversation import Decision
from unisono.domain.ids import CallId, SessionId, UserId, user_stream
from unisono.domain.placement import Draft
from unisono.ports.calls import CallCommitted, CallDecide
from unisono.ports.clock import Clock
from unisono.stores.sql.book import Book
from unisono.stores.sql.call_tables import CALL_USERS, CALLS
from unisono.stores.sql.compiled import Row, Statement, made_for
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.phrases import LIMIT, given, upsert
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.schema import LEASES, MEMBERS, SESSIONS, STREAMS
from unisono.stores.sql.transaction import place
from unisono.stores.sql.writer import Writer

FORGOTTEN_AT_ONCE: Final = 1_000
"""Dropped in one transaction, for which everybody who sends has to wait."""

GONE: Final = ""
"""Stands for the session of who has nothing to do with a call any more."""

_EMPTY: Final = literal_column("''", Text)
_C, _U, _S = CALLS.c, CALL_USERS.c, SESSIONS.c
_CONCERNED = _U.session.is_(None) | (_U.session != _EMPTY)
_CALL = given("call", _C.id)
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Call).decode


class CallStatements:
    """The statements of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        def one(build: Executable) -> Statement:
            return Statement(dialect, lambda: build)

        active = _C.ended_at.is_(None)
        self.find = one(select(_C.body).where(_C.id == _CALL))
        self.keep = Statement(dialect, lambda: upsert(dialect, CALLS, 1))
        self.keep_user = Statement(dialect, lambda: upsert(dialect, CALL_USERS, 1))
        self.of_user = one(_theirs(select(_C.body)))
        self.count = one(_theirs(select(func.count())))
        self.active = one(select(_C.id, _C.revision).where(active))
        due = select(_C.id).where(_C.due_at <= given("now", _C.due_at)).order_by(_C.due_at, _C.id).limit(LIMIT)
        self.due = one(due)
        self.lost = one(_lost())
        self.strangers = one(_strangers())
        self.old = one(
            select(_C.id).where(_C.ended_at < given("before", _C.ended_at)).order_by(_C.ended_at).limit(LIMIT)
        )
        self.drop = one(delete(CALLS).where(_C.id == _CALL))
        self.drop_users = one(delete(CALL_USERS).where(_U.call == _CALL))


class SqlCalls:
    """Implements `ports.calls.Calls`."""

    def __init__(self, dialect: Dialect, *, writer: Writer, readers: Readers, clock: Clock) -> None:
        self._sql = made_for(dialect, CallStatements)
        self._writer = writer
        self._readers = readers
        self._clock = clock

    async def decide(self, call: CallId, people: Sequence[UserId], decide: CallDecide) -> CallCommitted:
        """Change a call, and place what its people are to know of its end."""
        return cast("CallCommitted", await self._writer.do(_Decide(self._sql, call, people, decide)))

    async def find(self, call: CallId) -> Call | None:
        """Give a call, over or not."""
        rows = await self._rows(self._sql.find, call=call)
        return _decode(bytes(rows[0][0])) if rows else None

    async def of_user(self, user: UserId) -> Sequence[Call]:
        """List calls that are not over and that a user is part of."""
        calls = [_decode(bytes(body)) for (body,) in await self._rows(self._sql.of_user, user=user)]
        return sorted(calls, key=lambda call: (call.began_at, call.id))

    async def active(self) -> Sequence[tuple[CallId, int]]:
        """List all calls that are not over, with their revisions."""
        return sorted((CallId(call), revision) for call, revision in await self._rows(self._sql.active))

    async def due(self, limit: int) -> Sequence[CallId]:
        """List calls that have rung for long enough."""
        return [CallId(call) for (call,) in await self._rows(self._sql.due, now=self._clock.now(), limit=limit)]

    async def lost(self, away_ms: int, limit: int) -> Sequence[tuple[CallId, SessionId]]:
        """List sessions that are in a call and gone."""
        statement, before = self._sql.lost, self._clock.now() - away_ms

        def read(connection: Connection) -> Sequence[tuple[CallId, SessionId]]:
            bound = statement.bind(before=before, lease_now=connection.lease_now(), limit=limit)
            return [(CallId(call), SessionId(session)) for call, session in connection.query(statement.text, bound)]

        return await self._readers.read(read)

    async def strangers(self, limit: int) -> Sequence[tuple[CallId, UserId]]:
        """List those who are no members any more."""
        return [(CallId(call), UserId(user)) for call, user in await self._rows(self._sql.strangers, limit=limit)]

    async def forget(self, kept_ms: int) -> int:
        """Drop old ones."""
        forgotten, dropped = 0, FORGOTTEN_AT_ONCE
        while dropped == FORGOTTEN_AT_ONCE:
            dropped = cast("int", await self._writer.do(_Forget(self._sql, kept_ms)))
            forgotten += dropped
        return forgotten

    async def _rows(self, statement: Statement, **values: object) -> list[Row]:
        return await self._readers.read(lambda connection: connection.query(statement.text, statement.bind(**values)))


class _Decide:
    """Work of `Calls.decide`. The streams of its people are locked, so decisions about them follow one another."""

    def __init__(self, sql: CallStatements, call: CallId, people: Sequence[UserId], decide: CallDecide) -> None:
        self._sql = sql
        self._call = call
        self._people = people
        self._decide = decide

    def name_streams(self, ahead: Foresight) -> None:
        """Name the streams of its people."""
        ahead.own.update(map(user_stream, self._people))

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""

    def run(self, book: Book) -> CallCommitted:
        """Decide, write, and place what is to be known of it."""
        sql, query = self._sql, book.connection.query
        book.writable([user_stream(user) for user in self._people])
        rows = query(sql.find.text, sql.find.bind(call=self._call))
        held = _decode(bytes(rows[0][0])) if rows else None
        count = 0 if held else query(sql.count.text, sql.count.bind(user=self._people[0]))[0][0]
        call = self._decide(book.now, held, count)
        if call is None or call is held:
            return CallCommitted(held)
        due_at = call.rings_until if call.ringing else None
        kept = (call.id, call.revision, due_at, call.ended_at, call.conversation, _encode(call))
        book.connection.run(sql.keep.text, kept)
        for user in call.people:
            end = call.end_of(user)
            session = None if end is None else end.session
            book.connection.run(sql.keep_user.text, (user, call.id, GONE if user in call.gone else session))
        drafts = tuple(Draft(user_stream(user), fact) for user, fact in facts_of(held, call))
        placed = place(Decision(drafts, lambda _: Done()), book).facts if drafts else ()
        return CallCommitted(call, is_changed=True, facts=placed)


class _Forget:
    """Work of `Calls.forget`."""

    def __init__(self, sql: CallStatements, kept_ms: int) -> None:
        self._sql = sql
        self._kept_ms = kept_ms

    def name_streams(self, ahead: Foresight) -> None:
        """Name none: nobody changes what is over."""

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""

    def run(self, book: Book) -> int:
        """Drop some."""
        sql, run = self._sql, book.connection.run
        values = sql.old.bind(before=book.now - self._kept_ms, limit=FORGOTTEN_AT_ONCE)
        rows = book.connection.query(sql.old.text, values)
        for (call,) in rows:
            run(sql.drop_users.text, sql.drop_users.bind(call=call))
            run(sql.drop.text, sql.drop.bind(call=call))
        return len(rows)


def _theirs(chosen: Select[tuple[object]]) -> Executable:
    found: Executable = (
        chosen.select_from(CALL_USERS)
        .join(CALLS, _C.id == _U.call)
        .where(_U.user_id == given("user", _U.user_id), _C.ended_at.is_(None), _CONCERNED)
    )
    return found


def _strangers() -> Executable:
    key = literal_column("'c/'", Text) + _C.conversation
    member = (MEMBERS.c.user_id == _U.user_id) & MEMBERS.c.until.is_(None)
    membership = select(MEMBERS.c.stream).join(STREAMS, STREAMS.c.id == MEMBERS.c.stream).where(STREAMS.c.key == key)
    return (
        select(_U.call, _U.user_id)
        .select_from(CALLS)
        .join(CALL_USERS, _U.call == _C.id)
        .where(_C.ended_at.is_(None), _C.conversation.is_not(None), _CONCERNED)
        .where(~exists(membership.where(member).correlate(CALLS, CALL_USERS)))
        .order_by(_U.call, _U.user_id)
        .limit(LIMIT)
    )


def _lost() -> Executable:
    """Find sessions that are over, forgotten, detached, or carried by a node whose lease is over, for long enough."""
    before, lease_now = given("before", _S.detached_at), given("lease_now", LEASES.c.until)
    is_over = (LEASES.c.until < before) & (LEASES.c.until <= lease_now)
    return (
        select(_U.call, _U.session)
        .select_from(CALL_USERS)
        .outerjoin(SESSIONS, _S.id == _U.session)
        .outerjoin(LEASES, LEASES.c.node == _S.node)
        .where(
            _U.session > _EMPTY,
            _S.id.is_(None)
            | _S.ended_at.is_not(None)
            | (_S.detached_at < before)
            | (_S.node.is_not(None) & (is_over | (LEASES.c.node.is_(None) & (_S.seen_at < before)))),
        )
        .order_by(_U.session)
        .limit(LIMIT)
    )
