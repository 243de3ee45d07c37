"""The one thread that writes. Transactions that wait share a batch: one of the database's, one sync to disk.

The event loop hands over at once what one of its turns asked for, and gets back at once what a batch brought, so that a
message pays for no switch of threads of its own.
"""

import asyncio
import threading
from collections import deque
from contextlib import suppress
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Final, NamedTuple

from unisono.domain.errors import Draining, Overloaded, Unavailable
from unisono.domain.ids import Checkpoint, Epoch
from unisono.stores.sql.batches import Committer
from unisono.stores.sql.transaction import Work

RETRY_AFTER_MS: Final = 200


class Item(NamedTuple):
    """Work and the future of who waits for it."""

    work: Work
    waiter: "asyncio.Future[object]"


class Writer:
    """Takes work on one event loop and has it done, in the order it was given, by a thread."""

    def __init__(
        self, committer: Committer, closing: threading.Event, *, batch_max: int, queue_max: int, deadline_s: float
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._committer = committer
        self._closing = closing
        self._batch_max = batch_max
        self._queue_max = queue_max
        self._deadline_s = deadline_s
        self._gathered: list[Item] = []
        self._queue: SimpleQueue[list[Item]] = SimpleQueue()  # bounded by queue_max
        self._due: deque[tuple[float, asyncio.Future[object]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._ended = self._loop.create_future()
        self.waiting = 0
        """Works not yet answered for."""
        self.batches = 0
        self._thread: Final = threading.Thread(target=self._run, name="unisono-writer", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    @property
    def reached(self) -> Checkpoint:
        """Give the highest position committed here."""
        return self._committer.reached

    @property
    def epoch(self) -> Epoch:
        """Give the epoch of the app, as of the last connecting."""
        return self._committer.epoch

    def do(self, work: Work) -> "asyncio.Future[object]":
        """Have work done, and give its result once it is durable. Cancelling the wait does not undo it.

        Raises:
            Overloaded: Too much waits.
            Unavailable: The database does not answer; whether it was done is not known.
            Draining: The store is being closed.
            UnisonoError: What the work raised; it left no trace.
        """
        loop = self._loop
        waiter: asyncio.Future[object] = loop.create_future()
        if self._closing.is_set():
            waiter.set_exception(Draining())
            return waiter
        if self.waiting >= self._queue_max:
            limit = self._queue_max
            waiter.set_exception(Overloaded(what="transactions", limit=limit, retry_after_ms=RETRY_AFTER_MS))
            return waiter
        if not self._gathered:
            loop.call_soon(self._hand_over)
        self._gathered.append(Item(work, waiter))
        self.waiting += 1
        due = loop.time() + self._deadline_s
        self._due.append((due, waiter))
        if self._timer is None:
            self._timer = loop.call_at(due, self._give_up)
        return waiter

    async def close(self) -> None:
        """Finish the batch at hand, refuse what waits behind it, end the thread."""
        self._closing.set()
        self._hand_over()
        await self._ended
        if self._timer is not None:
            self._timer.cancel()

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._queue.put(gathered)

    def _give_up(self) -> None:
        """Tell those who waited too long. Everybody waits equally long, so the oldest is always first."""
        now, due = self._loop.time(), self._due
        self._timer = None
        while due and (due[0][1].done() or due[0][0] <= now):
            _, waiter = due.popleft()
            if not waiter.done():
                waiter.set_exception(Unavailable(part="store", waited_ms=int(self._deadline_s * 1000)))
        if due:
            self._timer = self._loop.call_at(due[0][0], self._give_up)

    def _deliver(self, items: list[Item], results: list[object]) -> None:
        self.waiting -= len(items)
        self.batches += 1
        for (_, waiter), result in zip(items, results, strict=True):
            if waiter.done():
                continue
            if isinstance(result, Exception):
                waiter.set_exception(result)
            else:
                waiter.set_result(result)
        due = self._due
        while due and due[0][1].done():
            due.popleft()

    # ------------------------------------------------------------ on the thread

    def _run(self) -> None:
        backlog: deque[Item] = deque()
        while not self._closing.is_set():
            self._fill(backlog)
            items = list(islice(backlog, self._batch_max))
            for _ in items:
                backlog.popleft()
            if items and not self._closing.is_set():
                self._reply(items, self._committer.commit([item.work for item in items]))
            else:
                backlog.extendleft(reversed(items))
        self._refuse(backlog)
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._note_end)

    def _fill(self, backlog: deque[Item]) -> None:
        """Take all that was handed over; wait for it if nothing is left to do."""
        if not backlog:
            backlog.extend(self._queue.get())
        with suppress(Empty):
            while True:
                backlog.extend(self._queue.get_nowait())

    def _refuse(self, backlog: deque[Item]) -> None:
        with suppress(Empty):
            while True:
                backlog.extend(self._queue.get_nowait())
        items = list(backlog)
        self._reply(items, [Draining() for _ in items])

    def _reply(self, items: list[Item], results: list[object]) -> None:
        # The loop is gone when a program ends without closing its store.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._deliver, items, results)

    def _note_end(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)
