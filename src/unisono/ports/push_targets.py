"""Push targets: the way by which each device gets push notifications."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from unisono.domain.ids import DeviceId, SessionId, UserId


class PushTarget(Struct, frozen=True):
    """A device, the provider that reaches it, and what that provider knows it by."""

    device: DeviceId
    provider: str
    token: str


class PushTargets(Protocol):
    """Push targets of one app. One outlives its session when that runs out or the device logs in again.

    Any other end of a session of the device (`pushing.FORGETTING`) drops it in the same transaction, and so does
    voiding the credential of the session that registered it, by name or by time of issue.
    """

    async def keep(self, session: SessionId, provider: str, token: str, limit: int) -> None:
        """Keep the target of a session's device, in place of an earlier one of it. Durable on return.

        A device that had this token, whoever's it was, has it no more. Of more than `limit` targets of the user, those
        registered first are dropped.

        Raises:
            SessionUnknown: The session is over, or there is none.
        """

    async def drop(self, session: SessionId) -> None:
        """Forget the target of a session's device. None is no fault."""

    async def forget(self, user: UserId, device: DeviceId | None = None) -> None:
        """Forget the targets of a user, or that of one device. None is no fault."""

    async def of_user(self, user: UserId) -> Sequence[PushTarget]:
        """List the targets of a user, by device."""

    async def of_users(self, users: Sequence[UserId]) -> Mapping[UserId, Sequence[PushTarget]]:
        """List the targets of each of these users, by device; without those who have none."""
