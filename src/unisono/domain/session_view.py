"""Sessions as their user sees them."""

from typing import Literal

from msgspec import Struct

from unisono.domain.facts import Label
from unisono.domain.ids import DeviceId, Instant, SessionId, TabId, Tag


class TabView(Struct, frozen=True, omit_defaults=True):
    """A tab or window that shares a session, as its client tells: since when, and how it shows itself to people."""

    tab: TabId
    since: Instant | None = None
    label: str | None = None


class SessionView(Struct, frozen=True, omit_defaults=True):
    """One of a user's sessions. `seen_at` is when it last spoke, `tabs` are those that share it, while it is live."""

    session: SessionId
    device: DeviceId
    shown: Label
    state: Literal["live", "detached"]
    opened_at: Instant
    seen_at: Instant
    tag: Tag | None = None
    address: str | None = None
    is_this: bool = False
    tabs: tuple[TabView, ...] = ()
