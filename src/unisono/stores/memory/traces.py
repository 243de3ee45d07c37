"""The traces port in memory."""

from collections.abc import Sequence
from typing import Final

from unisono.domain.answers import HistoryEntry
from unisono.domain.facts import MemberChanged, MessagePlaced
from unisono.domain.ids import ConversationId, Seq, UserId, conversation_stream
from unisono.ports.traces import Left, Place, Reacted
from unisono.stores.memory.state import State

LOOKED_AT: Final = 5


class MemoryTraces:
    """Implements `ports.traces.Traces`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def places(self, user: UserId, after: ConversationId | None, limit: int) -> Sequence[Place]:
        """List the conversations that know the user."""
        self._state.check_open()
        known = sorted(key for key, members in self._state.members.items() if user in members and key > (after or ""))
        found = [(self._state.conversation(key), self._state.members[key][user]) for key in known[:limit]]
        return [Place(conversation, own) for conversation, own in found if conversation is not None]

    async def left_in(self, conversation: ConversationId, user: UserId, after: Seq) -> Left:
        """Look at a few facts."""
        self._state.check_open()
        stream = self._state.stream(conversation_stream(conversation))
        until = Seq(min(stream.head.seq, after + LOOKED_AT))
        messages, reactions, described = [], [], []
        for placed in stream.facts[max(after, stream.head.trimmed) : until]:
            match placed.fact:
                case MessagePlaced(sender=sender) as fact if sender == user:
                    messages.append(HistoryEntry(placed.seq, placed.at, fact))
                case MemberChanged(user=other) as fact if other == user and fact.attributes:
                    described.append(placed.seq)
                case _:
                    pass
            given = self._state.reactions.get((conversation, placed.seq), {})
            reactions += [Reacted(placed.seq, each) for each, users in sorted(given.items()) if user in users]
        return Left(tuple(messages), tuple(reactions), tuple(described), until, is_complete=until >= stream.head.seq)
