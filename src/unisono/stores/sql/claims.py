"""The claims port on SQL."""

from collections import OrderedDict
from typing import Final, cast

from sqlalchemy import Dialect, delete, func, select
from sqlalchemy.sql.expression import Executable

from unisono.domain.call_answers import Claimed
from unisono.domain.claims import Held
from unisono.domain.errors import LimitReached
from unisono.domain.ids import ClaimName, Instant, SendKey, SessionId, UserId, user_stream
from unisono.ports.claims import ClaimDecide
from unisono.stores.sql.book import Book
from unisono.stores.sql.call_tables import CLAIMS
from unisono.stores.sql.compiled import Statement, made_for
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.phrases import LIMIT, given, upsert
from unisono.stores.sql.writer import Writer

FORGOTTEN_AT_ONCE: Final = 1_000
"""Dropped in one transaction, for which everybody who sends has to wait."""
COUNTED_PER_LIMIT: Final = 100
"""A user's claims are counted so often on the way to their limit; such a part of it is forgotten at once."""
USERS_KNOWN: Final = 10_000
"""Of so many users it is known how many claims they have room for; of others they are counted."""

_C = CLAIMS.c


class ClaimStatements:
    """The statements of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        def one(build: Executable) -> Statement:
            return Statement(dialect, lambda: build)

        its = _C.user_id == given("user", _C.user_id)
        row = (_C.number, _C.key, _C.session, _C.until, _C.is_done)
        self.find = one(select(*row).where(its, _C.name == given("name", _C.name)))
        self.count = one(select(func.count()).select_from(CLAIMS).where(its))
        self.keep = Statement(dialect, lambda: upsert(dialect, CLAIMS, 1))
        # A row that somebody has locked is left for the next time: nobody waits in a circle.
        old = select(_C.user_id, _C.name).where(_C.until < given("before", _C.until)).order_by(_C.until).limit(LIMIT)
        self.old = one(old.with_for_update(skip_locked=True))
        over = select(_C.name).where(its, _C.until <= given("now", _C.until)).order_by(_C.until, _C.name).limit(LIMIT)
        self.over = one(over)
        self.make_room = one(delete(CLAIMS).where(its, _C.name.in_(over)))
        self.drop = one(
            delete(CLAIMS).where(its, _C.name == given("name", _C.name), _C.until < given("before", _C.until))
        )


class SqlClaims:
    """Implements `ports.claims.Claims`."""

    def __init__(self, dialect: Dialect, *, writer: Writer) -> None:
        self._sql = made_for(dialect, ClaimStatements)
        self._writer = writer
        self._room = _Room(self._sql)

    async def decide(self, user: UserId, name: ClaimName, limit: int, decide: ClaimDecide) -> Claimed:
        """Change who has a claim."""
        work = _Decide(self._sql, user, name, limit=limit, decide=decide, room=self._room)
        return cast("Claimed", await self._writer.do(work))

    async def forget(self, kept_ms: int) -> int:
        """Drop old ones."""
        forgotten, dropped = 0, FORGOTTEN_AT_ONCE
        while dropped == FORGOTTEN_AT_ONCE:
            dropped = cast("int", await self._writer.do(_Forget(self._sql, kept_ms)))
            forgotten += dropped
        return forgotten


class _Room:
    """Sees to it that a user has no more claims than may be remembered, without counting them each time.

    Of some users it is known how many more there is certainly room for: counted once, and one less with each new claim.
    Each node counts for itself, so that there may be a hundredth more for each of the others.
    """

    def __init__(self, sql: ClaimStatements) -> None:
        self._sql = sql
        self._free: OrderedDict[UserId, int] = OrderedDict()

    def make(self, book: Book, user: UserId, limit: int) -> None:
        """Make room for one more.

        Raises:
            LimitReached: Nothing of the user's is over, so that it could be forgotten.
        """
        free = self._free.pop(user, 0)
        if free == 0:
            free = self._find(book, user, limit)
        self._free[user] = free - 1
        while len(self._free) > USERS_KNOWN:
            self._free.popitem(last=False)

    def _find(self, book: Book, user: UserId, limit: int) -> int:
        """Give for how many more there is room until it is looked at again, one at least."""
        sql, connection = self._sql, book.connection
        ((count,),) = connection.query(sql.count.text, sql.count.bind(user=user))
        share = max(limit // COUNTED_PER_LIMIT, 1)
        if (excess := count + 1 - limit) > 0:
            given_ones = {"user": user, "now": book.lease_now, "limit": excess + share - 1}
            # First to be sure: what was refused must have written nothing.
            over = len(connection.query(sql.over.text, sql.over.bind(**given_ones)))
            if over < excess:
                raise LimitReached(what="claims", limit=limit)
            connection.run(sql.make_room.text, sql.make_room.bind(**given_ones))
            count -= over
        return int(min(limit - count, share))


class _Decide:
    """Work of `Claims.decide`. The user's stream is locked, so decisions for one user follow one another."""

    def __init__(
        self,
        sql: ClaimStatements,
        user: UserId,
        name: ClaimName,
        *,
        limit: int,
        decide: ClaimDecide,
        room: _Room,
    ) -> None:
        self._sql = sql
        self._user = user
        self._name = name
        self._limit = limit
        self._decide = decide
        self._room = room

    def name_streams(self, ahead: Foresight) -> None:
        """Name the user's stream."""
        ahead.own.add(user_stream(self._user))

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""

    def run(self, book: Book) -> Claimed:
        """Decide, then write."""
        sql, user, query = self._sql, self._user, book.connection.query
        book.writable((user_stream(user),))
        rows = query(sql.find.text, sql.find.bind(user=user, name=self._name))
        held = None
        if rows:
            number, key, session, until, is_done = rows[0]
            held = Held(number, SendKey(key), SessionId(session), Instant(until), bool(is_done))
        decision = self._decide(book.lease_now, held)
        if (kept := decision.held) is not None:
            if held is None:
                self._room.make(book, user, self._limit)
            row = (user, self._name, kept.number, kept.key, kept.session, kept.until, int(kept.is_done))
            book.connection.run(sql.keep.text, row)
        return decision.answer


class _Forget:
    """Work of `Claims.forget`."""

    def __init__(self, sql: ClaimStatements, kept_ms: int) -> None:
        self._sql = sql
        self._kept_ms = kept_ms

    def name_streams(self, ahead: Foresight) -> None:
        """Name none."""

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""

    def run(self, book: Book) -> int:
        """Drop some that nobody took meanwhile."""
        old, drop, before = self._sql.old, self._sql.drop, book.lease_now - self._kept_ms
        rows = book.connection.query(old.text, old.bind(before=before, limit=FORGOTTEN_AT_ONCE))
        for user, name in rows:
            book.connection.run(drop.text, drop.bind(user=user, name=name, before=before))
        return len(rows)
