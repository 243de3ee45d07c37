"""How far users have what was said, by the word of clients that are sent all that they missed."""

from collections import OrderedDict
from typing import Final

from unisono.domain.ids import NO_SEQ, ConversationId, Seq, UserId

PLACES_LIMIT: Final = 100_000
"""Users and conversations that are remembered; of others, messages that asked for no receipt may come twice."""


class Acknowledged:
    """Remembers it on this node: what asked for a receipt is known from the log as well."""

    def __init__(self) -> None:
        self._places: OrderedDict[tuple[UserId, ConversationId], Seq] = OrderedDict()

    def note(self, user: UserId, conversation: ConversationId, seq: Seq) -> None:
        """Take a client's word that it has the messages up to a place."""
        key = user, conversation
        self._places[key] = max(seq, self._places.get(key, NO_SEQ))
        self._places.move_to_end(key)
        if len(self._places) > PLACES_LIMIT:
            self._places.popitem(last=False)

    def of(self, user: UserId, conversation: ConversationId) -> Seq:
        """Say up to which place a user has the messages of a conversation; `NO_SEQ` where nothing is known."""
        return self._places.get((user, conversation), NO_SEQ)
