"""The claims port in memory."""

from unisono.domain.call_answers import Claimed
from unisono.domain.claims import Held
from unisono.domain.errors import LimitReached
from unisono.domain.ids import ClaimName, UserId
from unisono.ports.claims import ClaimDecide
from unisono.stores.memory.sessions import MemorySessions
from unisono.stores.memory.state import State


class MemoryClaims:
    """Implements `ports.claims.Claims`."""

    def __init__(self, state: State, sessions: MemorySessions) -> None:
        self._state = state
        self._sessions = sessions

    async def decide(self, user: UserId, name: ClaimName, limit: int, decide: ClaimDecide) -> Claimed:
        """Decide and write at once: nothing else runs meanwhile."""
        self._state.check_open()
        held = self._state.talk.claims.setdefault(user, {})
        decision = decide(self._sessions.lease_now(), held.get(name))
        if decision.held is not None:
            if name not in held:
                self._make_room(held, limit)
            held[name] = decision.held
        return decision.answer

    def _make_room(self, held: dict[ClaimName, Held], limit: int) -> None:
        if (excess := len(held) + 1 - limit) > 0:
            now = self._sessions.lease_now()
            over = sorted((each.until, name) for name, each in held.items() if each.until <= now)
            if len(over) < excess:
                raise LimitReached(what="claims", limit=limit)
            for _, name in over[:excess]:
                del held[name]

    async def forget(self, kept_ms: int) -> int:
        """Drop old ones."""
        self._state.check_open()
        before = self._sessions.lease_now() - kept_ms
        count = 0
        for held in self._state.talk.claims.values():
            for name in [name for name, each in held.items() if each.until < before]:
                del held[name]
                count += 1
        return count
