"""The search port in memory: nothing is found before it was taken into the index, as in the others."""

from collections.abc import Iterator, Sequence
from typing import Final

from unisono.domain.answers import FoundMessage
from unisono.domain.facts import MessagePlaced, PlacedFact
from unisono.domain.ids import (
    START,
    ConversationId,
    NodeId,
    Seq,
    StreamKey,
    UserId,
    conversation_of,
    conversation_stream,
)
from unisono.domain.revisions import message_until
from unisono.domain.words import words_of
from unisono.ports.search import Spot
from unisono.stores.memory.records import Duty
from unisono.stores.memory.sessions import MemorySessions
from unisono.stores.memory.state import State

DUTY: Final = "search"


class MemorySearch:
    """Implements `ports.search.Search`."""

    def __init__(self, state: State, sessions: MemorySessions) -> None:
        self._state = state
        self._sessions = sessions
        self._indexed: dict[StreamKey, int] = {}

    async def index(self, node: NodeId, limit: int) -> bool:
        """Take messages into the index, if nobody else does."""
        self._state.check_open()
        held = self._state.duties.get(DUTY)
        if held is not None and held.node != node and self._sessions.is_leased(held.node):
            return False
        self._state.duties[DUTY] = Duty(node, START)
        taken = 0
        for key, stream in self._state.streams.items():
            if conversation_of(key) is None:
                continue
            for placed in stream.facts[max(self._indexed.get(key, 0), stream.head.trimmed) :]:
                if taken == limit:
                    return True
                taken += isinstance(placed.fact, MessagePlaced)
                self._indexed[key] = placed.seq
        return False

    async def compact(self) -> bool:
        """Do nothing: what was said is looked through as it is."""
        self._state.check_open()
        return False

    async def find(
        self,
        user: UserId,
        words: Sequence[str],
        *,
        limit: int,
        conversation: ConversationId | None = None,
        below: Spot | None = None,
    ) -> Sequence[FoundMessage]:
        """Find messages."""
        self._state.check_open()
        found = {
            Spot(placed.at, one, placed.seq): FoundMessage(one, placed.seq, placed.at, message)
            for one in self._state.conversations
            if conversation in {None, one} and (membership := self._state.memberships(one).get(user)) is not None
            if not (membership.is_member and self._state.is_outside(self._state.conversations[one], user))
            for placed, message in self._seen(one, membership.until)
            if placed.seq > membership.cleared and placed.seq not in self._state.hidden.get((one, user), ())
            if set(words) <= set(words_of(message.content.text or ""))
        }
        spots = sorted((spot for spot in found if below is None or spot < below), reverse=True)
        return [found[spot] for spot in spots[:limit]]

    def _seen(self, conversation: ConversationId, until: Seq | None) -> Iterator[tuple[PlacedFact, MessagePlaced]]:
        key = conversation_stream(conversation)
        stream = self._state.stream(key)
        for placed in stream.facts[: self._indexed.get(key, 0)][:until][stream.head.trimmed :]:
            if isinstance(placed.fact, MessagePlaced):
                yield placed, message_until(placed.fact, until)
