"""Who asks."""

from msgspec import Struct

from unisono.domain.ids import Fence, SessionId, TabId, UserId


class Caller(Struct, frozen=True):
    """A greeted connection: its user and session, or neither (row S13)."""

    user: UserId | None = None
    session: SessionId | None = None
    tab: TabId | None = None
    fence: Fence = Fence(0)


class Member(Struct, frozen=True):
    """A caller that has a user."""

    user: UserId
    session: SessionId
