"""Ending conversations whose time is up."""

from typing import Final

from unisono.app.parts import Parts
from unisono.domain.conversation import Scope
from unisono.domain.finishing import expire

EXPIRED_PER_TURN: Final = 100


class Expiring:
    """Ends them. Nobody can do anything in them from the moment itself on; the fact that says so comes a turn later."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def sweep(self) -> None:
        """End some of those whose time is up, the longest overdue first.

        Two nodes that do it at the same time end each once.

        Raises:
            UnisonoError: The store is away, or too busy; those that are left are ended at a later turn.
        """
        parts = self._parts
        for conversation in await parts.directory.expired(parts.clock.now(), EXPIRED_PER_TURN):
            committed = await parts.log.transact(Scope(conversation=conversation, all_members=True), expire)
            parts.bus.publish_nowait(committed.facts)
            parts.telemetry.count("facts_placed", len(committed.facts))
