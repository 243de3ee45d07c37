"""What waits for a client that fetches: numbered batches, each kept until the next one is asked for."""

import asyncio
from collections import deque
from typing import Final

from unisono.domain.errors import Invalid
from unisono.wire.longpoll import Batch, Goodbye, array

NOTHING: Final = array(())


class Mailbox:
    """Stands for the transport of a connection that has none. Implements `hosting.outbox.Sink`.

    What was not confirmed counts as unread: it is given again, and takes its room in the outbox.
    """

    __slots__ = ("_bytes", "_closing", "_held", "_held_bytes", "_limit_bytes", "_number", "_pieces", "_poll", "_waiter")

    def __init__(self, limit_bytes: int) -> None:
        """Begin empty. A batch ends with the piece that reaches `limit_bytes`."""
        self._limit_bytes = limit_bytes
        self._pieces: deque[bytes] = deque()
        self._bytes = 0
        self._number = 0
        self._held: Batch | None = None
        self._held_bytes = 0
        self._closing: Goodbye | None = None
        self._poll = 0
        self._waiter: asyncio.Future[None] | None = None

    def write(self, data: bytes) -> None:
        """Take frames, joined as `wire.longpoll.piece` made them."""
        if self._closing is None:
            self._pieces.append(data)
            self._bytes += len(data)
            self._wake()

    def is_closing(self) -> bool:
        """Say if the last frame was written."""
        return self._closing is not None

    def get_write_buffer_size(self) -> int:
        """Give how many bytes the client has not confirmed."""
        return self._bytes + self._held_bytes

    def close(self, goodbye: Goodbye) -> None:
        """Take nothing more: what waits is the last of it."""
        if self._closing is None:
            self._closing = goodbye
            self._wake()

    @property
    def number(self) -> int:
        """Give the number of the last batch that was given; 0 before the first."""
        return self._number

    async def next_batch(self, after: int, wait_s: float) -> Batch:
        """Give the batch after one, and wait for it; one without frames when none came, or another poll did.

        Cancelled, it leaves everything as it was.

        Raises:
            Invalid: The client cannot have that batch, or had confirmed a later one.
        """
        self._poll += 1
        poll = self._poll
        self._wake()
        if self._held is not None and after == self._number - 1:
            return self._held
        if after != self._number:
            raise Invalid(field="after", last=self._number)
        self._held, self._held_bytes = None, 0
        if not self._has_something():
            await self._wait(wait_s)
        # Another one may have come while this one was about to go on.
        return self._take() if poll == self._poll else Batch(after, NOTHING)

    def _has_something(self) -> bool:
        return bool(self._pieces) or self._closing is not None

    async def _wait(self, wait_s: float) -> None:
        self._waiter = waiter = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(wait_s):
                await waiter
        except TimeoutError:
            pass

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _take(self) -> Batch:
        if not self._has_something():
            return Batch(self._number, NOTHING)
        taken: list[bytes] = []
        size = 0
        while self._pieces and size < self._limit_bytes:
            taken.append(self._pieces.popleft())
            size += len(taken[-1])
        self._bytes -= size
        self._number += 1
        self._held_bytes = size
        self._held = Batch(self._number, array(taken), None if self._pieces else self._closing)
        return self._held
