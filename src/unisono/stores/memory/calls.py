"""The calls port in memory."""

from collections.abc import Sequence

from unisono.domain.calls import Call, facts_of
from unisono.domain.ids import CallId, ConversationId, Instant, SessionId, UserId, user_stream
from unisono.domain.placement import Draft
from unisono.ports.calls import CallCommitted, CallDecide
from unisono.ports.clock import Clock
from unisono.stores.memory.sessions import MemorySessions
from unisono.stores.memory.state import State


class MemoryCalls:
    """Implements `ports.calls.Calls`."""

    def __init__(self, state: State, sessions: MemorySessions, clock: Clock) -> None:
        self._state = state
        self._sessions = sessions
        self._clock = clock

    async def decide(self, call: CallId, people: Sequence[UserId], decide: CallDecide) -> CallCommitted:
        """Decide and write at once: nothing else runs meanwhile."""
        self._state.check_open()
        now, held = self._clock.now(), self._state.talk.calls.get(call)
        decided = decide(now, held, 0 if held else len(self._of(people[0])))
        if decided is None or decided is held:
            return CallCommitted(held)
        self._state.talk.calls[call] = decided
        facts = facts_of(held, decided)
        self._state.position += bool(facts)
        placed = [self._state.place(Draft(user_stream(user), fact), now)[1] for user, fact in facts]
        return CallCommitted(decided, is_changed=True, facts=tuple(fact for fact in placed if fact is not None))

    async def find(self, call: CallId) -> Call | None:
        """Give it."""
        self._state.check_open()
        return self._state.talk.calls.get(call)

    async def of_user(self, user: UserId) -> Sequence[Call]:
        """List a user's."""
        self._state.check_open()
        return sorted(self._of(user), key=lambda call: (call.began_at, call.id))

    async def active(self) -> Sequence[tuple[CallId, int]]:
        """List those that are not over."""
        self._state.check_open()
        return sorted((call.id, call.revision) for call in self._active())

    async def due(self, limit: int) -> Sequence[CallId]:
        """List those that rang for long enough."""
        self._state.check_open()
        now = self._clock.now()
        due = sorted((call.rings_until, call.id) for call in self._active() if call.ringing)
        return [call for at, call in due if at <= now][:limit]

    async def lost(self, away_ms: int, limit: int) -> Sequence[tuple[CallId, SessionId]]:
        """List sessions that are gone."""
        self._state.check_open()
        before = Instant(self._clock.now() - away_ms)
        held = sorted((end.session, call.id) for call in self._active() for end in call.ends)
        return [(call, session) for session, call in held if self._is_lost(session, before)][:limit]

    async def strangers(self, limit: int) -> Sequence[tuple[CallId, UserId]]:
        """List those who are no members any more."""
        self._state.check_open()
        found = sorted(
            (call.id, user)
            for call in self._active()
            if call.conversation is not None
            for user in call.concerned
            if not self._is_member(call.conversation, user)
        )
        return found[:limit]

    async def forget(self, kept_ms: int) -> int:
        """Drop old ones."""
        self._state.check_open()
        before = self._clock.now() - kept_ms
        old = [
            call.id for call in self._state.talk.calls.values() if call.ended_at is not None and call.ended_at < before
        ]
        for call in old:
            del self._state.talk.calls[call]
        return len(old)

    def _is_lost(self, session: SessionId, before: Instant) -> bool:
        record = self._sessions.find(session)
        return record is None or (record.detached_at is not None and record.detached_at < before)

    def _is_member(self, conversation: ConversationId, user: UserId) -> bool:
        membership = self._state.memberships(conversation).get(user)
        return membership is not None and membership.is_member

    def _active(self) -> list[Call]:
        return [call for call in self._state.talk.calls.values() if call.ended_at is None]

    def _of(self, user: UserId) -> list[Call]:
        return [call for call in self._active() if user in call.concerned]
