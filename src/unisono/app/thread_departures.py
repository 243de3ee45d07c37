"""Noting in threads that a user left the group, or that the group is over.

In the group it holds at once for its threads, too: what anybody does or reads there is decided over what they are in
the group. That they left, or that the thread ended, is noted in each thread a moment later; a node that dies in between
leaves it to the next turn of any node.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final

from unisono.app.parts import Parts
from unisono.app.turns import in_turns
from unisono.domain.conversation import Scope
from unisono.domain.errors import UnisonoError
from unisono.domain.facts import ConversationEnded, MembersLeft, PlacedFact
from unisono.domain.ids import ConversationId
from unisono.domain.threads import follow_end, follow_out
from unisono.ports.threads import Departure

DEPARTURES_PER_TURN: Final = 50
THREADS_PER_TURN: Final = 100


class ThreadDepartures:
    """Notes them, for one app on one node."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stirred = asyncio.Event()

    def stir(self, facts: Sequence[PlacedFact]) -> None:
        """Look soon, if somebody left somewhere or something ended."""
        if any(isinstance(placed.fact, MembersLeft | ConversationEnded) for placed in facts):
            self._stirred.set()

    async def run(self) -> None:
        """Note at once what happened on this node, until cancelled."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            try:
                await self.sweep()
            except UnisonoError as fault:
                self._parts.telemetry.fault("thread_departures_failed", code=fault.code)

    async def sweep(self) -> None:
        """Note all that has not been noted. Nodes that do it at the same time note each once.

        Raises:
            UnisonoError: The store is away, or too busy; what is left is noted at a later turn.
        """
        await in_turns(self._parts.clock, self._take_turn)

    async def _take_turn(self) -> bool:
        departures = await self._parts.threads.departures(DEPARTURES_PER_TURN)
        done = [departure.number for departure in departures if await self._note(departure)]
        if done:
            await self._parts.threads.settle(done)
        return len(departures) == DEPARTURES_PER_TURN or len(done) < len(departures)

    async def _note(self, departure: Departure) -> bool:
        """Note one in some threads; say if there are no more."""
        concerned = await self._parts.threads.concerned(departure, THREADS_PER_TURN)
        for thread in concerned:
            await self._note_in(thread, departure)
        return len(concerned) < THREADS_PER_TURN

    async def _note_in(self, thread: ConversationId, departure: Departure) -> None:
        parts, user = self._parts, departure.user
        scope = Scope(conversation=thread, users=() if user is None else (user,), all_members=user is None)
        decide = follow_end if user is None else partial(follow_out, user=user)
        committed = await parts.log.transact(scope, decide)
        parts.bus.publish_nowait(committed.facts)
        parts.telemetry.count("facts_placed", len(committed.facts))
