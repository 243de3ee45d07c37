"""Large chores in small turns."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from unisono.ports.clock import Clock

REST_SHARE: Final = 4.0
"""For so many times as long as a turn took the next one waits: whoever sends comes first."""


async def in_turns(clock: Clock, turn: Callable[[], Awaitable[bool]]) -> None:
    """Take turns, with rests between them, until one says that there is nothing more to do."""
    while True:
        began_s = clock.monotonic_s()
        if not await turn():
            return
        await asyncio.sleep((clock.monotonic_s() - began_s) * REST_SHARE)
