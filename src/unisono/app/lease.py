"""The node's lease: while it is kept, other nodes count the sessions on its links as live."""

from unisono.app.audience import Audience
from unisono.domain.errors import Unavailable
from unisono.domain.ids import NodeId
from unisono.ports.sessions import Sessions
from unisono.ports.telemetry import Telemetry


class Lease:
    """Taken at the start, kept by a chore. A lost one is taken anew, under a higher number."""

    def __init__(
        self, sessions: Sessions, audience: Audience, telemetry: Telemetry, *, name: str, ttl_s: float
    ) -> None:
        self._sessions = sessions
        self._audience = audience
        self._telemetry = telemetry
        self._name = name
        self._ttl_s = ttl_s
        self.node = NodeId(0)
        self.is_held = False

    async def take(self) -> None:
        """Take a new lease; an earlier one of the same name is over."""
        self.node = await self._sessions.take_lease(self._name, self._ttl_s)
        self.is_held = True

    async def keep(self) -> None:
        """Prolong the lease. If it was lost, end all links and take another.

        Raises:
            Unavailable: The store does not answer, and nobody knows if the lease is still held.
        """
        if await self._sessions.keep_lease(self.node, self._ttl_s):
            return
        # Others may hold our users by now, so what we believe of their sessions is worth nothing.
        self.is_held = False
        self._telemetry.fault("lease_lost", node=self.node)
        self._end_links()
        await self.take()
        self._end_links()

    def _end_links(self) -> None:
        for attached in self._audience:
            attached.link.end(Unavailable(reason="lease lost"))
