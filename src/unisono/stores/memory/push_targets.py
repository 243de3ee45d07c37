"""The push targets port in memory."""

from collections.abc import Mapping, Sequence

from unisono.domain.errors import SessionUnknown
from unisono.domain.ids import DeviceId, SessionId, UserId
from unisono.ports.clock import Clock
from unisono.ports.push_targets import PushTarget
from unisono.stores.memory.records import KeptTarget
from unisono.stores.memory.sessions import MemorySessions
from unisono.stores.memory.state import State


class MemoryPushTargets:
    """Implements `ports.push_targets.PushTargets`."""

    def __init__(self, state: State, sessions: MemorySessions, clock: Clock) -> None:
        self._state = state
        self._sessions = sessions
        self._clock = clock

    async def keep(self, session: SessionId, provider: str, token: str, limit: int) -> None:
        """Keep it."""
        self._state.check_open()
        record = self._sessions.find(session)
        if record is None:
            raise SessionUnknown()
        self._state.drop_targets(lambda kept: (kept.target.provider, kept.target.token) == (provider, token))
        target = PushTarget(record.device, provider, token)
        kept = KeptTarget(record.user, target, record.credential, record.issued_at, self._clock.now())
        self._state.push_targets[record.user, record.device] = kept
        mine = [kept for kept in self._state.push_targets.values() if kept.user == record.user]
        newest = sorted(mine, key=lambda kept: (-kept.at, kept.target.device))[:limit]
        self._state.drop_targets(lambda kept: kept.user == record.user and kept not in newest)

    async def drop(self, session: SessionId) -> None:
        """Forget that of the session's device."""
        self._state.check_open()
        if (record := self._sessions.find(session)) is not None:
            self._state.push_targets.pop((record.user, record.device), None)

    async def forget(self, user: UserId, device: DeviceId | None = None) -> None:
        """Forget them."""
        self._state.check_open()
        self._state.drop_targets(lambda kept: kept.user == user and device in {None, kept.target.device})

    async def of_user(self, user: UserId) -> Sequence[PushTarget]:
        """List them."""
        self._state.check_open()
        return self._state.targets_of(user)

    async def of_users(self, users: Sequence[UserId]) -> Mapping[UserId, Sequence[PushTarget]]:
        """List those of several."""
        self._state.check_open()
        return {user: targets for user in users if (targets := self._state.targets_of(user))}
