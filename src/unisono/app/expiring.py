"""Ending conversations whose time is up, and letting go who subscribed to one that the operator has ended."""

from typing import Final

from unisono.app.parts import Parts
from unisono.app.turns import in_turns
from unisono.domain.conversation import Scope
from unisono.domain.finishing import expire
from unisono.domain.ids import ConversationId

EXPIRED_PER_TURN: Final = 100
EXITS_PER_TURN: Final = 250
"""Subscribers who leave at once: some milliseconds in which nothing else is placed."""


class Expiring:
    """Ends them. Nobody can do anything in them from the moment itself on; the fact that says so comes a turn later."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def sweep(self) -> None:
        """End those whose time is up, the longest overdue first.

        Nodes that do it at the same time end each once. Whatever stops it, the next sweep goes on from there.

        Raises:
            UnisonoError: The store is away, or too busy; those that are left are ended at a later turn.
        """
        await in_turns(self._parts.clock, self._take_turn)

    async def _take_turn(self) -> bool:
        """End some, and of those with any number of subscribers let some of them go; say if more are left."""
        found = await self._parts.directory.expired(self._parts.clock.now(), EXPIRED_PER_TURN)
        counts = [await self._end(conversation) for conversation in found]
        return len(found) == EXPIRED_PER_TURN or any(count == EXITS_PER_TURN for count in counts)

    async def _end(self, conversation: ConversationId) -> int:
        """End one; give how many of its members were looked at."""
        parts = self._parts
        found = await parts.directory.members(
            conversation, "members", after=None, limit=EXITS_PER_TURN, now=parts.clock.now()
        )
        scope = Scope(conversation=conversation, users=tuple(member.user for member in found), all_members=True)
        committed = await parts.log.transact(scope, expire)
        parts.bus.publish_nowait(committed.facts)
        parts.telemetry.count("facts_placed", len(committed.facts))
        return len(found)
