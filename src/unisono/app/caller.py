"""Who asks."""

from msgspec import Struct

from unisono.domain.facts import Label
from unisono.domain.ids import DeviceId, Fence, SessionId, TabId, UserId


class Caller(Struct, frozen=True):
    """A greeted connection: its user and session, or neither (row S13), and where it speaks from."""

    user: UserId | None = None
    session: SessionId | None = None
    device: DeviceId | None = None
    shown: Label | None = None
    tab: TabId | None = None
    fence: Fence = Fence(0)
    address: str = ""
