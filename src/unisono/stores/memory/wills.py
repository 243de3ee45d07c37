"""The wills port in memory."""

from collections.abc import Sequence

from unisono.domain.conversation import Decide, Scope
from unisono.domain.errors import SessionUnknown
from unisono.domain.ids import Instant, NodeId, SessionId
from unisono.ports.clock import Clock
from unisono.ports.log import Committed
from unisono.ports.wills import Will
from unisono.stores.memory.log import MemoryLog
from unisono.stores.memory.records import LeftWill
from unisono.stores.memory.sessions import MemorySessions
from unisono.stores.memory.state import State


class MemoryWills:
    """Implements `ports.wills.Wills`."""

    def __init__(self, state: State, sessions: MemorySessions, log: MemoryLog, clock: Clock) -> None:
        self._state = state
        self._sessions = sessions
        self._log = log
        self._clock = clock

    async def leave(self, will: Will) -> None:
        """Keep it, if the session is not over."""
        self._state.check_open()
        record = self._sessions.find(will.session)
        if record is None:
            raise SessionUnknown()
        lost_at = record.detached_at
        self._state.wills[will.session] = LeftWill(will, None if lost_at is None else Instant(lost_at + will.after_ms))

    async def drop(self, session: SessionId) -> None:
        """Forget it."""
        self._state.check_open()
        self._state.wills.pop(session, None)

    async def due(self, limit: int) -> Sequence[Will]:
        """List what is due."""
        self._state.check_open()
        now = self._clock.now()
        due = [(left.due_at, session) for session, left in self._state.wills.items() if left.due_at is not None]
        return [self._state.wills[session].will for at, session in sorted(due)[:limit] if at <= now]

    async def send(self, will: Will, scope: Scope, decide: Decide) -> Committed | None:
        """Place and forget at once: nothing else runs meanwhile."""
        left = self._state.wills.get(will.session)
        if left is None or left.due_at is None or left.due_at > self._clock.now() or left.will != will:
            return None
        del self._state.wills[will.session]
        try:
            return await self._log.transact(scope, decide)
        except BaseException:
            self._state.wills[will.session] = left
            raise

    async def over_leases(self) -> Sequence[NodeId]:
        """List the leases that are over."""
        self._state.check_open()
        return self._sessions.over_leases()

    async def lost_with(self, node: NodeId, limit: int) -> Sequence[SessionId]:
        """List those with a will that the lease carried."""
        self._state.check_open()
        carried = self._sessions.carried_by(node)
        return sorted(name for name in carried.intersection(self._state.wills) if self._is_kept(name))[:limit]

    def _is_kept(self, session: SessionId) -> bool:
        return self._state.wills[session].due_at is None

    async def note_lost(self, node: NodeId, sessions: Sequence[SessionId], grace_ms: int) -> None:
        """Note when each is due."""
        now, carried = self._clock.now(), self._sessions.carried_by(node)
        for session in carried.intersection(sessions):
            if (left := self._state.wills.get(session)) is not None and left.due_at is None:
                left.due_at = Instant(now + left.will.after_ms + grace_ms)
