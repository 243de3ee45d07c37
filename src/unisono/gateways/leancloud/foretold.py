"""What a client heard of before its link brought it: it was counted, or sent as missed. It is not told again."""

from unisono.domain.facts import MessagePlaced, PlacedFact
from unisono.domain.ids import ConversationId, Seq, UserId, conversation_of


class Foretold:
    """Messages of others by their places: in each conversation those behind one place, up to another."""

    def __init__(self, user: UserId) -> None:
        self._user = user
        self._places: dict[ConversationId, tuple[Seq, Seq]] = {}

    def note(self, conversation: ConversationId, after: Seq, until: Seq) -> None:
        """Remember that the client heard of messages after a place, up to another."""
        if after < until:
            self._places[conversation] = after, until

    def has(self, placed: PlacedFact) -> bool:
        """Say if a fact is one of them. The facts of a stream come in order, so the last one ends the matter."""
        conversation = conversation_of(placed.stream)
        if conversation is None or (place := self._places.get(conversation)) is None:
            return False
        after, until = place
        if placed.seq >= until:
            del self._places[conversation]
        is_message = isinstance(placed.fact, MessagePlaced) and placed.fact.sender != self._user
        return is_message and after < placed.seq <= until

    def clear(self) -> None:
        """Forget all of them."""
        self._places.clear()
