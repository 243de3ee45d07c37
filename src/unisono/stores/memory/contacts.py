"""What users are to each other, in memory."""

from collections.abc import Callable, Mapping, Sequence

from unisono.domain import ties
from unisono.domain.commands import Ties
from unisono.domain.ids import UserId
from unisono.domain.ties import ContactView, Tie
from unisono.stores.memory.state import State

SORTS: Mapping[Ties, Callable[[Tie], bool]] = {
    "contacts": lambda tie: tie.state == "friend",
    "received": lambda tie: tie.state == "asked",
    "sent": lambda tie: tie.state == "invited",
    "blocked": lambda tie: tie.is_blocked,
}


class MemoryContacts:
    """Implements `ports.contacts.Contacts`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def page(self, user: UserId, which: Ties, after: UserId | None, limit: int) -> Sequence[ContactView]:
        """List a user's ties of a sort."""
        return self._listed(user, SORTS[which], after, limit)

    async def find(self, user: UserId, other: UserId) -> ContactView | None:
        """Give what another is to a user."""
        self._state.check_open()
        tie = self._state.ties.get((user, other))
        return None if tie is None else ties.view(other, tie)

    async def every(self, user: UserId, after: UserId | None, limit: int) -> Sequence[ContactView]:
        """List all that users are to a user."""
        return self._listed(user, lambda _: True, after, limit)

    def _listed(
        self, user: UserId, is_asked: Callable[[Tie], bool], after: UserId | None, limit: int
    ) -> Sequence[ContactView]:
        self._state.check_open()
        found = sorted(
            ((other, tie) for (owner, other), tie in self._state.ties.items() if owner == user), key=lambda one: one[0]
        )
        return [ties.view(other, tie) for other, tie in found if other > (after or "") and is_asked(tie)][:limit]
