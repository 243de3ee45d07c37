"""One batch: load what it needs, decide each of its works in order, write, commit."""

import threading
from collections.abc import Sequence
from typing import Final

from unisono.domain.errors import Invalid, Unavailable, UnisonoError
from unisono.domain.ids import FIRST_EPOCH, Checkpoint
from unisono.ports.clock import Clock
from unisono.stores.sql.book import Book
from unisono.stores.sql.driver import Connection, Driver, Verdict
from unisono.stores.sql.entries import read_epoch
from unisono.stores.sql.foresight import Foresight, lock_policy, lock_sessions
from unisono.stores.sql.statements import Statements
from unisono.stores.sql.transaction import Work
from unisono.stores.sql.words import words_of_dialect

REPEATS_MAX: Final = 20
"""How often a batch is run again because another writer came first."""
PAUSE_FIRST_S: Final = 0.001
PAUSE_MAX_S: Final = 0.1


class Committer:
    """Carries out batches on a connection of its own. One thread uses it."""

    def __init__(self, driver: Driver, statements: Statements, clock: Clock, closing: threading.Event) -> None:
        self._driver = driver
        self._clock = clock
        self._closing = closing
        self.statements = statements
        self.words = words_of_dialect(driver.dialect.name)
        self._book = Book(statements, self.words, is_kept=driver.is_sole_writer)
        self._connection: Connection | None = None
        self._is_committing = False
        self.epoch = FIRST_EPOCH
        self.reached = Checkpoint(0)
        """The highest position committed here: the checkpoint, where nobody else writes."""

    def open(self) -> None:
        """Connect, so that a store that cannot write does not open."""
        self.reached = Checkpoint(self._connected().query(self._driver.checkpoint_text)[0][0])

    def close(self) -> None:
        """Give up the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def commit(self, works: Sequence[Work]) -> list[object]:
        """Give the result of each work, or the exception that it failed with.

        What the database refuses is found by halving the batch, so that the others do not suffer from it.
        """
        for repeat in range(REPEATS_MAX):
            try:
                return self._attempt(works)
            except Exception as problem:  # noqa: BLE001 -- whatever it is, it must reach those who wait
                failure = problem
            match self._undo(failure):
                case Verdict.REPEAT:
                    self._closing.wait(min(PAUSE_FIRST_S * 2**repeat, PAUSE_MAX_S))
                case Verdict.BROKEN:
                    # Before the commit nothing is in doubt: the database may have restarted since the last batch.
                    if self._is_committing or repeat:
                        break
                case verdict:
                    return self._divide(works, failure, verdict)
        return [Unavailable(part="store") for _ in works]

    def _attempt(self, works: Sequence[Work]) -> list[object]:
        self._is_committing = False
        connection = self._connected()
        book = self._book
        connection.begin()
        book.begin(connection, self._clock.now())
        ahead = Foresight()
        for work in works:
            work.name_streams(ahead)
        if not self._driver.is_sole_writer:
            lock_policy(connection, ahead)
        book.foresee_streams(ahead)
        if not self._driver.is_sole_writer:
            lock_sessions(connection, self.statements, ahead)
        for work in works:
            work.name_details(book, ahead)
        book.foresee_details(ahead)
        book.ties.foresee(connection, ahead)
        results = [_outcome(work, book) for work in works]
        book.flush()
        self._is_committing = True
        connection.commit()
        book.settle()
        self.reached = Checkpoint(max(self.reached, book.reached))
        return results

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = self._driver.connect_writer()
            try:
                # Behind a name there may be another server by now, with less than the one before it.
                self._driver.settle(connection, self._clock.now())
                self.epoch = read_epoch(connection, self.statements)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _undo(self, failure: Exception) -> Verdict | None:
        self._book.abandon()
        verdict = self._driver.judge(failure)
        if self._connection is not None:
            self._connection.rollback()
        if verdict is Verdict.BROKEN:
            self.close()
        return verdict

    def _divide(self, works: Sequence[Work], failure: Exception, verdict: Verdict | None) -> list[object]:
        if len(works) == 1:
            return [Invalid(reason="the database cannot keep this") if verdict is Verdict.REFUSED else failure]
        half = len(works) // 2
        return self.commit(works[:half]) + self.commit(works[half:])


def _outcome(work: Work, book: Book) -> object:
    try:
        return work.run(book)
    except UnisonoError as fault:
        return fault
