"""The ports over one state."""

from unisono.domain.ids import Epoch
from unisono.ports.clock import Clock
from unisono.stores.memory.calls import MemoryCalls
from unisono.stores.memory.claims import MemoryClaims
from unisono.stores.memory.contacts import MemoryContacts
from unisono.stores.memory.directory import MemoryDirectory
from unisono.stores.memory.due_pushes import MemoryDuePushes
from unisono.stores.memory.erasures import MemoryErasures
from unisono.stores.memory.files import MemoryFiles
from unisono.stores.memory.kept_events import MemoryKeptEvents
from unisono.stores.memory.log import MemoryLog
from unisono.stores.memory.policy import MemoryPolicies
from unisono.stores.memory.push_targets import MemoryPushTargets
from unisono.stores.memory.requests import MemoryRequests
from unisono.stores.memory.search import MemorySearch
from unisono.stores.memory.seats import MemorySeats
from unisono.stores.memory.sessions import MemorySessions
from unisono.stores.memory.state import State
from unisono.stores.memory.threads import MemoryThreads
from unisono.stores.memory.traces import MemoryTraces
from unisono.stores.memory.wills import MemoryWills


class MemoryStore:
    """Has the shape of `stores.sql.Store`; nothing outlives it."""

    def __init__(self, clock: Clock) -> None:
        self._state = State(Epoch(clock.now() // 1000))
        self.requests = MemoryRequests(self._state, clock)
        self.log = MemoryLog(self._state, clock, self.requests)
        self.directory = MemoryDirectory(self._state)
        self.contacts = MemoryContacts(self._state)
        self.threads = MemoryThreads(self._state, self.directory)
        self.traces = MemoryTraces(self._state)
        self.sessions = MemorySessions(self._state, clock)
        self.policies = MemoryPolicies(self._state, clock)
        self.claims = MemoryClaims(self._state, self.sessions)
        self.calls = MemoryCalls(self._state, self.sessions, clock)
        self.search = MemorySearch(self._state, self.sessions)
        self.erasures = MemoryErasures(self._state, self.sessions, clock)
        self.files = MemoryFiles(self._state)
        self.kept_events = MemoryKeptEvents(self._state, self.sessions)
        self.seats = MemorySeats(self._state, self.sessions)
        self.wills = MemoryWills(self._state, self.sessions, self.log, clock)
        self.push_targets = MemoryPushTargets(self._state, self.sessions, clock)
        self.due_pushes = MemoryDuePushes(self._state, self.sessions, self.directory)

    async def healthy(self) -> bool:
        """Say that all is well."""
        return not self._state.is_closed

    async def close(self) -> None:
        """Refuse whatever comes later."""
        self._state.is_closed = True
