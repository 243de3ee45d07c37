"""PostgreSQL 15 or later: one schema per app, shared by any number of nodes.

Positions are transaction ids, counted on from where an earlier server left off: a dump that is loaded elsewhere begins
with low transaction ids again, and a client's checkpoint must never be ahead of what comes next.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.types.numeric import Int8Dumper
from sqlalchemy import Connection as EngineConnection
from sqlalchemy import Dialect, Engine, NullPool, create_engine, text
from sqlalchemy.dialects.postgresql import psycopg as dialects

from unisono.domain.errors import Invalid, Unavailable
from unisono.domain.ids import Epoch, Instant
from unisono.stores.sql.address import Address
from unisono.stores.sql.compiled import Params, Row, made_for
from unisono.stores.sql.driver import Connection, Verdict
from unisono.stores.sql.lineage import LineageStatements, begin_anew
from unisono.stores.sql.options import StoreOptions

DIALECT: Final[Dialect] = dialects.dialect(paramstyle="format")  # type: ignore[no-untyped-call]  # untyped there
SERVER_MIN: Final = 150_000
MIGRATION_LOCK: Final = 0x756E69736F6E6F

NEXT_POSITION: Final = (
    "SELECT pg_current_xact_id()::text::bigint + (SELECT value::bigint FROM meta WHERE name = 'offset')"
)
# The snapshot's lower bound: every transaction below it is over, so what it wrote can be seen by now. But a crash may
# forget ids that only read or gave up, and give them out again; those up to the highest one committed stay used.
CHECKPOINT: Final = """
    SELECT greatest(began.value::bigint, least(
        offset_.value::bigint + pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1,
        coalesce((SELECT max(head_pos) FROM streams), 0)
    )), began.value::bigint
    FROM meta AS began, meta AS offset_ WHERE began.name = 'began' AND offset_.name = 'offset'
"""
SERVER_TIME: Final = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
FORM: Final = """
    SELECT CASE made.relkind WHEN 'r' THEN made.relname || '.' || of_it.attname ELSE made.relname END
    FROM pg_class AS made
    LEFT JOIN pg_attribute AS of_it
        ON of_it.attrelid = made.oid AND of_it.attnum > 0 AND NOT of_it.attisdropped AND made.relkind = 'r'
    WHERE made.relnamespace = current_schema()::regnamespace AND made.relkind IN ('r', 'i')
"""
HURRY: Final = "SET LOCAL lock_timeout = '100ms'"
# A server's identity, and the timeline, which changes when a copy of it takes over or goes back to an earlier moment.
# The row's own xmin is part of what must stand in it: a dump that is loaded, even here, never says the right one.
_SERVER: Final = """
    WITH server AS (
        SELECT concat_ws('/', system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8), '') AS name
        FROM pg_control_system()
    )
"""
_IS: Final = "SELECT value = server.name || xmin FROM meta, server WHERE meta.name = 'home'"
_SETTLE: Final = """
    INSERT INTO meta (name, value) SELECT 'home', name || pg_current_xact_id()::xid FROM server
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
IS_HOME: Final = _SERVER + _IS
SETTLE_HOME: Final = _SERVER + _SETTLE
# From the transaction that begins on: those that place a fact later have a higher id, because it has locked them out.
SETTLE_OFFSET: Final = """
    INSERT INTO meta (name, value) SELECT 'offset', (%s - pg_current_xact_id()::text::bigint)::text
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
LOCK_OUT: Final = "LOCK TABLE streams IN EXCLUSIVE MODE"

AGAIN: Final = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.UniqueViolation,
)


class PostgresConnection:
    """A connection in autocommit mode: transactions begin and end where it is said."""

    def __init__(self, connection: "psycopg.Connection[Row]") -> None:
        self._connection = connection

    def query(self, text: str, params: Params = ()) -> list[Row]:
        """Execute a statement that gives rows."""
        return self._connection.execute(text.encode(), params or None).fetchall()

    def query_within(self, limit_ms: int, text: str, params: Params = ()) -> list[Row]:
        """Execute a statement that gives rows, within a transaction and a time."""
        self.run(f"SET LOCAL statement_timeout TO {limit_ms:d}")
        try:
            return self.query(text, params)
        except psycopg.errors.QueryCanceled:
            raise Invalid(reason="takes too long", limit_ms=limit_ms) from None

    def run(self, text: str, params: Params = ()) -> int:
        """Execute a statement; give how many rows it changed."""
        return self._connection.execute(text.encode(), params or None).rowcount

    def begin(self) -> None:
        """Begin a transaction that writes. Each statement sees what was committed before it: locks come first."""
        self.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")

    def hurry(self) -> None:
        """Wait for locks only briefly until the end of this transaction."""
        self.run(HURRY)

    def begin_reading(self) -> None:
        """Begin a transaction in which all reads see one moment."""
        self.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def commit(self) -> None:
        """End it; on return it is durable, on the synchronous copy too where there is one."""
        self.run("COMMIT")

    def rollback(self) -> None:
        """End it without a trace."""
        if self._connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            with suppress(psycopg.Error):
                self.run("ROLLBACK")

    def lease_now(self) -> Instant:
        """Give the time of the server: nodes need not agree about theirs."""
        return Instant(self.query(SERVER_TIME)[0][0])

    def commit_position(self) -> int:
        """Give the id of this transaction, counted on from those of earlier clusters."""
        position: int = self.query(NEXT_POSITION)[0][0]
        return position

    def close(self) -> None:
        """End the connection."""
        with suppress(psycopg.Error):
            self._connection.close()


class PostgresDriver:
    """One schema of one database."""

    def __init__(self, options: StoreOptions) -> None:
        self.dialect = DIALECT
        self.is_sole_writer = False
        self.checkpoint_text = CHECKPOINT
        self.form_text = FORM
        self.tables_text = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        self._address: Final = Address(options.url or "")
        self._lineage: Final = made_for(DIALECT, LineageStatements)
        self._schema: Final = f"app_{options.app}"
        self._deadline_ms: Final = int(options.deadline_s * 1000)

    def prepare(self) -> None:
        """Make the schema, and see that the server is young enough.

        Raises:
            Unavailable: It is too old.
        """
        with psycopg.connect(self._address.text, autocommit=True) as connection:
            if connection.info.server_version < SERVER_MIN:
                found = connection.info.server_version // 10_000
                raise Unavailable(reason="PostgreSQL 15 or later is needed", found=found)
            # Two nodes may come at the same moment: IF NOT EXISTS alone does not save the second one.
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
                connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(self._schema)))

    def settle(self, connection: Connection, now: Instant) -> None:
        """See if the data was written by this server, on this timeline; once, whichever nodes ask at the same time."""
        if connection.query(IS_HOME) == [(True,)]:
            return
        with self._locked(connection):
            if connection.query(IS_HOME) != [(True,)]:
                self._begin_anew(connection, now)

    def begin_anew(self, connection: Connection, now: Instant) -> Epoch:
        """Let the log begin anew, under an epoch that was never used."""
        with self._locked(connection):
            return self._begin_anew(connection, now)

    def _begin_anew(self, connection: Connection, now: Instant) -> Epoch:
        connection.run(LOCK_OUT)
        epoch, position = begin_anew(connection, self._lineage, now)
        connection.run(SETTLE_OFFSET, (position,))
        connection.run(SETTLE_HOME)
        return epoch

    @contextmanager
    def _locked(self, connection: Connection) -> Iterator[None]:
        connection.begin()
        try:
            # It rewrites every stream once, and that may take longer than anything that somebody waits for.
            connection.run("SET LOCAL statement_timeout TO 0")
            connection.query("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
            yield
            connection.commit()
        finally:
            connection.rollback()

    def connect_writer(self) -> Connection:
        """Open a connection that may write."""
        return PostgresConnection(self._connect())

    def connect_reader(self) -> Connection:
        """Open a connection for reading."""
        connection = self._connect()
        connection.execute("SET default_transaction_read_only = on")
        return PostgresConnection(connection)

    def _connect(self) -> "psycopg.Connection[Any]":
        connection = psycopg.connect(self._address.text, autocommit=True, prepare_threshold=2)
        # Numbers as one type, whatever their size: else each size is a statement to prepare.
        connection.adapters.register_dumper(int, Int8Dumper)
        settings = sql.SQL(
            "SET search_path TO {}; SET synchronous_commit TO on; SET jit TO off; SET statement_timeout TO {};"
            " SET idle_in_transaction_session_timeout TO {}"
        )
        connection.execute(settings.format(sql.Identifier(self._schema), self._deadline_ms, self._deadline_ms))
        return connection

    def engine(self) -> Engine:
        """Give an engine for migrations."""
        return create_engine("postgresql+psycopg://", creator=self._connect_for_migrations, poolclass=NullPool)

    def _connect_for_migrations(self) -> "psycopg.Connection[Any]":
        connection = self._connect()
        connection.autocommit = False
        return connection

    def lock_migration(self, connection: EngineConnection) -> None:
        """Let one node at a time change the schema, until the end of the transaction."""
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})

    def judge(self, problem: Exception) -> Verdict | None:
        """Say what an exception means."""
        if isinstance(problem, AGAIN):
            return Verdict.REPEAT
        if isinstance(problem, psycopg.DataError | psycopg.IntegrityError | UnicodeEncodeError | OverflowError):
            return Verdict.REFUSED
        return Verdict.BROKEN if isinstance(problem, psycopg.Error) else None

    def explain(self, problem: Exception) -> str:
        """Give what a failure says, without the password."""
        return self._address.hide_secrets(str(problem))

    def close(self) -> None:
        """Hold nothing."""
