"""The seats port in memory."""

from collections.abc import Sequence

from unisono.domain.errors import LimitReached, SessionUnknown
from unisono.domain.ids import ConversationId, SessionId, TabId, UserId
from unisono.domain.seats import Seat
from unisono.ports.seats import Crowd
from unisono.ports.sessions import SessionRecord
from unisono.stores.memory.sessions import MemorySessions
from unisono.stores.memory.state import State


class MemorySeats:
    """Implements `ports.seats.Seats`."""

    def __init__(self, state: State, sessions: MemorySessions) -> None:
        self._state = state
        self._sessions = sessions

    async def take(self, session: SessionId, seat: Seat, limit: int) -> None:
        """Take a seat, if the session is not over."""
        self._state.check_open()
        if self._sessions.find(session) is None:
            raise SessionUnknown()
        held = self._state.seats.setdefault(session, {})
        if seat.tab not in held and len(held) >= limit:
            raise LimitReached(what="rooms of a session", limit=limit)
        held[seat.tab] = seat.room

    async def give_up(self, session: SessionId, tab: TabId | None = None) -> None:
        """Give up one seat or all."""
        self._state.check_open()
        held = self._state.seats.get(session, {})
        for each in list(held) if tab is None else [tab]:
            held.pop(each, None)

    async def of_session(self, session: SessionId) -> Sequence[Seat]:
        """List the seats of a session."""
        self._state.check_open()
        return [Seat(room, tab) for tab, room in sorted(self._state.seats.get(session, {}).items())]

    async def users(self, room: ConversationId, limit: int) -> Sequence[UserId]:
        """List some who are there."""
        self._state.check_open()
        return sorted({record.user for record in self._live(room)})[:limit]

    async def count(self, room: ConversationId) -> Crowd:
        """Count who is there."""
        self._state.check_open()
        live = self._live(room)
        return Crowd(len({record.user for record in live}), len(live))

    def _live(self, room: ConversationId) -> list[SessionRecord]:
        records = [self._sessions.find(session) for session, held in self._state.seats.items() if room in held.values()]
        return [record for record in records if record is not None and record.node is not None]
