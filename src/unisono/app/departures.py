"""Links that are gone, until the store knows of it."""

from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from unisono.app.audience import Audience
from unisono.app.lease import Lease
from unisono.domain.errors import Draining, Overloaded, Unavailable, UnisonoError
from unisono.domain.ids import Fence, NodeId, SessionId
from unisono.ports.sessions import Sessions
from unisono.ports.telemetry import Telemetry

UNTOLD_LIMIT: Final = 100_000
"""Departures that wait for the store, and as many doubts. Beyond it the oldest are given up until our lease is over."""
NO_FENCE: Final = Fence(-1)
"""No link has it."""

Held = tuple[Fence, NodeId]
What = TypeVar("What")


class Departures:
    """Detaches sessions whose link is gone.

    While the node keeps its lease, a session that was never detached would seem live for ever, and hold its place.
    """

    def __init__(self, sessions: Sessions, telemetry: Telemetry, lease: Lease, audience: Audience) -> None:
        self._sessions = sessions
        self._telemetry = telemetry
        self._lease = lease
        self._audience = audience
        self._untold: OrderedDict[SessionId, Held] = OrderedDict()
        # Apart, because anybody can name a session while the store is away: nobody is to push out what is known.
        self._doubts: OrderedDict[SessionId, NodeId] = OrderedDict()
        self._coming: Counter[SessionId] = Counter()

    async def note(self, session: SessionId, fence: Fence) -> None:
        """Detach a session from the link with this fence, now or when the store is back."""
        try:
            await self._sessions.detach(session, fence, self._lease.node)
        except Draining:
            # The node goes, and its lease runs out with all sessions that it carried.
            return
        except UnisonoError as fault:
            _keep(self._untold, session, (fence, self._lease.node))
            self._telemetry.fault("detach_failed", code=fault.code)

    def expect(self, session: SessionId) -> None:
        """Detach later a session that a store which gave no answer may come to believe live here, with any fence."""
        _keep(self._doubts, session, self._lease.node)

    @contextmanager
    def coming(self, session: SessionId) -> Iterator[None]:
        """Leave a session alone that the store may know to be here while its link is not yet among the audience."""
        self._coming[session] += 1
        try:
            yield
        finally:
            self._coming[session] -= 1
            if not self._coming[session]:
                del self._coming[session]

    async def settle(self) -> None:
        """Try again what failed. What fails for another reason than the store's absence is reported and given up.

        Raises:
            Unavailable, Overloaded, Draining: The store is still away; the rest waits for the next time.
        """
        for session, held in list(self._untold.items()):
            await self._tell(session, held)
            if self._untold.get(session) == held:
                del self._untold[session]
        for session, node in list(self._doubts.items()):
            # Before it is settled: another doubt may come up meanwhile, and is to stay.
            self._doubts.pop(session, None)
            is_settled = False
            try:
                is_settled = await self._is_settled(session, node)
            finally:
                if not is_settled and session not in self._doubts:
                    _keep(self._doubts, session, node)

    async def _is_settled(self, session: SessionId, node: NodeId) -> bool:
        # The store may still have our attempt before it; what is asked after it is done after it.
        await self._tell(session, (NO_FENCE, node))
        found = await self._sessions.find_open(session)
        if self._coming[session]:
            return False
        if found is None or found.node != node:
            return True
        attached = self._audience.find(session)
        if attached is not None:
            # A link from before has a lower fence, so when it goes nobody is detached: that is then left to do here.
            return attached.fence >= found.fence
        await self._tell(session, (found.fence, node))
        return True

    async def _tell(self, session: SessionId, held: Held) -> None:
        try:
            await self._sessions.detach(session, *held)
        except (Unavailable, Overloaded, Draining):
            raise
        except UnisonoError as fault:
            # Once more would end alike, and hold up the rest for ever.
            self._telemetry.fault("detach_given_up", session=session, code=fault.code)


def _keep(kept: OrderedDict[SessionId, What], session: SessionId, what: What) -> None:
    kept[session] = what
    if len(kept) > UNTOLD_LIMIT:
        kept.popitem(last=False)
