"""Time as the client sees it, so that tests need not wait."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Where waiting is done."""

    def monotonic_s(self) -> float:
        """Give seconds from some beginning; never goes back."""

    def now_ms(self) -> int:
        """Give the time of day, in milliseconds since 1970-01-01 UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""

    def deadline(self, seconds: float) -> asyncio.Timeout:
        """Give an asynchronous context that is left with `TimeoutError` when it takes longer."""


class SystemClock:
    """The machine's time."""

    def monotonic_s(self) -> float:
        """Give seconds from some beginning."""
        return time.monotonic()

    def now_ms(self) -> int:
        """Give the time of day."""
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def deadline(self, seconds: float) -> asyncio.Timeout:
        """Give a context with a deadline."""
        return asyncio.timeout(seconds)
