"""The threads port in memory."""

from collections.abc import Sequence

from unisono.domain.errors import Invalid
from unisono.domain.ids import ConversationId, UserId
from unisono.ports.directory import MyConversation
from unisono.ports.threads import Departure
from unisono.stores.memory.directory import MemoryDirectory
from unisono.stores.memory.state import State


class MemoryThreads:
    """Implements `ports.threads.Threads`."""

    def __init__(self, state: State, directory: MemoryDirectory) -> None:
        self._state = state
        self._directory = directory

    async def of_group(
        self, group: ConversationId, user: UserId | None, after: ConversationId | None, limit: int
    ) -> Sequence[MyConversation]:
        """List the threads of a group."""
        threads = [thread for thread in self._behind(after) if self._is_under(thread, group)]
        found = [await self._directory.find(thread, user) for thread in threads]
        return [mine for mine in found if mine is not None][:limit]

    async def of_user(self, user: UserId, after: ConversationId | None, limit: int) -> Sequence[MyConversation]:
        """List the threads that a user is in."""
        threads = [thread for thread in self._behind(after) if self._state.conversations[thread].parent is not None]
        found = [await self._directory.find(thread, user) for thread in threads]
        return [mine for mine in found if mine is not None and mine.is_member][:limit]

    def _behind(self, after: ConversationId | None) -> list[ConversationId]:
        self._state.check_open()
        known = list(self._state.conversations)
        if after is not None and after not in known:
            raise Invalid(field="after", reason="no such thread")
        return known if after is None else known[known.index(after) + 1 :]

    def _is_under(self, thread: ConversationId, group: ConversationId) -> bool:
        entry = self._state.conversations[thread]
        return entry.parent is not None and entry.parent.conversation == group and entry.is_open

    async def departures(self, limit: int) -> Sequence[Departure]:
        """Give what has not been noted yet."""
        self._state.check_open()
        return list(self._state.threads.departures.values())[:limit]

    async def concerned(self, departure: Departure, limit: int) -> Sequence[ConversationId]:
        """Give threads that a departure is to be noted in."""
        threads = [thread for thread in self._behind(None) if self._is_under(thread, departure.group)]
        if (user := departure.user) is not None:
            is_back = self._state.is_in(departure.group, user)
            threads = [thread for thread in threads if self._state.is_in(thread, user) and not is_back]
        return threads[:limit]

    async def settle(self, numbers: Sequence[int]) -> None:
        """Forget departures."""
        self._state.check_open()
        for number in numbers:
            self._state.threads.departures.pop(number, None)
