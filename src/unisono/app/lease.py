"""The node's lease: while it is kept, other nodes count the sessions on its links as live."""

from collections.abc import Awaitable, Callable

from unisono.app.audience import Audience
from unisono.domain.errors import Draining, Unavailable, UnisonoError
from unisono.domain.ids import NodeId
from unisono.ports.sessions import LeaseState, Sessions
from unisono.ports.telemetry import Telemetry


class Lease:
    """Taken at the start, kept by a chore. A lost one is taken anew, under a higher number.

    Unless another node has one under our name: then this node serves nobody, as long as that one lives. Of two nodes
    with one name the older gives way, or they would take it from each other for ever.
    """

    def __init__(
        self,
        sessions: Sessions,
        audience: Audience,
        telemetry: Telemetry,
        *,
        begin_anew: Callable[[], Awaitable[None]],
        name: str,
        ttl_s: float,
    ) -> None:
        """Keep a lease under a name. After a lost one `begin_anew` is called, for what the node knew of the log."""
        self._sessions = sessions
        self._audience = audience
        self._telemetry = telemetry
        self._begin_anew = begin_anew
        self._name = name
        self._ttl_s = ttl_s
        self.node = NodeId(0)
        self.is_held = False
        self.is_taken = False
        """Another node has our name."""

    async def take(self) -> None:
        """Take a new lease; an earlier one of the same name is over."""
        self.node = await self._sessions.take_lease(self._name, self._ttl_s)
        self.is_held, self.is_taken = True, False

    def check(self) -> None:
        """Let nobody in while the lease is not held.

        Raises:
            Draining: Another node has our name.
            Unavailable: It was lost, and another is not taken yet.
        """
        if self.is_taken:
            raise Draining()
        if not self.is_held:
            raise Unavailable(reason="lease lost")

    async def keep(self) -> None:
        """Prolong the lease. If it was lost, end all links and take another.

        Raises:
            Unavailable: The store does not answer, and nobody knows if the lease is still held.
        """
        state = await self._sessions.keep_lease(self.node, self._ttl_s)
        if state is LeaseState.HELD:
            return
        # Others may hold our users by now, so what we believe of their sessions is worth nothing.
        self.is_held = False
        if state is LeaseState.TAKEN:
            if not self.is_taken:
                self._telemetry.fault("node_name_taken", node=self.node, name=self._name)
            self.is_taken = True
            self._end_links(Draining())
            return
        self._telemetry.fault("lease_lost", node=self.node)
        self._end_links(Unavailable(reason="lease lost"))
        await self.take()
        await self._begin_anew()
        self._end_links(Unavailable(reason="lease lost"))

    def _end_links(self, fault: UnisonoError) -> None:
        for attached in self._audience:
            attached.link.end(fault)
