"""SQLite: one file, one writer, in this process alone."""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from sqlalchemy import Connection as EngineConnection
from sqlalchemy import Dialect, Engine, NullPool, create_engine, event
from sqlalchemy.dialects import sqlite

from unisono.domain.errors import Invalid, Unavailable
from unisono.domain.ids import Checkpoint, Epoch, Instant
from unisono.domain.pattern import pattern
from unisono.ports.clock import Clock
from unisono.stores.sql.compiled import Params, Row, made_for
from unisono.stores.sql.driver import Connection, Verdict
from unisono.stores.sql.lineage import LineageStatements, begin_anew
from unisono.stores.sql.mark import Mark, Marked
from unisono.stores.sql.options import StoreOptions
from unisono.stores.sql.phrases import MATCHES

DIALECT: Final[Dialect] = sqlite.dialect(paramstyle="qmark")
STATEMENTS_KEPT: Final = 512
BUSY_MS: Final = 5_000
CHECKPOINT_PAGES: Final = 4_000
"""16 MB of log between two checkpoints: few enough to take tens of milliseconds, many enough to write a page once."""
WRITER_CACHE_KIB: Final = 64 * 1024
READER_CACHE_KIB: Final = 8 * 1024
JOURNAL_BYTES: Final = 64 * 1024 * 1024
"""The log file is cut back to this after a checkpoint, should it ever have grown beyond."""

STEPS_BETWEEN_LOOKS: Final = 1_000
"""Steps of SQLite between two looks at the clock: some hundred microseconds."""

LAST_POSITION: Final = """
    WITH start AS (SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'began'), 0) AS began)
    SELECT max(began, coalesce((SELECT max(head_pos) FROM streams), 0)), began FROM start
"""
FORM: Final = """
    SELECT CASE made.type WHEN 'table' THEN made.name || '.' || of_it.name ELSE made.name END
    FROM sqlite_master AS made LEFT JOIN pragma_table_info(made.name) AS of_it ON made.type = 'table'
    WHERE made.type IN ('table', 'index')
"""
# What one transaction could not write, another one can: the data is at fault, not the database.
DATA_ERRORS: Final = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    UnicodeEncodeError,
    OverflowError,
)


class SqliteConnection:
    """A connection in autocommit mode: transactions begin and end where it is said."""

    def __init__(self, connection: sqlite3.Connection, lease_now: Callable[[], Instant], mark: Mark | None) -> None:
        self._connection = connection
        self._mark = mark
        self.lease_now = lease_now
        self._position: int | None = None
        self._is_placing = False

    def query(self, text: str, params: Params = ()) -> list[Row]:
        """Execute a statement that gives rows."""
        return self._connection.execute(text, params).fetchall()

    def query_within(self, limit_ms: int, text: str, params: Params = ()) -> list[Row]:
        """Execute a statement that gives rows, within a time."""
        until_s = time.monotonic() + limit_ms / 1000
        self._connection.set_progress_handler(lambda: time.monotonic() > until_s, STEPS_BETWEEN_LOOKS)
        try:
            return self.query(text, params)
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            raise Invalid(reason="takes too long", limit_ms=limit_ms) from None
        finally:
            self._connection.set_progress_handler(None, 0)

    def run(self, text: str, params: Params = ()) -> int:
        """Execute a statement; give how many rows it changed."""
        return self._connection.execute(text, params).rowcount

    def begin(self) -> None:
        """Begin a transaction that writes."""
        self._connection.execute("BEGIN IMMEDIATE")

    def hurry(self) -> None:
        """Do nothing: nobody else holds locks."""

    def begin_reading(self) -> None:
        """Begin a transaction in which all reads see one moment."""
        self._connection.execute("BEGIN")

    def commit(self) -> None:
        """End it; on return it is durable."""
        self._connection.execute("COMMIT")
        if self._is_placing:
            self._is_placing = False
            if self._mark is not None and self._position is not None:
                self._mark.advance(self._position)

    def rollback(self) -> None:
        """End it without a trace."""
        self._is_placing = False
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    def commit_position(self) -> int:
        """Count on from the last position committed: there is no other writer. A rollback leaves a gap."""
        self._position = self.query(LAST_POSITION)[0][0] + 1 if self._position is None else self._position + 1
        self._is_placing = True
        return self._position

    def close(self) -> None:
        """End the connection."""
        with suppress(sqlite3.Error):
            self._connection.close()


class SqliteDriver:
    """One SQLite file, locked against a second server for as long as it is open."""

    def __init__(self, options: StoreOptions, clock: Clock) -> None:
        self.dialect = DIALECT
        self.is_sole_writer = True
        self.checkpoint_text = LAST_POSITION
        self.form_text = FORM
        self.tables_text = "SELECT name FROM sqlite_master WHERE type = 'table'"
        self._synchronous = options.synchronous
        options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path: Final = options.data_dir / f"{options.app}.sqlite3"
        self._lock = _lock(options.data_dir / f"{options.app}.lock")
        _keep_private(self.path)
        _drop_foreign_journal(self.path)
        self._mark: Final = Mark(options.data_dir / f"{options.app}.mark")
        self._lineage: Final = made_for(DIALECT, LineageStatements)
        self._clock = clock
        self._began = clock.now() - int(clock.monotonic_s() * 1000)

    def prepare(self) -> None:
        """Do nothing: the first connection makes the file."""

    def settle(self, connection: Connection, now: Instant) -> None:
        """See if the mark beside the file tells of this file, and of nothing that it lacks.

        A file that was put there has another inode, a whole directory that was put there another lock file; a file that
        was written over lacks what came after it was copied.
        """
        marked = self._mark.read()
        known: dict[str, str] = dict(connection.query(self._lineage.known.text))
        if (
            marked is None
            or known.get("epoch") != str(marked.epoch)
            or (marked.file, marked.place) != self._whereabouts()
            or marked.position > connection.query(LAST_POSITION)[0][0]
        ):
            self._begin_anew(connection, now, Epoch(0) if marked is None else marked.epoch)
        else:
            self._mark.open()

    def begin_anew(self, connection: Connection, now: Instant) -> Epoch:
        """Let the log begin anew, under an epoch that was never used."""
        return self._begin_anew(connection, now, Epoch(0))

    def _begin_anew(self, connection: Connection, now: Instant, after: Epoch) -> Epoch:
        connection.begin()
        epoch, _ = begin_anew(connection, self._lineage, now, after=after)
        connection.commit()
        # Last: a mark that is missing or tells of an earlier epoch only makes the log begin anew once more.
        position = Checkpoint(connection.query(LAST_POSITION)[0][0])
        self._mark.write(Marked(epoch, *self._whereabouts(), position))
        return epoch

    def _whereabouts(self) -> tuple[int, int]:
        return self.path.stat().st_ino, os.fstat(self._lock).st_ctime_ns

    def connect_writer(self) -> Connection:
        """Open a connection that may write."""
        connection = self._connect("rwc")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        # What was erased is to leave the file: Debian's SQLite does this unasked, others do not.
        connection.execute("PRAGMA secure_delete = ON")
        # Else every second batch makes a file in /var/tmp and drops it again.
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
        connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
        return SqliteConnection(connection, self._lease_now, self._mark)

    def connect_reader(self) -> Connection:
        """Open a connection that cannot write."""
        connection = self._connect("ro")
        connection.execute(f"PRAGMA cache_size = -{READER_CACHE_KIB}")
        # Not mapped: a page of messages of 700 MB took 27 us either way, and readers together held 4 x 256 MiB at most.
        connection.create_function(MATCHES, 2, _matches, deterministic=True)
        return SqliteConnection(connection, self._lease_now, None)

    def _lease_now(self) -> Instant:
        """Give the time of day as if the clock was not set since the file was opened: only we keep leases in it."""
        return Instant(self._began + int(self._clock.monotonic_s() * 1000))

    def _connect(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS_KEPT,
        )
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        return connection

    def engine(self) -> Engine:
        """Give an engine whose transactions include changes of the schema."""
        engine = create_engine("sqlite://", creator=lambda: self._connect("rw"), poolclass=NullPool)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        return engine

    def lock_migration(self, connection: EngineConnection) -> None:
        """Do nothing: the file is locked."""

    def judge(self, problem: Exception) -> Verdict | None:
        """Say what an exception means."""
        if isinstance(problem, DATA_ERRORS):
            return Verdict.REFUSED
        return Verdict.BROKEN if isinstance(problem, sqlite3.Error) else None

    def explain(self, problem: Exception) -> str:
        """Give what a failure says."""
        return str(problem)

    def close(self) -> None:
        """Let another server have the file."""
        self._mark.close()
        os.close(self._lock)


def _matches(wanted: str, text: str | None) -> bool:
    return text is not None and pattern(wanted).is_in(text)


def _keep_private(path: Path) -> None:
    """Let nobody but our own user read the file, and those that SQLite lays beside it with the same mode."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        if file.exists():
            file.chmod(0o600)


def _drop_foreign_journal(path: Path) -> None:
    """Remove a log file that was left beside a backup put in its database's place: SQLite would replay it.

    Byte 18 of a database says if it has such a log (2). Ours has from its beginning on, what `VACUUM INTO` makes never.
    """
    with path.open("rb") as file:
        head = file.read(19)
    if head and head[18:] == b"\x01":
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)


def _lock(path: Path) -> int:
    """Take the file for this process. The lock goes with the process, however it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise Unavailable(reason="another server uses this database", lock=str(path)) from None
    return descriptor
