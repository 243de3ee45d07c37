"""The requests port on SQL, and transactions of the log under a key."""

from typing import Final, cast

import msgspec
from sqlalchemy import Dialect, delete, select, update

from unisono.domain.answers import AnyAnswer
from unisono.domain.errors import KeyReused
from unisono.domain.ids import Instant
from unisono.ports.log import Committed
from unisono.ports.requests import KEPT_MS, Request
from unisono.stores.sql.book import Book
from unisono.stores.sql.compiled import Statement
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.phrases import LIMIT, given, insert
from unisono.stores.sql.schema import REQUESTS
from unisono.stores.sql.transaction import Transaction
from unisono.stores.sql.writer import Writer

FORGOTTEN_AT_ONCE: Final = 1_000
"""Dropped in one transaction, for which everybody who sends has to wait."""

_R = REQUESTS.c
_KEY = given("key", _R.key)
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(AnyAnswer).decode


class RequestStatements:
    """The statements of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.find = Statement(dialect, lambda: select(_R.digest, _R.answer, _R.at).where(_R.key == _KEY))
        # Not an upsert: of two nodes that are asked the same, the later has to run into the earlier, and look again.
        self.add = Statement(dialect, lambda: insert(dialect, REQUESTS, 1, REQUESTS.c))
        self.drop = Statement(dialect, lambda: delete(REQUESTS).where(_R.key == _KEY))
        self.answer = Statement(
            dialect, lambda: update(REQUESTS).where(_R.key == _KEY).values(answer=given("body", _R.answer))
        )
        old = select(_R.key).where(_R.at < given("before", _R.at)).limit(LIMIT)
        self.forget = Statement(dialect, lambda: delete(REQUESTS).where(_R.key.in_(old)))


class SqlRequests:
    """Implements `ports.requests.Requests`."""

    def __init__(self, statements: RequestStatements, writer: Writer) -> None:
        self._sql = statements
        self._writer = writer

    async def begin(self, request: Request) -> bytes | None:
        """Remember a request before it is carried out, or give its answer."""
        return cast("bytes | None", await self._writer.do(_Begin(self._sql, request)))

    async def finish(self, request: Request, answer: bytes) -> None:
        """Keep what is answered to a request that was begun."""
        await self._writer.do(_Finish(self._sql, request, answer))

    async def forget(self, before: Instant) -> int:
        """Drop requests that were begun before an instant, and more than a day ago; give how many."""
        forgotten, dropped = 0, FORGOTTEN_AT_ONCE
        while dropped == FORGOTTEN_AT_ONCE:
            dropped = cast("int", await self._writer.do(_Forget(self._sql, before)))
            forgotten += dropped
        return forgotten


class _Work:
    """Work that needs no stream."""

    def __init__(self, sql: RequestStatements) -> None:
        self._sql = sql

    def name_streams(self, ahead: Foresight) -> None:
        """Name none."""

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""


class _Begin(_Work):
    """Work of `Requests.begin`."""

    def __init__(self, sql: RequestStatements, request: Request) -> None:
        super().__init__(sql)
        self._request = request

    def run(self, book: Book) -> bytes | None:
        """Look, then note."""
        is_known, answer = _known(book, self._sql, self._request)
        if not is_known:
            _add(book, self._sql, self._request, None)
        return answer


class _Finish(_Work):
    """Work of `Requests.finish`."""

    def __init__(self, sql: RequestStatements, request: Request, answer: bytes) -> None:
        super().__init__(sql)
        self._request = request
        self._answer = answer

    def run(self, book: Book) -> None:
        """Note the answer."""
        statement = self._sql.answer
        book.connection.run(statement.text, statement.bind(key=self._request.key, body=self._answer))


class _Forget(_Work):
    """Work of `Requests.forget`."""

    def __init__(self, sql: RequestStatements, before: Instant) -> None:
        super().__init__(sql)
        self._before = before

    def run(self, book: Book) -> int:
        """Drop some."""
        before = min(self._before, book.now - KEPT_MS)
        return book.connection.run(self._sql.forget.text, self._sql.forget.bind(before=before, limit=FORGOTTEN_AT_ONCE))


class Once:
    """A transaction under a key: carried out once, and its answer kept with what it changed."""

    __slots__ = ("_request", "_sql", "_work")

    def __init__(self, sql: RequestStatements, request: Request, work: Transaction) -> None:
        self._sql = sql
        self._request = request
        self._work = work

    def name_streams(self, ahead: Foresight) -> None:
        """Name those of the transaction."""
        self._work.name_streams(ahead)

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name those of the transaction."""
        self._work.name_details(book, ahead)

    def run(self, book: Book) -> Committed:
        """Give the answer of before, or decide."""
        _, answer = _known(book, self._sql, self._request)
        if answer is not None:
            return Committed(_decode(answer), ())
        committed = self._work.run(book)
        _add(book, self._sql, self._request, _encode(committed.answer))
        return committed


def _known(book: Book, sql: RequestStatements, request: Request) -> tuple[bool, bytes | None]:
    """Say if a request is remembered, and what was answered."""
    rows = book.connection.query(sql.find.text, sql.find.bind(key=request.key))
    if not rows:
        return False, None
    digest, answer, at = rows[0]
    if at <= book.now - KEPT_MS:
        book.connection.run(sql.drop.text, sql.drop.bind(key=request.key))
        return False, None
    if bytes(digest) != request.digest:
        raise KeyReused()
    return True, None if answer is None else bytes(answer)


def _add(book: Book, sql: RequestStatements, request: Request, answer: bytes | None) -> None:
    book.connection.run(sql.add.text, (request.key, request.digest, book.now, answer))
