"""How late the event loop is: the first thing to look at when a server feels slow."""

import asyncio
from typing import Final

from unisono.ports.clock import Clock
from unisono.ports.telemetry import Telemetry

PAUSE_S: Final = 0.5
WARN_S: Final = 0.25
"""A loop that lags this much is reported: nobody should wait longer for anything that is ready."""


class LoopLag:
    """Measures the lag, in a task the server starts."""

    def __init__(self, clock: Clock, telemetry: Telemetry) -> None:
        """Begin at zero."""
        self._clock: Final = clock
        self._telemetry: Final = telemetry
        self._last_s = 0.0

    @property
    def seconds(self) -> float:
        """Lag at the last check."""
        return self._last_s

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            before_s = self._clock.monotonic_s()
            await asyncio.sleep(PAUSE_S)
            self.note(self._clock.monotonic_s() - before_s - PAUSE_S)

    def note(self, lag_s: float) -> None:
        """Take in one measurement."""
        self._last_s = max(0.0, lag_s)
        self._telemetry.gauge("loop_lag", self._last_s)
        if self._last_s >= WARN_S:
            self._telemetry.fault("loop_lagged", lag_s=round(self._last_s, 3))
