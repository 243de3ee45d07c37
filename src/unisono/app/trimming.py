"""Removing what the operator does not want kept any longer."""

from functools import partial
from typing import Final

from unisono.app.parts import Parts
from unisono.app.turns import in_turns
from unisono.domain.retention import Retention, kept_since

FACTS_PER_TURN: Final = 250
"""Facts removed at once: some milliseconds in which nothing is placed."""


class Trimming:
    """Removes it. Two nodes that do it at the same time remove everything once."""

    def __init__(self, parts: Parts, retention: Retention) -> None:
        self._parts = parts
        self._retention = retention

    async def sweep(self) -> None:
        """Remove what is too old by now, kind by kind.

        Raises:
            UnisonoError: The store is away, or too busy; what is left is removed at a later turn.
        """
        clock, log = self._parts.clock, self._parts.log
        for of, days in self._retention.by_kind().items():
            await in_turns(clock, partial(log.trim, of, kept_since(days, clock.now()), FACTS_PER_TURN))
