"""Calls as those who take part in them see them."""

from typing import Literal

from msgspec import Struct

from unisono.domain.facts import CallReason, Label, Media
from unisono.domain.ids import CallId, ConversationId, DeviceId, Instant, Json, SessionId, UserId

CallState = Literal["ringing", "answered", "ended"]


class EndView(Struct, frozen=True, omit_defaults=True):
    """Who is in a call, since when and with which session. `shown` is the device, told to its own user alone."""

    user: UserId
    session: SessionId
    since: Instant
    shown: Label | None = None


class CallView(Struct, frozen=True, omit_defaults=True):
    """A call as it is for one user.

    `revision` grows with each change: a view with a lower one is older. `users` are those who were called, `ringing`
    those of them who are rung now, `declined` those who do not want it; `silent` are devices of this user that do not
    ring. `ends` are those who are in it. Of a call that `ended`, `reason` says why, and `by` who did it.
    """

    call: CallId
    revision: int
    state: CallState
    caller: UserId
    users: tuple[UserId, ...]
    media: Media
    began_at: Instant
    rings_until: Instant
    conversation: ConversationId | None = None
    data: Json = None
    ringing: tuple[UserId, ...] = ()
    ends: tuple[EndView, ...] = ()
    declined: tuple[UserId, ...] = ()
    silent: tuple[DeviceId, ...] = ()
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    reason: CallReason | None = None
    by: UserId | None = None


class IceServer(Struct, frozen=True, omit_defaults=True):
    """A server that helps two ends to find a way to each other, as `RTCPeerConnection` takes it."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None
