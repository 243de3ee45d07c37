"""Removing what the operator does not want kept any longer."""

from functools import partial
from typing import Final

from unisono.app.filing import Filing
from unisono.app.parts import Parts
from unisono.app.turns import in_turns
from unisono.domain.ids import Instant
from unisono.domain.retention import Retention, agreed_time, kept_since

FACTS_PER_TURN: Final = 250
"""Facts removed at once: some milliseconds in which nothing is placed."""


class Trimming:
    """Removes it. Two nodes that do it at the same time remove everything once.

    What is removed is gone for good and for all, so no clock is believed alone: neither that of this machine, nor that
    of the database, nor any right after a start, when a machine may not know yet what time it is.
    """

    def __init__(self, parts: Parts, retention: Retention, filing: Filing) -> None:
        self._parts = parts
        self._filing = filing
        self._retention = retention
        self._begins_s = parts.clock.monotonic_s() + retention.wait_s
        self._is_sure = True

    async def sweep(self) -> None:
        """Remove what is too old by now, kind by kind.

        Raises:
            UnisonoError: The store is away, or too busy; what is left is removed at a later turn.
        """
        clock, by_kind = self._parts.clock, self._retention.by_kind()
        files_days = self._retention.files_days
        if not (by_kind or files_days) or clock.monotonic_s() < self._begins_s:
            return
        now = await self._now()
        if now is None:
            return
        for of, days in by_kind.items():
            await in_turns(clock, partial(self._parts.log.trim, of, kept_since(days, now), FACTS_PER_TURN))
        if files_days is not None:
            await self._filing.trim(kept_since(files_days, now))

    async def _now(self) -> Instant | None:
        """Give the time that both clocks agree about, or say once that they do not."""
        shared, own = await self._parts.log.now(), self._parts.clock.now()
        now = agreed_time(own, shared)
        if now is None and self._is_sure:
            self._parts.telemetry.fault("clocks_differ", part="retention", ahead_s=(own - shared) // 1000)
        self._is_sure = now is not None
        return now
