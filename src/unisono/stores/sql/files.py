"""The records of files on SQL."""

from collections.abc import Sequence
from typing import cast

import msgspec
from sqlalchemy import Dialect, Select, Update, delete, func, or_, select, update
from sqlalchemy.sql.expression import Executable

from unisono.domain.files import DayQuota, check_day
from unisono.domain.ids import FileId, Instant, UserId
from unisono.ports.files import FileRecord
from unisono.stores.sql.book import Book
from unisono.stores.sql.compiled import Row, Statement
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.phrases import LIMIT, given, insert
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.schema import FILES
from unisono.stores.sql.writer import Writer

_F = FILES.c
_ID = given("file", _F.id)
_OF_USER = _F.user_id == given("user", _F.user_id)
NOBODY = ""
"""The owner of what nobody owns: no user has this name."""


class FileStatements:
    """The statements of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.add = Statement(dialect, lambda: insert(dialect, FILES, 1, _F))
        since = _F.created_at >= given("since", _F.created_at)
        self.today = Statement(dialect, lambda: select(func.coalesce(func.sum(_F.size), 0)).where(_OF_USER, since))
        self.arrive = Statement(dialect, _arrive)
        self.find = Statement(dialect, lambda: select(FILES).where(_F.id == _ID))
        self.of_user = Statement(dialect, _of_user)
        self.begun = Statement(dialect, lambda: _older("begun").where(_F.arrived_at.is_(None)))
        self.kept = Statement(dialect, lambda: _older("kept").where(_F.arrived_at.is_not(None)))
        self.remove = Statement(dialect, lambda: delete(FILES).where(_F.id == _ID))


class SqlFiles:
    """Implements `ports.files.FileRecords`."""

    def __init__(self, dialect: Dialect, *, writer: Writer, readers: Readers) -> None:
        self._sql = FileStatements(dialect)
        self._writer = writer
        self._readers = readers

    async def add(self, record: FileRecord, quota: DayQuota) -> None:
        """Remember a file, if there is room."""
        await self._writer.do(_Add(self._sql, record, quota))

    async def arrive(self, file: FileId, size: int, at: Instant) -> None:
        """Note that its bytes are there."""
        await self._writer.do(_Run(self._sql.arrive, {"file": file, "bytes": size, "at": at}))

    async def find(self, file: FileId) -> FileRecord | None:
        """Give what is known of a file."""
        rows = await self._rows(self._sql.find, file=file)
        return _read(rows[0]) if rows else None

    async def of_user(self, user: UserId, after: FileRecord | None, limit: int) -> Sequence[FileRecord]:
        """List a user's files."""
        at, name = (-1, "") if after is None else (after.created_at, after.id)
        return [_read(row) for row in await self._rows(self._sql.of_user, user=user, at=at, after=name, limit=limit)]

    async def old(self, begun_before: Instant, kept_since: Instant, limit: int) -> Sequence[FileId]:
        """List files that are to go."""
        begun = await self._rows(self._sql.begun, begun=begun_before, limit=limit)
        kept = await self._rows(self._sql.kept, kept=kept_since, limit=limit)
        return [FileId(name) for _, name in sorted((*begun, *kept))[:limit]]

    async def remove(self, file: FileId) -> None:
        """Forget a file."""
        await self._writer.do(_Run(self._sql.remove, {"file": file}))

    async def _rows(self, statement: Statement, **values: object) -> Sequence[Row]:
        bound = statement.bind(**values)
        return await self._readers.read(lambda connection: connection.query(statement.text, bound))


class _Work:
    """Work that needs no stream."""

    def name_streams(self, ahead: Foresight) -> None:
        """Name none."""

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""


class _Add(_Work):
    """Work of `FileRecords.add`."""

    def __init__(self, sql: FileStatements, record: FileRecord, quota: DayQuota) -> None:
        self._sql = sql
        self._record = record
        self._quota = quota

    def run(self, book: Book) -> None:
        """Count, then write."""
        row = _row(self._record)
        today = self._sql.today
        rows = book.connection.query(today.text, today.bind(user=row[1], since=self._quota.since))
        check_day(int(cast("int", rows[0][0])), self._record.size, self._quota)
        book.connection.run(self._sql.add.text, row)


class _Run(_Work):
    """Work of one statement."""

    def __init__(self, statement: Statement, values: dict[str, object]) -> None:
        self._statement = statement
        self._values = values

    def run(self, book: Book) -> None:
        """Run it."""
        book.run(self._statement, **self._values)


def _row(record: FileRecord) -> Row:
    attributes = None if record.attributes is None else msgspec.json.encode(record.attributes).decode()
    return (
        record.id,
        record.owner or NOBODY,
        record.name,
        record.type,
        record.size,
        record.created_at,
        record.arrived_at,
        record.url,
        attributes,
    )


def _read(row: Row) -> FileRecord:
    file, user, name, kind, size, created_at, arrived_at, url, attributes = row
    owner = UserId(user) if user else None
    read = None if attributes is None else msgspec.json.decode(attributes)
    return FileRecord(FileId(file), owner, name, kind, size, created_at, arrived_at, url, read)


def _arrive() -> Update:
    arrived = {"size": given("bytes", _F.size), "arrived_at": given("at", _F.arrived_at)}
    return update(FILES).where(_F.id == _ID, _F.arrived_at.is_(None)).values(arrived)


def _of_user() -> Executable:
    at = given("at", _F.created_at)
    behind = or_(_F.created_at > at, _F.id > given("after", _F.id))
    return select(FILES).where(_OF_USER, _F.created_at >= at, behind).order_by(_F.created_at, _F.id).limit(LIMIT)


def _older(name: str) -> Select[tuple[int, str]]:
    older = _F.created_at < given(name, _F.created_at)
    return select(_F.created_at, _F.id).where(older).order_by(_F.created_at, _F.id).limit(LIMIT)
