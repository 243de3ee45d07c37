"""All connections of a node: watched for silence, and ended in good order when the node stops."""

import asyncio
from collections.abc import Callable, Iterator

from unisono.domain.errors import UnisonoError
from unisono.gateways.hosting.connection import Connection


class Registry:
    """Every open connection, of every door."""

    def __init__(self) -> None:
        self._connections: set[Connection] = set()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self._ending: Callable[[], UnisonoError] | None = None

    def __len__(self) -> int:
        return len(self._connections)

    def queued_bytes(self) -> int:
        """Give how much waits for all connections together."""
        return sum(connection.queued_bytes() for connection in self._connections)

    def __iter__(self) -> Iterator[Connection]:
        return iter(tuple(self._connections))

    def add(self, connection: Connection) -> None:
        """Watch a connection."""
        self._connections.add(connection)
        self._emptied.clear()
        if self._ending is not None:
            connection.finish(self._ending())

    def discard(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        self._connections.discard(connection)
        if not self._connections:
            self._emptied.set()

    async def watch(self, heartbeat_s: int) -> None:
        """End connections that stay silent for two heartbeats, until cancelled."""
        while True:
            await asyncio.sleep(heartbeat_s / 4)
            for connection in self:
                connection.end_if_silent(2 * heartbeat_s)

    async def end_all(self, fault: Callable[[], UnisonoError], deadline_s: float) -> int:
        """End every connection, answers under way first, and wait for it; give how many were not closed in time.

        One that was let in already and comes only now is ended, too.
        """
        self._ending = fault
        for connection in self:
            connection.finish(fault())
        try:
            async with asyncio.timeout(deadline_s):
                await self._emptied.wait()
        except TimeoutError:
            return len(self)
        return 0
