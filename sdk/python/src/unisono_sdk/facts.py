"""What has happened, as the protocol says it; the tag stands in `kind`.

Fields carry the protocol's names. Instants are milliseconds since 1970-01-01 UTC; a seq counts from 1 in its stream.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from unisono_sdk.arrangement import Arrangement, Quietness
from unisono_sdk.contact_facts import ContactFact
from unisono_sdk.origin import Caused
from unisono_sdk.thread_facts import Parent, ThreadFact

Json = object
"""Any value that JSON can carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a message says.

    `type` is negative for built-in kinds (-1 text) and positive for the application's own; `attributes` go with any
    type, `data` and `binary` belong to the type.
    """

    type: int = -1
    text: str | None = None
    attributes: Mapping[str, Json] | None = None
    data: Mapping[str, Json] | None = None
    binary: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """How a device shows itself to people; `info` is free text of its application."""

    platform: str
    label: str | None = None
    info: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The least role that may do something: `owner`, `manager` or `member`.

    `update` is about name and attributes, `restrict` about blocking and silencing.
    """

    add: str = "member"
    remove: str = "manager"
    update: str = "member"
    mention_all: str = "member"
    restrict: str = "manager"


DEFAULT_RULES: Final = Rules()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationCreated(Caused):
    """A conversation began."""

    kind: ClassVar[str] = "created"
    by: str
    of: str
    members: tuple[str, ...]
    name: str | None = None
    attributes: Mapping[str, Json] | None = None
    is_unique: bool = False
    joining: str = "invited"
    rules: Rules = DEFAULT_RULES
    expires_at: int | None = None
    keeps_history: bool = False
    audience: str | None = None
    parent: Parent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePlaced:
    """A message got its place."""

    kind: ClassVar[str] = "message"
    sender: str
    key: str
    content: Content
    mentions: tuple[str, ...] = ()
    mention_all: bool = False
    reply_to: int | None = None
    receipt: bool = False
    push: Mapping[str, Json] | None = None
    revision: int | None = None
    revised_at: int | None = None
    is_recalled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRevised(Caused):
    """A message was edited; when it changed again since, nothing is left in this `content`."""

    kind: ClassVar[str] = "revised"
    message: int
    by: str
    content: Content
    mentions: tuple[str, ...] = ()
    mention_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecalled(Caused):
    """A message was taken back."""

    kind: ClassVar[str] = "recalled"
    message: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReacted(Caused):
    """A member put a reaction to a message, or took it away."""

    kind: ClassVar[str] = "reacted"
    message: int
    by: str
    reaction: str
    is_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersJoined(Caused):
    """Users became members."""

    kind: ClassVar[str] = "joined"
    users: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersLeft(Caused):
    """Users are members no more."""

    kind: ClassVar[str] = "left"
    users: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationChanged(Caused):
    """A conversation is another: what is left out stays; an empty name is none."""

    kind: ClassVar[str] = "changed"
    by: str
    name: str | None = None
    set: Mapping[str, Json] | None = None
    unset: tuple[str, ...] = ()
    joining: str | None = None
    rules: Rules | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChanged(Caused):
    """A member has another role, or other attributes."""

    kind: ClassVar[str] = "member_changed"
    user: str
    by: str
    role: str | None = None
    attributes: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersRestricted(Caused):
    """Users may not be members (`blocked`) or not speak (`silenced`), or may again."""

    kind: ClassVar[str] = "restricted"
    users: tuple[str, ...]
    by: str
    what: str
    is_on: bool
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationEnded(Caused):
    """A conversation is over, and all its members have left: `expired`, or `dissolved` by its owner."""

    kind: ClassVar[str] = "ended"
    reason: str
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationEntered(Caused):
    """I became a member, at `seq` of the conversation's stream."""

    kind: ClassVar[str] = "entered"
    conversation: str
    seq: int
    by: str
    parent: Parent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationExited(Caused):
    """I am a member no more; up to `seq` I may still read. Nobody did it when the conversation ended."""

    kind: ClassVar[str] = "exited"
    conversation: str
    seq: int
    by: str | None = None
    parent: Parent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationMade(Caused):
    """I created a conversation that has no list of members."""

    kind: ClassVar[str] = "made"
    conversation: str
    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMarkMoved(Caused):
    """I have read the conversation up to `seq`."""

    kind: ClassVar[str] = "read"
    conversation: str
    seq: int
    head: int
    unread: int = 0
    mentions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedUnread(Caused):
    """I wish to come back to the conversation."""

    kind: ClassVar[str] = "marked_unread"
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredTo:
    """A device of another has my messages up to `seq` that asked for a receipt; I knew of those up to `after`."""

    kind: ClassVar[str] = "delivered_to"
    conversation: str
    seq: int
    user: str
    after: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBy:
    """Another has read my messages up to `seq` that asked for a receipt; I knew of those up to `after`."""

    kind: ClassVar[str] = "read_by"
    conversation: str
    seq: int
    user: str
    after: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelSet(Caused):
    """I want to be alerted of `all` messages of a conversation, of those that mention me (`mentions`), or of `none`."""

    kind: ClassVar[str] = "level"
    conversation: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSet(Caused):
    """I keep a value under a name, unless it `is_superseded`: then nothing is left of it here."""

    kind: ClassVar[str] = "object_set"
    name: str
    key: str
    value: Json = None
    is_superseded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectDropped(Caused):
    """I keep nothing under a name any more."""

    kind: ClassVar[str] = "object_dropped"
    name: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """One of my devices logged in."""

    kind: ClassVar[str] = "session_opened"
    session: str
    device: str
    shown: Label
    tag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    """One of my logins is over."""

    kind: ClassVar[str] = "session_ended"
    session: str
    device: str
    reason: str
    newcomer: Label | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    """A call that I began, or was called by, is over."""

    kind: ClassVar[str] = "call_ended"
    call: str
    caller: str
    users: tuple[str, ...]
    media: str
    reason: str
    began_at: int
    joined: tuple[str, ...] = ()
    conversation: str | None = None
    answered_at: int | None = None
    by: str | None = None
    is_missed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownFact:
    """A fact of a kind that this SDK does not know: it has its place all the same."""

    kind: str
    fields: Mapping[str, Json] = field(default_factory=dict)


KnownFact = (
    ConversationCreated
    | MessagePlaced
    | MembersJoined
    | MembersLeft
    | MessageRevised
    | MessageRecalled
    | MessageReacted
    | ConversationEntered
    | ConversationExited
    | ConversationMade
    | ReadMarkMoved
    | MarkedUnread
    | DeliveredTo
    | ReadBy
    | ConversationChanged
    | MemberChanged
    | MembersRestricted
    | ConversationEnded
    | ThreadFact
    | LevelSet
    | ObjectSet
    | ObjectDropped
    | SessionOpened
    | SessionEnded
    | Arrangement
    | Quietness
    | CallEnded
    | ContactFact
)
Fact = KnownFact | UnknownFact


@dataclass(frozen=True, slots=True, kw_only=True)
class SeqFact:
    """A fact in its stream."""

    seq: int
    at: int
    fact: Fact
