"""Opening a store: the database, its schema, the threads, and the ports on top."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from unisono.domain.errors import Unavailable, UnisonoError
from unisono.domain.ids import Epoch
from unisono.ports.clock import Clock
from unisono.stores.sql.batches import Committer
from unisono.stores.sql.book import Book
from unisono.stores.sql.calls import SqlCalls
from unisono.stores.sql.claims import SqlClaims
from unisono.stores.sql.compiled import made_for
from unisono.stores.sql.contacts import SqlContacts
from unisono.stores.sql.directory import SqlDirectory
from unisono.stores.sql.driver import Driver
from unisono.stores.sql.due_pushes import SqlDuePushes
from unisono.stores.sql.erasures import SqlErasures
from unisono.stores.sql.files import SqlFiles
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.kept_events import SqlKeptEvents
from unisono.stores.sql.log import SqlLog
from unisono.stores.sql.migrate import migrate
from unisono.stores.sql.options import StoreOptions
from unisono.stores.sql.policy import PolicyStatements, SqlPolicies
from unisono.stores.sql.push_targets import SqlPushTargets
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.requests import RequestStatements, SqlRequests
from unisono.stores.sql.search import SqlSearch
from unisono.stores.sql.seats import SqlSeats
from unisono.stores.sql.session_statements import SessionStatements
from unisono.stores.sql.sessions import SqlSessions
from unisono.stores.sql.sqlite import SqliteDriver
from unisono.stores.sql.statements import Statements
from unisono.stores.sql.threads import SqlThreads
from unisono.stores.sql.traces import SqlTraces
from unisono.stores.sql.wills import SqlWills
from unisono.stores.sql.writer import Writer


class Store:
    """One app's log and all ports beside it. Belongs to the event loop that opened it."""

    def __init__(self, driver: Driver, committer: Committer, writer: Writer, readers: Readers, clock: Clock) -> None:
        self._driver = driver
        self._committer = committer
        self._writer = writer
        self._readers = readers
        statements = committer.statements
        requests = made_for(driver.dialect, RequestStatements)
        self.log = SqlLog(driver, statements, requests, writer=writer, readers=readers)
        self.requests = SqlRequests(requests, writer)
        self.directory = SqlDirectory(driver.dialect, statements, readers)
        self.search = SqlSearch(driver.dialect, statements, committer.words, self.log, writer=writer, readers=readers)
        self.contacts = SqlContacts(statements.contacts, readers)
        self.threads = SqlThreads(statements, writer=writer, readers=readers)
        self.traces = SqlTraces(driver.dialect, statements, readers)
        self.erasures = SqlErasures(driver.dialect, writer=writer, readers=readers)
        self.claims = SqlClaims(driver.dialect, writer=writer)
        self.calls = SqlCalls(driver.dialect, writer=writer, readers=readers, clock=clock)
        self.files = SqlFiles(driver.dialect, writer=writer, readers=readers)
        sql = made_for(driver.dialect, SessionStatements)
        policy = made_for(driver.dialect, PolicyStatements)
        self.policies = SqlPolicies(policy, writer=writer, readers=readers)
        self.sessions = SqlSessions(sql, policy, writer=writer, readers=readers, clock=clock)
        self.seats = SqlSeats(driver.dialect, sql, writer=writer, readers=readers)
        self.wills = SqlWills(driver.dialect, sql, writer=writer, readers=readers, clock=clock)
        self.push_targets = SqlPushTargets(driver.dialect, sql, writer=writer, readers=readers)
        self.kept_events = SqlKeptEvents(sql.kept, writer=writer, readers=readers)
        self.due_pushes = SqlDuePushes(driver, statements, writer=writer, readers=readers)

    @property
    def waiting(self) -> int:
        """Give how many transactions wait for the writer."""
        return self._writer.waiting

    @property
    def batches(self) -> int:
        """Give how many batches were carried out."""
        return self._writer.batches

    async def healthy(self) -> bool:
        """Say if the store can write and read now, within its deadline."""
        try:
            await self._writer.do(_Probe())
            await self._readers.read(lambda connection: connection.query("SELECT 1"))
        except UnisonoError:
            return False
        return True

    async def close(self) -> None:
        """Finish the batch at hand and the reads asked for, refuse what waits, and let the database go."""
        await self._writer.close()
        await self._readers.close()
        # Last: of SQLite's connections only one that can write, and is the last, puts the log file into the main one.
        await asyncio.to_thread(self._committer.close)
        self._driver.close()


class _Probe:
    """Work that changes nothing."""

    def name_streams(self, ahead: Foresight) -> None:
        pass

    def name_details(self, book: Book, ahead: Foresight) -> None:
        pass

    def run(self, book: Book) -> None:
        del book


async def open_store(options: StoreOptions, clock: Clock) -> Store:
    """Open an app's database, made or brought up to date where needed.

    Raises:
        Unavailable: It cannot be reached, another server uses it, or a newer version has written it.
    """
    closing = threading.Event()
    driver, committer = await asyncio.to_thread(_prepare, options, clock, closing)
    writer = Writer(
        committer,
        closing,
        batch_max=options.batch_max,
        queue_max=options.queue_max,
        deadline_s=options.deadline_s,
    )
    readers = Readers(driver, count=options.readers, deadline_s=options.deadline_s)
    writer.start()
    readers.start()
    return Store(driver, committer, writer, readers, clock)


def begin_anew(options: StoreOptions, clock: Clock) -> Epoch:
    """Say that an older copy was put back, where the store cannot know it; give the epoch that holds from now on.

    Blocks. All clients start over. In PostgreSQL nodes may run: they end their links within a third of a lease.

    Raises:
        Unavailable: It cannot be reached, another server uses the file, or a newer version has written it.
    """
    with _opened_driver(options, clock) as driver:
        connection = driver.connect_writer()
        try:
            driver.settle(connection, clock.now())
            epoch = driver.begin_anew(connection, clock.now())
        finally:
            connection.close()
    driver.close()
    return epoch


def _prepare(options: StoreOptions, clock: Clock, closing: threading.Event) -> tuple[Driver, Committer]:
    with _opened_driver(options, clock) as driver:
        committer = Committer(driver, made_for(driver.dialect, Statements), clock, closing)
        committer.open()
    return driver, committer


@contextmanager
def _opened_driver(options: StoreOptions, clock: Clock) -> Iterator[Driver]:
    """Lend a driver of a schema that is up to date; if anything fails inside, its lock is given up."""
    driver = _driver_of(options, clock)
    try:
        driver.prepare()
        migrate(driver)
        yield driver
    except Exception as problem:  # whatever it is, the lock must be given up
        verdict = driver.judge(problem)
        driver.close()
        if verdict is None:
            raise
        # Not `from problem`: who prints the chain would print the address with the password.
        raise Unavailable(part="store", reason=driver.explain(problem)) from None


def _driver_of(options: StoreOptions, clock: Clock) -> Driver:
    if options.url is None:
        return SqliteDriver(options, clock)
    # The PostgreSQL driver is an extra: who keeps a file does not have to install it.
    from unisono.stores.sql.postgres import PostgresDriver  # noqa: PLC0415  (the driver is an extra)

    return PostgresDriver(options)
