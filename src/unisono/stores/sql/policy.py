"""The policies port on SQL."""

from typing import Final, cast

import msgspec
from sqlalchemy import Dialect, delete, literal_column, select
from sqlalchemy.sql.expression import Executable

from unisono.domain.errors import Invalid
from unisono.domain.ids import INTEGER_MAX, Instant
from unisono.domain.policy import CHANGES_KEPT, InForce, PolicyChange, Said
from unisono.ports.policy import PolicyDecide, PolicyPage
from unisono.stores.sql.book import Book
from unisono.stores.sql.compiled import Row, Statement
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.pages import read_page
from unisono.stores.sql.phrases import LIMIT, given, insert
from unisono.stores.sql.policy_tables import POLICY_CHANGES
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.writer import Writer

CHANGES_AT_ONCE: Final = 5
"""Changes asked of the database at a time: one may have three tables of slots, each of a megabyte."""

_P = POLICY_CHANGES.c
_encode: Final = msgspec.json.Encoder().encode
_read_said: Final = msgspec.json.Decoder(Said).decode
_read_in_force: Final = msgspec.json.Decoder(InForce).decode


class PolicyStatements:
    """The statements of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        def one(build: Executable) -> Statement:
            return Statement(dialect, lambda: build)

        below = select(POLICY_CHANGES).where(_P.revision < given("before", _P.revision))
        self.below = one(below.order_by(_P.revision.desc()).limit(LIMIT))
        any_of_them = _P.revision > literal_column("0")
        self.said = one(select(_P.said).where(any_of_them).order_by(_P.revision.desc()).limit(LIMIT))
        self.add = Statement(dialect, lambda: insert(dialect, POLICY_CHANGES, 1, POLICY_CHANGES.c))
        self.drop = one(delete(POLICY_CHANGES).where(_P.revision <= given("old", _P.revision)))


class SqlPolicies:
    """Implements `ports.policy.Policies`."""

    def __init__(self, statements: PolicyStatements, *, writer: Writer, readers: Readers) -> None:
        self._sql = statements
        self._writer = writer
        self._readers = readers

    async def last(self) -> PolicyChange | None:
        """Give the last change."""
        return await self._readers.read(lambda connection: last_change(connection, self._sql))

    async def change(self, decide: PolicyDecide) -> PolicyChange:
        """Put the next change after the last."""
        return cast("PolicyChange", await self._writer.do(_Change(self._sql, decide)))

    async def log(self, before: int | None, limit: int) -> PolicyPage:
        """List changes."""

        def read(connection: Connection) -> PolicyPage:
            def more(row: Row | None, count: int) -> list[Row]:
                return _below(connection, self._sql, before if row is None else row[0], count)

            rows, has_more = read_page(more, limit, size=_size, step=CHANGES_AT_ONCE)
            changes = tuple(map(_read, rows))
            return PolicyPage(changes, changes[-1].revision if has_more else None)

        return await self._readers.read(read)


def said_last(connection: Connection, sql: PolicyStatements) -> Said | None:
    """Read what the last change says, and nothing of what it did; None while nothing was said."""
    rows = connection.query(sql.said.text, sql.said.bind(limit=1))
    return _read_said(rows[0][0]) if rows else None


class _Change:
    """Work of `Policies.change`. No login is decided meanwhile."""

    def __init__(self, sql: PolicyStatements, decide: PolicyDecide) -> None:
        self._sql = sql
        self._decide = decide

    def name_streams(self, ahead: Foresight) -> None:
        """Name the policy."""
        ahead.policy = "changed"

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""

    def run(self, book: Book) -> PolicyChange:
        """Decide, then write.

        Raises:
            Invalid: It could not be read again.
        """
        sql, connection = self._sql, book.connection
        change = self._decide(book.now, last_change(connection, sql))
        row = _row(change)
        try:
            _read(row)
        except msgspec.ValidationError as problem:
            # What nobody could read again would keep everybody from logging in.
            raise Invalid(field="devices", reason=str(problem)) from problem
        connection.run(sql.add.text, row)
        connection.run(sql.drop.text, sql.drop.bind(old=change.revision - CHANGES_KEPT))
        return change


def last_change(connection: Connection, sql: PolicyStatements) -> PolicyChange | None:
    """Read the last change."""
    rows = _below(connection, sql, None, 1)
    return _read(rows[0]) if rows else None


def _below(connection: Connection, sql: PolicyStatements, before: int | None, limit: int) -> list[Row]:
    # One more than the largest revision there can be.
    values = sql.below.bind(before=INTEGER_MAX + 1 if before is None else before, limit=limit)
    return connection.query(sql.below.text, values)


def _size(row: Row) -> int:
    """Give the bytes of what was said, and what held before and after."""
    return sum(len(part) for part in row[3:6])


def _row(change: PolicyChange) -> Row:
    said, old, new = (_encode(part).decode() for part in (change.said, change.old, change.new))
    return (change.revision, change.at, change.by, said, old, new, change.address, change.note)


def _read(row: Row) -> PolicyChange:
    revision, at, by, said, old, new, address, note = row
    return PolicyChange(
        revision, Instant(at), by, _read_said(said), _read_in_force(old), _read_in_force(new), address, note
    )
