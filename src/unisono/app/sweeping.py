"""Sweeping the log, and knowing how long the checkpoint has stood still."""

from unisono.app.fanout import Fanout
from unisono.ports.clock import Clock
from unisono.ports.log import Log


class Sweeping:
    """Sweeps. An open transaction anywhere, a stream that cannot be read or a store that is away stop the checkpoint.

    Nothing is lost then, but each sweep and each client that comes back reads again what lies beyond it.
    """

    def __init__(self, log: Log, fanout: Fanout, clock: Clock) -> None:
        self._log = log
        self._fanout = fanout
        self._clock = clock
        self._reached = fanout.checkpoint
        self._moved_s = clock.monotonic_s()

    async def sweep(self) -> None:
        """Deliver what no hint told of, then look if the checkpoint moved.

        Raises:
            Unavailable: The store is away; the checkpoint stays.
        """
        await self._fanout.sweep()
        checkpoint = self._fanout.checkpoint
        if checkpoint != self._reached or not (await self._log.moved_in_app(checkpoint, 1)).streams:
            self._reached, self._moved_s = checkpoint, self._clock.monotonic_s()

    def lag_s(self) -> float:
        """Give how long ago the checkpoint last moved, or had nothing beyond it; below two sweeps when all is well."""
        return self._clock.monotonic_s() - self._moved_s
