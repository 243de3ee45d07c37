"""The policies port in memory."""

from unisono.domain.policy import CHANGES_KEPT, PolicyChange
from unisono.ports.clock import Clock
from unisono.ports.policy import PolicyDecide, PolicyPage
from unisono.stores.memory.state import State


class MemoryPolicies:
    """Implements `ports.policy.Policies`."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    async def last(self) -> PolicyChange | None:
        """Give the last change."""
        self._state.check_open()
        return self._state.policy[-1] if self._state.policy else None

    async def change(self, decide: PolicyDecide) -> PolicyChange:
        """Decide and write at once: nothing else runs meanwhile."""
        change = decide(self._clock.now(), await self.last())
        self._state.policy.append(change)
        del self._state.policy[:-CHANGES_KEPT]
        return change

    async def log(self, before: int | None, limit: int) -> PolicyPage:
        """List changes."""
        self._state.check_open()
        changes = [each for each in reversed(self._state.policy) if before is None or each.revision < before]
        page = tuple(changes[:limit])
        return PolicyPage(page, page[-1].revision if len(changes) > limit else None)
