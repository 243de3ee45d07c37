"""What the store needs of a database: plain connections, and a judgement on what went wrong."""

from enum import Enum
from typing import Protocol

from sqlalchemy import Connection as EngineConnection
from sqlalchemy import Dialect, Engine

from unisono.domain.ids import Epoch, Instant
from unisono.stores.sql.compiled import Params, Row


class Verdict(Enum):
    """What a failure of the database means for the transactions of the batch."""

    REPEAT = "repeat"
    """Another writer came first: run it again."""
    BROKEN = "broken"
    """The database does not answer."""
    REFUSED = "refused"
    """The database does not take what one of them brought."""


class Connection(Protocol):
    """One connection, used by one thread at a time. No call of it begins a transaction by itself."""

    def query(self, text: str, params: Params = ()) -> list[Row]:
        """Execute a statement that gives rows."""

    def query_within(self, limit_ms: int, text: str, params: Params = ()) -> list[Row]:
        """Execute a statement that gives rows, within a transaction and a time.

        Raises:
            Invalid: It took too long.
        """

    def run(self, text: str, params: Params = ()) -> int:
        """Execute a statement; give how many rows it changed."""

    def begin(self) -> None:
        """Begin a transaction that writes."""

    def hurry(self) -> None:
        """Wait for locks only briefly from here on: they are taken out of order, and a circle must end soon."""

    def begin_reading(self) -> None:
        """Begin a transaction in which all reads see one moment."""

    def commit(self) -> None:
        """End it; on return it is durable."""

    def rollback(self) -> None:
        """End it without a trace. Never raises: a broken connection has rolled back already."""

    def lease_now(self) -> Instant:
        """Give the time by which leases are kept: one clock for all who keep them, that is not set meanwhile."""

    def commit_position(self) -> int:
        """Give the position of what this transaction commits: larger than any checkpoint given before it ends."""

    def close(self) -> None:
        """End the connection. Never raises."""


class Driver(Protocol):
    """One database of one app, open until `close`.

    `is_sole_writer`: nobody else writes, so what its writer knows stays true from one batch to the next.
    """

    dialect: Dialect
    checkpoint_text: str
    """Gives the checkpoint, and the position where the log began: what lies before is of a log that was lost."""
    tables_text: str
    form_text: str
    """Gives what the schema is made of: `table.column` for each column, and the name of each index."""
    is_sole_writer: bool

    def prepare(self) -> None:
        """Make sure that there is something to connect to."""

    def settle(self, connection: Connection, now: Instant) -> None:
        """See if the data is what was left here, each time a writer connects; if not, let the log begin anew."""

    def begin_anew(self, connection: Connection, now: Instant) -> Epoch:
        """Let the log begin anew, under an epoch that was never used."""

    def connect_writer(self) -> Connection:
        """Open a connection that may write."""

    def connect_reader(self) -> Connection:
        """Open a connection for reading."""

    def engine(self) -> Engine:
        """Give SQLAlchemy's way to the same database, for migrations."""

    def lock_migration(self, connection: EngineConnection) -> None:
        """Let one node at a time change the schema, until the end of the transaction."""

    def judge(self, problem: Exception) -> Verdict | None:
        """Say what an exception means, or None when it is not the database's."""

    def explain(self, problem: Exception) -> str:
        """Give what a failure says, without anything secret."""

    def close(self) -> None:
        """Give up what was held."""
