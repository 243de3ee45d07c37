"""The kept events port in memory."""

from collections.abc import Sequence

import msgspec

from unisono.domain.ids import Instant, SendKey, SessionId
from unisono.domain.telling import KEPT_BYTES, KEPT_MAX
from unisono.domain.told import Told, ToldLater
from unisono.stores.memory.call_state import Kept
from unisono.stores.memory.sessions import MemorySessions
from unisono.stores.memory.state import State


class MemoryKeptEvents:
    """Implements `ports.kept_events.KeptEvents`."""

    def __init__(self, state: State, sessions: MemorySessions) -> None:
        self._state = state
        self._sessions = sessions

    async def keep(self, sessions: Sequence[SessionId], told: Told, until: Instant) -> None:
        """Keep something for sessions."""
        self._state.check_open()
        for session in sessions:
            if await self._sessions.find_open(session) is not None:
                kept = self._state.talk.kept_events.setdefault(session, Kept())
                kept.events.setdefault(told.id, (told, until))
                _trim(kept, until)

    async def waiting(self, session: SessionId, limit_bytes: int) -> ToldLater:
        """Give what waits."""
        self._state.check_open()
        kept = self._state.talk.kept_events.get(session, Kept())
        events: list[Told] = []
        size = 0
        for told in _in_order(kept):
            size += _size(told)
            if events and size > limit_bytes:
                break
            events.append(told)
        has_more = len(events) < len(kept.events)
        return ToldLater(tuple(events), has_more=has_more, has_lost=kept.lost_until is not None)

    async def took(self, session: SessionId, ids: Sequence[SendKey]) -> None:
        """Keep these no more."""
        self._state.check_open()
        kept = self._state.talk.kept_events.get(session, Kept())
        kept.lost_until = None
        for key in ids:
            kept.events.pop(key, None)

    async def forget(self, before: Instant) -> int:
        """Drop what waited for too long."""
        self._state.check_open()
        count = 0
        for kept in self._state.talk.kept_events.values():
            over = [key for key, (_, until) in kept.events.items() if until < before]
            for key in over:
                del kept.events[key]
            count += len(over)
            if kept.lost_until is not None and kept.lost_until < before:
                kept.lost_until = None
                count += 1
        return count


def _trim(kept: Kept, until: Instant) -> None:
    size = sum(_size(told) for told, _ in kept.events.values())
    while len(kept.events) > KEPT_MAX or (size > KEPT_BYTES and len(kept.events) > 1):
        oldest = _in_order(kept)[0]
        del kept.events[oldest.id]
        size -= _size(oldest)
        kept.lost_until = until


def _in_order(kept: Kept) -> list[Told]:
    return [told for told, _ in kept.events.values()]


def _size(told: Told) -> int:
    return len(msgspec.json.encode(told))
