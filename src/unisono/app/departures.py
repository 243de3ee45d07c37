"""Links that are gone, until the store knows of it."""

from collections import OrderedDict
from typing import Final

from unisono.app.lease import Lease
from unisono.domain.errors import Draining, Overloaded, Unavailable, UnisonoError
from unisono.domain.ids import Fence, NodeId, SessionId
from unisono.ports.sessions import Sessions
from unisono.ports.telemetry import Telemetry

UNTOLD_LIMIT: Final = 100_000
"""Departures that wait for the store. Beyond it the oldest are given up, until the lease of this node is over."""


Held = tuple[Fence, NodeId]


class Departures:
    """Detaches sessions whose link is gone.

    While the node keeps its lease, a session that was never detached would seem live for ever, and hold its place.
    """

    def __init__(self, sessions: Sessions, telemetry: Telemetry, lease: Lease) -> None:
        self._sessions = sessions
        self._telemetry = telemetry
        self._lease = lease
        self._untold: OrderedDict[SessionId, Held] = OrderedDict()

    async def note(self, session: SessionId, fence: Fence) -> None:
        """Detach a session from the link with this fence, now or when the store is back."""
        try:
            await self._sessions.detach(session, fence, self._lease.node)
        except Draining:
            # The node goes, and its lease runs out with all sessions that it carried.
            return
        except UnisonoError as fault:
            self.expect(session, fence)
            self._telemetry.fault("detach_failed", code=fault.code)
            if len(self._untold) > UNTOLD_LIMIT:
                self._untold.popitem(last=False)

    def expect(self, session: SessionId, fence: Fence) -> None:
        """Detach later a session that a store which gave no answer may still come to believe live here."""
        self._untold[session] = (fence, self._lease.node)

    async def settle(self) -> None:
        """Try again what failed. What fails for another reason than the store's absence is reported and given up.

        Raises:
            Unavailable, Overloaded, Draining: The store is still away; the rest waits for the next time.
        """
        while self._untold:
            session, held = next(iter(self._untold.items()))
            try:
                await self._sessions.detach(session, *held)
            except (Unavailable, Overloaded, Draining):
                raise
            except UnisonoError as fault:
                # Once more would end alike, and hold up the rest for ever.
                self._telemetry.fault("detach_given_up", session=session, code=fault.code)
            if self._untold.get(session) == held:
                del self._untold[session]
