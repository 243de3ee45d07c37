"""What sessions are told that waits until they say that they took it."""

from collections.abc import Sequence
from typing import Protocol

from unisono.domain.ids import Instant, SendKey, SessionId, UserId
from unisono.domain.told import Told, ToldLater


class KeptEvents(Protocol):
    """Kept events of one app: each once, and for which sessions of its user. They go with the last of these."""

    async def keep(self, user: UserId, sessions: Sequence[SessionId], told: Told, until: Instant) -> None:
        """Keep something for sessions of a user that are not over, until an instant; once, however often it comes.

        Durable on return. Of more than `domain.telling` has as limits, the user's oldest goes, and it is remembered
        for each session that it waited for that something did.

        Raises:
            KeyReused: Something else waits under its id, or the same of another teller.
        """

    async def waiting(self, session: SessionId, limit_bytes: int) -> ToldLater:
        """Give what waits, the oldest first, at least one, within a size; no more than that is read."""

    async def took(self, user: UserId, session: SessionId, ids: Sequence[SendKey], lost: int = 0) -> None:
        """Keep these no more for a session of a user, nor that what `lost` names is gone: what went later still is.

        Durable on return; what is not there is passed over.
        """

    async def forget(self, before: Instant) -> int:
        """Drop what was to wait no longer than an instant; give how much."""
