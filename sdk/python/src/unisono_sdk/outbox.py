"""Sends in order: for each conversation one at a time, however long the link is away."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from unisono_sdk.errors import OutboxFull


class Outbox:
    """Turns. A send that is put off or repeated keeps its turn, so no later one of its conversation passes it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._count = 0
        self._lanes: dict[str, deque[asyncio.Future[None]]] = {}

    def __len__(self) -> int:
        """Count the sends that are not answered yet."""
        return self._count

    @asynccontextmanager
    async def turn(self, lane: str) -> AsyncIterator[None]:
        """Wait for the turn in a lane, and keep it inside. Cancelling gives it up.

        Raises:
            OutboxFull: Too many wait already.
        """
        if self._count >= self._limit:
            raise OutboxFull(f"{self._count} sends wait for the link", numbers={"limit": self._limit})
        queue = self._lanes.setdefault(lane, deque())
        ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(ticket)
        self._count += 1
        self._call_first(queue)
        try:
            await ticket
            yield
        finally:
            self._count -= 1
            queue.remove(ticket)
            self._call_first(queue)
            if not queue:
                self._lanes.pop(lane, None)

    def _call_first(self, queue: deque[asyncio.Future[None]]) -> None:
        if queue and not queue[0].done():
            queue[0].set_result(None)
