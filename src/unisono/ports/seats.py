"""Seats: which tab of which session is in which room. A seat outlives its connection, and the node that carried it."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from unisono.domain.ids import ConversationId, SessionId, TabId, UserId
from unisono.domain.seats import Seat


class Crowd(Struct, frozen=True):
    """Who is in a room now: people, and the sessions they are there with."""

    users: int = 0
    sessions: int = 0


class Seats(Protocol):
    """Seats of one app. They end with their session."""

    async def take(self, session: SessionId, seat: Seat, limit: int) -> None:
        """Give a tab of a session a place in a room; the tab gives up the one it had in another. Durable on return.

        Raises:
            LimitReached: The session holds `limit` seats for other tabs.
            SessionUnknown: The session is over, or there is none.
        """

    async def give_up(self, session: SessionId, tab: TabId | None = None) -> None:
        """Give up the seat of a tab, or all seats of a session. None is no fault."""

    async def of_session(self, session: SessionId) -> Sequence[Seat]:
        """List the seats of a session, by tab."""

    async def users(self, room: ConversationId, limit: int) -> Sequence[UserId]:
        """List some of those who are in a room with a session that is live, on any node: the first by user id."""

    async def count(self, room: ConversationId) -> Crowd:
        """Count who is in a room with a session that is live, on any node."""
