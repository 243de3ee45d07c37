"""A few threads that read, each on a connection of its own."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from typing import Any, Final, NamedTuple, TypeVar

from unisono.domain.errors import Draining, Invalid, Overloaded, Unavailable, UnisonoError
from unisono.domain.ids import UserId
from unisono.stores.sql.driver import Connection, Driver, Verdict

Result = TypeVar("Result")
Read = Callable[[Connection], Result]

WAITING_MAX: Final = 10_000
RETRY_AFTER_MS: Final = 200


class Job(NamedTuple):
    """A read and the future of who waits for it."""

    read: Callable[[Connection], object]
    waiter: "asyncio.Future[Any]"
    when_over: Callable[[], None] | None = None
    """Called in the loop once no thread works on it any more, however long after the one who asked gave up."""


class Turn:
    """Slow reads of one user: how many are asked for, and the leave for one of them."""

    __slots__ = ("asking", "permit")

    def __init__(self) -> None:
        self.asking = 0
        self.permit = asyncio.Semaphore(1)


class Readers:
    """Runs reads off the event loop."""

    def __init__(self, driver: Driver, *, count: int, deadline_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._driver = driver
        self._deadline_s = deadline_s
        self._queue: SimpleQueue[Job | None] = SimpleQueue()  # bounded by WAITING_MAX
        self._waiting = 0
        self._slow_at_once = max(1, count // 2)
        self._slow = asyncio.Semaphore(self._slow_at_once)
        self._turns: dict[UserId, Turn] = {}
        self._is_closing = False
        self._threads: Final = [
            threading.Thread(target=self._run, name=f"unisono-reader-{number}", daemon=True) for number in range(count)
        ]
        self._ended = [self._loop.create_future() for _ in self._threads]

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    async def read(self, read: Read[Result], when_over: Callable[[], None] | None = None) -> Result:
        """Run a read on a thread and give what it gave.

        Raises:
            Overloaded: Too many reads wait.
            Unavailable: The database does not answer.
            Draining: The store is being closed.
        """
        try:
            self._check_open()
        except UnisonoError:
            if when_over is not None:
                when_over()
            raise
        waiter: asyncio.Future[Result] = self._loop.create_future()
        self._waiting += 1
        self._queue.put(Job(read, waiter, when_over))
        try:
            async with asyncio.timeout(self._deadline_s):
                return await waiter
        except TimeoutError:
            raise Unavailable(part="store", waited_ms=int(self._deadline_s * 1000)) from None

    def _check_open(self) -> None:
        if self._is_closing:
            raise Draining()
        if self._waiting >= WAITING_MAX:
            raise Overloaded(what="reads", limit=WAITING_MAX, retry_after_ms=RETRY_AFTER_MS)

    async def read_at_one_moment(self, read: Read[Result], when_over: Callable[[], None] | None = None) -> Result:
        """Run a read whose statements all see the same moment."""

        def at_one_moment(connection: Connection) -> Result:
            connection.begin_reading()
            try:
                return read(connection)
            finally:
                connection.rollback()

        return await self.read(at_one_moment, when_over)

    async def read_slowly(self, read: Read[Result], user: UserId) -> Result:
        """Run a read that may take long, at one moment: half of the threads are left to the others.

        A user has one of these at a time; the next waits for it, and so takes nobody else's turn.

        Raises:
            Overloaded: Too many of these wait.
        """
        turn = self._turns.setdefault(user, Turn())
        turn.asking += 1
        with ExitStack() as stack:
            stack.callback(self._leave, user, turn)
            try:
                async with asyncio.timeout(self._deadline_s):
                    for permit in (turn.permit, self._slow):
                        await permit.acquire()
                        stack.callback(permit.release)
            except TimeoutError:
                raise Overloaded(what="slow reads", limit=self._slow_at_once, retry_after_ms=RETRY_AFTER_MS) from None
            held = stack.pop_all()
        return await self.read_at_one_moment(read, held.close)

    def _leave(self, user: UserId, turn: "Turn") -> None:
        turn.asking -= 1
        if turn.asking == 0:
            del self._turns[user]

    async def close(self) -> None:
        """Finish what was asked for, then end the threads."""
        self._is_closing = True
        for _ in self._threads:
            self._queue.put(None)
        await asyncio.gather(*self._ended)

    def _deliver(self, job: Job, result: object) -> None:
        self._waiting -= 1
        if job.when_over is not None:
            job.when_over()
        waiter = job.waiter
        if waiter.done():
            return
        if isinstance(result, Exception):
            waiter.set_exception(result)
        else:
            waiter.set_result(result)

    def _note_end(self) -> None:
        next(ended for ended in self._ended if not ended.done()).set_result(None)

    # ------------------------------------------------------------ on the threads

    def _run(self) -> None:
        connection: Connection | None = None
        while (job := self._queue.get()) is not None:
            result: object = None
            if not job.waiter.cancelled():
                connection, result = self._attempt(connection, job)
            self._report(self._deliver, job, result)
        if connection is not None:
            connection.close()
        self._report(self._note_end)

    def _attempt(self, connection: Connection | None, job: Job) -> tuple[Connection | None, object]:
        """Read; once more on a new connection when the old one turns out to be dead. A read may be repeated."""
        was_open = connection is not None
        try:
            connection = connection or self._driver.connect_reader()
            return connection, job.read(connection)
        except Exception as problem:  # noqa: BLE001 -- whatever it is, it must reach the one who waits
            failure = problem
        verdict = self._driver.judge(failure)
        if verdict is None:
            return connection, failure
        if verdict is Verdict.REFUSED:
            return connection, Invalid(reason="the database cannot compare with this")
        if connection is not None:
            connection.close()
        return self._attempt(None, job) if was_open else (None, Unavailable(part="store"))

    def _report(self, function: Callable[..., None], *arguments: object) -> None:
        # The loop is gone when a program ends without closing its store.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)
