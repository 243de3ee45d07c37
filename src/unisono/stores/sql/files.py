"""The records of files on SQL."""

from collections.abc import Iterator, Sequence
from typing import Final, cast

import msgspec
from sqlalchemy import Delete, Dialect, Select, Update, delete, or_, select, tuple_, update
from sqlalchemy.sql.expression import Executable

from unisono.domain.errors import NotFound
from unisono.domain.files import DayLimits, DayTally, check_day, counted_bytes, day_of
from unisono.domain.ids import FileId, Instant, UserId
from unisono.ports.files import FileRecord
from unisono.stores.sql.book import Book
from unisono.stores.sql.compiled import ListStatement, Row, Statement, made_for
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.file_tables import FILE_DAYS, FILES
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.phrases import LIMIT, given, insert, wanted
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.writer import Writer

_F, _D = FILES.c, FILE_DAYS.c
_ID = given("file", _F.id)
_DAY: Final = (
    (_D.day == given("day", _D.day))
    & (_D.user_id == given("user", _D.user_id))
    & (_D.source == given("source", _D.source))
)
_OF_USER = _F.user_id == given("user", _F.user_id)
NOBODY = ""
"""The owner of what nobody owns: no user has this name."""
ALL = ""
"""The source of what an owner has from anywhere."""


class FileStatements:
    """The statements of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.add = Statement(dialect, lambda: insert(dialect, FILES, 1, _F))
        self.look_at_day = Statement(dialect, lambda: _look_at_day(dialect))
        self.count = Statement(dialect, _count)
        self.end_day = Statement(dialect, lambda: delete(FILE_DAYS).where(_DAY, _D.files <= 0))
        self.forget_days = Statement(dialect, _forget_days)
        self.take = Statement(dialect, lambda: select(FILES).where(_F.id == _ID).with_for_update())
        self.arrive = Statement(dialect, _arrive)
        self.find = Statement(dialect, lambda: select(FILES).where(_F.id == _ID))
        self.of_user = Statement(dialect, _of_user)
        self.begun = Statement(dialect, lambda: _older("begun").where(_F.arrived_at.is_(None)))
        self.kept = Statement(dialect, lambda: _older("kept").where(_F.arrived_at.is_not(None)))
        self.remove = Statement(dialect, lambda: delete(FILES).where(_F.id == _ID))
        self.unknown = ListStatement(dialect, _unknown)


class SqlFiles:
    """Implements `ports.files.FileRecords`."""

    def __init__(self, dialect: Dialect, *, writer: Writer, readers: Readers) -> None:
        self._sql = made_for(dialect, FileStatements)
        self._writer = writer
        self._readers = readers

    async def add(self, record: FileRecord, limits: DayLimits) -> None:
        """Remember a file, if there is room."""
        await self._writer.do(_Add(self._sql, record, limits))

    async def arrive(self, file: FileId, size: int, at: Instant) -> None:
        """Note that its bytes are there."""
        await self._writer.do(_Arrive(self._sql, file, size, at))

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

    async def unknown(self, files: Sequence[FileId]) -> Sequence[FileId]:
        """List those that nothing is known of."""

        def read(connection: Connection) -> Sequence[FileId]:
            asked = self._sql.unknown.padded([(file,) for file in files])
            # The last one is asked for several times.
            return list(dict.fromkeys(FileId(row[0]) for one in asked for row in connection.query(*one)))

        return await self._readers.read(read)

    async def remove(self, file: FileId) -> None:
        """Forget a file."""
        await self._writer.do(_Remove(self._sql, file, is_kept_once_there=False))

    async def give_up(self, file: FileId) -> bool:
        """Forget a file that has not arrived."""
        return cast("bool", await self._writer.do(_Remove(self._sql, file, is_kept_once_there=True)))

    async def forget_days(self, before: int, limit: int) -> int:
        """Forget counts of days before one."""
        return cast("int", await self._writer.do(_ForgetDays(self._sql, before, limit)))

    async def _rows(self, statement: Statement, **values: object) -> Sequence[Row]:
        bound = statement.bind(**values)
        return await self._readers.read(lambda connection: connection.query(statement.text, bound))


class _Work:
    """Work that needs no stream."""

    def __init__(self, sql: FileStatements) -> None:
        self._sql = sql

    def name_streams(self, ahead: Foresight) -> None:
        """Name none."""

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""

    def _taken(self, book: Book, file: FileId) -> FileRecord | None:
        """Give what is known of a file; it stays so until the end of the transaction."""
        rows = book.connection.query(self._sql.take.text, self._sql.take.bind(file=file))
        return _read(rows[0]) if rows else None

    def _count(self, book: Book, record: FileRecord, more_bytes: int, more_files: int) -> None:
        for key in _days_of(record):
            book.run(self._sql.count, **key, more_bytes=more_bytes, more_files=more_files)


class _Add(_Work):
    """Work of `FileRecords.add`."""

    def __init__(self, sql: FileStatements, record: FileRecord, limits: DayLimits) -> None:
        super().__init__(sql)
        self._record = record
        self._limits = limits

    def run(self, book: Book) -> None:
        """Look at the counts, which nobody else changes from then on; then write."""
        record, connection, sql = self._record, book.connection, self._sql
        # Two nodes may take the counts of two owners in different orders.
        connection.hurry()
        for key, limit in zip(_days_of(record), (self._limits.owner, self._limits.source), strict=False):
            (row,) = connection.query(sql.look_at_day.text, (*key.values(), 0, 0))
            check_day(DayTally(*row), record.size, limit)
        self._count(book, record, counted_bytes(record.size), 1)
        connection.run(sql.add.text, _row(record))


class _Arrive(_Work):
    """Work of `FileRecords.arrive`."""

    def __init__(self, sql: FileStatements, file: FileId, size: int, at: Instant) -> None:
        super().__init__(sql)
        self._file = file
        self._size = size
        self._at = at

    def run(self, book: Book) -> None:
        """Note it, and give back what it does not need."""
        book.connection.hurry()
        record = self._taken(book, self._file)
        if record is None:
            raise NotFound()
        if record.arrived_at is None:
            book.run(self._sql.arrive, file=self._file, bytes=self._size, at=self._at)
            self._count(book, record, counted_bytes(self._size) - counted_bytes(record.size), 0)


class _Remove(_Work):
    """Work of `FileRecords.remove` and `give_up`."""

    def __init__(self, sql: FileStatements, file: FileId, *, is_kept_once_there: bool) -> None:
        super().__init__(sql)
        self._file = file
        self._is_kept_once_there = is_kept_once_there

    def run(self, book: Book) -> bool:
        """Forget it, and its day with the last one."""
        book.connection.hurry()
        record = self._taken(book, self._file)
        if record is None:
            return True
        if self._is_kept_once_there and record.arrived_at is not None:
            return False
        book.run(self._sql.remove, file=self._file)
        self._count(book, record, -counted_bytes(record.size), -1)
        for key in _days_of(record):
            book.run(self._sql.end_day, **key)
        return True


class _ForgetDays(_Work):
    """Work of `FileRecords.forget_days`."""

    def __init__(self, sql: FileStatements, before: int, limit: int) -> None:
        super().__init__(sql)
        self._before = before
        self._limit = limit

    def run(self, book: Book) -> int:
        """Drop some."""
        forget = self._sql.forget_days
        return book.connection.run(forget.text, forget.bind(before=self._before, limit=self._limit))


def _days_of(record: FileRecord) -> Iterator[dict[str, object]]:
    """Give what a file is counted by: the owner's day, and that of its source where it has one."""
    for source in (ALL,) if record.source is None else (ALL, record.source):
        yield {"day": day_of(record.created_at), "user": record.owner or NOBODY, "source": source}


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
        record.source,
    )


def _read(row: Row) -> FileRecord:
    file, user, name, kind, size, created_at, arrived_at, url, attributes, source = row
    owner = UserId(user) if user else None
    read = None if attributes is None else msgspec.json.decode(attributes)
    return FileRecord(FileId(file), owner, name, kind, size, created_at, arrived_at, url, read, source)


def _look_at_day(dialect: Dialect) -> Executable:
    """Lock a day's count, begun if it has to be: one that is only read may have been ended meanwhile."""
    begun = insert(dialect, FILE_DAYS, 1, FILE_DAYS.c)
    looked: Executable = begun.on_conflict_do_update(
        index_elements=list(FILE_DAYS.primary_key), set_={"files": _D.files}
    ).returning(_D.bytes, _D.files)
    return looked


def _count() -> Update:
    more = {"bytes": _D.bytes + given("more_bytes", _D.bytes), "files": _D.files + given("more_files", _D.files)}
    return update(FILE_DAYS).where(_DAY).values(more)


def _forget_days() -> Delete:
    key = (_D.day, _D.user_id, _D.source)
    old = select(*key).where(_D.day < given("before", _D.day)).order_by(*key).limit(LIMIT)
    return delete(FILE_DAYS).where(tuple_(*key).in_(old))


def _unknown(rows: int) -> Executable:
    asked = wanted(rows, [_F.id])
    return select(asked.c.id).where(~select(_F.id).where(_F.id == asked.c.id).exists())


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
