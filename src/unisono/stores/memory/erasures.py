"""The erasures port in memory."""

from collections.abc import Sequence

from msgspec import structs

from unisono.domain.erasing import scrubbed
from unisono.domain.ids import Instant, Seq, StreamKey, UserId
from unisono.ports.clock import Clock
from unisono.ports.erasures import Erasure
from unisono.stores.memory import hiding
from unisono.stores.memory.sessions import MemorySessions
from unisono.stores.memory.state import State


class MemoryErasures:
    """Implements `ports.erasures.Erasures`."""

    def __init__(self, state: State, sessions: MemorySessions, clock: Clock) -> None:
        self._state = state
        self._sessions = sessions
        self._clock = clock

    async def begin(self, user: UserId) -> Erasure:
        """Note it, unless it is under way."""
        self._state.check_open()
        known = self._state.erasures.get(user)
        if known is None or known.finished_at is not None:
            known = self._state.erasures[user] = Erasure(user, self._clock.now())
        return known

    async def find(self, user: UserId) -> Erasure | None:
        """Give it."""
        self._state.check_open()
        return self._state.erasures.get(user)

    async def among(self, users: Sequence[UserId]) -> frozenset[UserId]:
        """Give those that have one."""
        self._state.check_open()
        return frozenset(user for user in users if user in self._state.erasures)

    async def unfinished(self, asked: Instant, failed: Instant, limit: int) -> Sequence[Erasure]:
        """List those that are not over."""
        self._state.check_open()
        found = [
            each
            for each in self._state.erasures.values()
            if each.finished_at is None and each.asked_at <= asked and (each.failed_at or 0) <= failed
        ]
        return sorted(found, key=lambda each: (each.asked_at, each.user))[:limit]

    async def note(self, erasure: Erasure) -> None:
        """Note how far it is."""
        self._state.check_open()
        known = self._state.erasures.get(erasure.user)
        if known is not None and (known.asked_at, known.finished_at) == (erasure.asked_at, None):
            self._state.erasures[erasure.user] = erasure

    async def forget(self, user: UserId) -> None:
        """Forget it, if it is over."""
        self._state.check_open()
        known = self._state.erasures.get(user)
        if known is not None and known.finished_at is not None:
            del self._state.erasures[user]

    async def scrub(self, stream: StreamKey, seqs: Sequence[Seq]) -> None:
        """Empty facts."""
        self._state.check_open()
        facts = self._state.stream(stream).facts
        for seq in seqs:
            facts[seq - 1] = structs.replace(facts[seq - 1], fact=scrubbed(facts[seq - 1].fact))

    async def drop_rest(self, user: UserId) -> None:
        """Drop what stands beside the log."""
        self._state.check_open()
        self._sessions.drop_ended(user)
        self._state.talk.claims.pop(user, None)
        self._state.silences.pop(user, None)
        hiding.forget(self._state.hidden, user)
        over = (each for each in self._state.talk.calls.values() if each.ended_at is not None)
        for call in [each.id for each in over if user in each.people]:
            del self._state.talk.calls[call]
        left = self._state.wills
        for session in [name for name, each in left.items() if each.will.user == user]:
            del left[session]
