"""The kept events port in memory."""

from collections.abc import Sequence

import msgspec

from unisono.domain.ids import Instant, SendKey, SessionId, UserId
from unisono.domain.telling import KEPT_BYTES, KEPT_MAX, check_repeated
from unisono.domain.told import Told, ToldLater
from unisono.stores.memory.call_state import Kept
from unisono.stores.memory.sessions import MemorySessions
from unisono.stores.memory.state import State


class MemoryKeptEvents:
    """Implements `ports.kept_events.KeptEvents`."""

    def __init__(self, state: State, sessions: MemorySessions) -> None:
        self._state = state
        self._sessions = sessions
        self._last = 0

    async def keep(self, user: UserId, sessions: Sequence[SessionId], told: Told, until: Instant) -> None:
        """Keep something for sessions."""
        self._state.check_open()
        open_ones = [each.session for each in await self._sessions.list_of(user) if each.session in sessions]
        if not open_ones:
            return
        events = self._state.talk.kept_events.setdefault(user, {})
        kept = events.get(told.id)
        if kept is None:
            self._last += 1
            kept = events[told.id] = Kept(told, self._last, until, set())
        check_repeated(kept.told, told)
        kept.until = max(kept.until, until)
        kept.sessions.update(open_ones)
        self._trim(events)

    async def waiting(self, session: SessionId, limit_bytes: int) -> ToldLater:
        """Give what waits."""
        self._state.check_open()
        lost = self._state.talk.lost_events.get(session, 0)
        record = await self._sessions.find_open(session)
        kept = {} if record is None else self._state.talk.kept_events.get(record.user, {})
        waiting = [each.told for each in kept.values() if session in each.sessions]
        events: list[Told] = []
        size = 0
        for told in waiting:
            size += _size(told)
            if events and size > limit_bytes:
                break
            events.append(told)
        return ToldLater(tuple(events), has_more=len(events) < len(waiting), lost=lost)

    async def took(self, user: UserId, session: SessionId, ids: Sequence[SendKey], lost: int = 0) -> None:
        """Keep these no more."""
        self._state.check_open()
        talk = self._state.talk
        talk.take(user, session, ids)
        if talk.lost_events.get(session, lost + 1) <= lost:
            del talk.lost_events[session]

    async def forget(self, before: Instant) -> int:
        """Drop what waited for too long."""
        self._state.check_open()
        count = 0
        for events in self._state.talk.kept_events.values():
            over = [key for key, kept in events.items() if kept.until < before]
            for key in over:
                del events[key]
            count += len(over)
        return count

    def _trim(self, events: dict[SendKey, Kept]) -> None:
        size = sum(_size(kept.told) for kept in events.values())
        while len(events) > KEPT_MAX or (size > KEPT_BYTES and len(events) > 1):
            oldest = events.pop(next(iter(events)))
            size -= _size(oldest.told)
            for session in oldest.sessions:
                self._state.talk.lost_events[session] = oldest.number


def _size(told: Told) -> int:
    return len(msgspec.json.encode(told))
