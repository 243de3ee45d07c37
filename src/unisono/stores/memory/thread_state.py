"""Threads in memory: what facts add up to beside the conversations."""

from msgspec import Struct

from unisono.domain.ids import ConversationId, UserId
from unisono.ports.threads import Departure


class ThreadState(Struct):
    """What is still to be noted in threads, by number."""

    departures: dict[int, Departure] = {}
    count: int = 0

    def note(self, group: ConversationId, user: UserId | None) -> None:
        """Note that a user left a group, or that it is over."""
        self.count += 1
        self.departures[self.count] = Departure(self.count, group, user)
