"""What passes by without a place: nobody who was away hears of it later, and under load it may be dropped.

Facts are for what matters tomorrow; events are for what matters now. A decision asks for them with a `Signal`.
"""

from typing import Final, Literal

from msgspec import Struct

from unisono.domain.call_view import CallView
from unisono.domain.facts import MessagePlaced
from unisono.domain.ids import (
    CallId,
    ConversationId,
    Instant,
    Json,
    Platform,
    Seq,
    SessionId,
    StreamKey,
    TabId,
    UserId,
)
from unisono.domain.session_view import TabView
from unisono.domain.told import Asked, Told, ToldLater

Priority = Literal["high", "normal", "low"]
DEFAULT_PRIORITY: Final[Priority] = "normal"


class TransientMessage(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="message"):
    """A message that is not kept, else as any other; or one of a room, whose place `seq` is where the room keeps it.

    One that is recalled there comes again at its place, without its content.
    """

    conversation: ConversationId
    at: Instant
    message: MessagePlaced
    seq: Seq | None = None


class Typing(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="typing"):
    """A member began, or ceased, to write a message."""

    conversation: ConversationId
    user: UserId
    is_typing: bool


class Presence(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="presence"):
    """A user who is watched came or went. `platforms` are those of the sessions; `seen_at` is known of who went."""

    user: UserId
    state: Literal["online", "offline"]
    platforms: tuple[Platform, ...] = ()
    seen_at: Instant | None = None


class PutOut(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="put_out"):
    """This session is in a room no more, with any of its tabs: its user was blocked there."""

    conversation: ConversationId


class TabsChanged(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="tabs"):
    """Other tabs share one of my sessions now."""

    session: SessionId
    tabs: tuple[TabView, ...] = ()


class TabClosed(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="tab_closed"):
    """A tab of this session is to go; `why` is what the operator said who closed it."""

    tab: TabId
    why: str | None = None


class CallChanged(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="call"):
    """A call of mine rings, or is another than before: all of it, as it is now."""

    call: CallView


class CallSignalled(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="call_signal"):
    """The other end of a call that this session is in tells something."""

    call: CallId
    user: UserId
    session: SessionId
    data: Json = None


Event = (
    TransientMessage
    | Typing
    | Presence
    | PutOut
    | TabsChanged
    | TabClosed
    | Told
    | Asked
    | ToldLater
    | CallChanged
    | CallSignalled
)


class Signal(Struct, frozen=True):
    """An event for those who see a stream: the members of its conversation, on all their sessions but `not_to`'s.

    With `in_room`, for the sessions that are in a room, whoever they are; with `sessions`, for those alone.
    """

    stream: StreamKey
    event: Event
    priority: Priority = DEFAULT_PRIORITY
    not_to: UserId | None = None
    in_room: ConversationId | None = None
    sessions: tuple[SessionId, ...] | None = None


class Stir(Struct, frozen=True):
    """A hint that sessions of a user came or went. Whoever watches the user looks; nobody relies on it."""

    user: UserId


class Eviction(Struct, frozen=True):
    """Users may be in a room no more. Who misses it cannot speak there, and is out when they come back."""

    room: ConversationId
    users: tuple[UserId, ...]


class Replied(Struct, frozen=True):
    """What a session answered to what it was asked; whoever asked listens on one of the nodes."""

    id: str
    data: Json = None
    error: str | None = None


Passing = Signal | Stir | Eviction | Replied
