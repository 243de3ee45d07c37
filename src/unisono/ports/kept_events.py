"""What sessions are told that waits until they say that they took it."""

from collections.abc import Sequence
from typing import Protocol

from unisono.domain.ids import Instant, SendKey, SessionId
from unisono.domain.told import Told, ToldLater


class KeptEvents(Protocol):
    """Kept events of one app, for each session its own. They go with the session."""

    async def keep(self, sessions: Sequence[SessionId], told: Told, until: Instant) -> None:
        """Keep something for sessions that are not over, until an instant; once, however often it comes.

        Durable on return. Of more than `domain.telling` has as limits, the oldest of the session goes, and it is
        remembered that something did.
        """

    async def waiting(self, session: SessionId, limit_bytes: int) -> ToldLater:
        """Give what waits, the oldest first, at least one, within a size."""

    async def took(self, session: SessionId, ids: Sequence[SendKey]) -> None:
        """Keep these no more, nor that something is gone. Durable on return; what is not there is passed over."""

    async def forget(self, before: Instant) -> int:
        """Drop what was to wait no longer than an instant; give how much."""
