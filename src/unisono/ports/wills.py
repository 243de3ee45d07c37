"""Wills: a message that each session may leave, to be sent when it is lost."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from unisono.domain.commands import SendMessage
from unisono.domain.conversation import Decide, Scope
from unisono.domain.ids import NodeId, SessionId, UserId
from unisono.ports.log import Committed


class Will(Struct, frozen=True):
    """What a session left: whose it is, what to send, and how long the session may be lost before."""

    session: SessionId
    user: UserId
    message: SendMessage
    after_ms: int


class Wills(Protocol):
    """Wills of one app. The store tells by itself when one is due, in the transaction in which a session changes.

    It is so `after_ms` after the session was detached, and at once when it ends for having been detached too long. It
    is so no more when the session is attached again. Any other end of the session drops it.
    """

    async def leave(self, will: Will) -> None:
        """Keep what a session leaves, in place of what it left before. Durable on return.

        Raises:
            SessionUnknown: The session is over, or there is none.
        """

    async def drop(self, session: SessionId) -> None:
        """Forget what a session left. Nothing is no fault."""

    async def due(self, limit: int) -> Sequence[Will]:
        """List wills that are due now, those that have been so for the longest time first."""

    async def send(self, will: Will, scope: Scope, decide: Decide) -> Committed | None:
        """Send a will, and forget it: both in one transaction, so that of all who try, one does.

        Gives None where it is not due any more, sent already, or not what the session left last.
        """

    async def over_leases(self) -> Sequence[NodeId]:
        """List the leases that are over and still known."""

    async def lost_with(self, node: NodeId, limit: int) -> Sequence[SessionId]:
        """List sessions that left something, were carried under a lease that is over, and are not known to be lost."""

    async def note_lost(self, node: NodeId, sessions: Sequence[SessionId], grace_ms: int) -> None:
        """Have what sessions left be due `grace_ms` later than if they were detached now; not if they are back."""
