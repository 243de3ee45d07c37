"""What may be asked, as the protocol says it; the tag stands in `op`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from unisono_sdk.facts import Content, Json, Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFrame:
    """A device as it logs in."""

    id: str
    platform: str
    label: str | None = None
    info: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Base of all operations."""

    op: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Login(Command):
    """Open a session, named by `login`: repeating a lost login with the same name is no second one.

    The repetition says a higher `fence`, so that the lost one cannot take the session when it comes late.
    """

    op: ClassVar[str] = "login"
    device: DeviceFrame
    login: str
    token: str | None = None
    user: str | None = None
    tag: str | None = None
    fence: int | None = None
    tab: str | None = None
    sdk: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Command):
    """Carry on a session on a new connection."""

    op: ClassVar[str] = "resume"
    session: str
    resume_token: str
    fence: int | None = None
    tab: str | None = None
    sdk: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Logout(Command):
    """End this session."""

    op: ClassVar[str] = "logout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping(Command):
    """Ask for a sign of life."""

    op: ClassVar[str] = "ping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync(Command):
    """Ask which of my streams moved after a checkpoint."""

    op: ClassVar[str] = "sync"
    checkpoint: int = 0
    after: str | None = None
    limit: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadStream(Command):
    """Ask for facts of a stream, those after `after`."""

    op: ClassVar[str] = "read"
    stream: str
    after: int
    limit: int = 100
    epoch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateConversation(Command):
    """Begin a conversation of the caller and `members`."""

    op: ClassVar[str] = "create"
    key: str
    of: str = "group"
    members: tuple[str, ...] = ()
    name: str | None = None
    attributes: Mapping[str, Json] | None = None
    unique: bool | None = None
    joining: str | None = None
    rules: Rules | None = None
    ttl_s: int | None = None
    keeps_history: bool = False
    grant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetConversation(Command):
    """Ask for one conversation."""

    op: ClassVar[str] = "conversation"
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListConversations(Command):
    """Ask for my conversations, a page at a time."""

    op: ClassVar[str] = "conversations"
    after: str | None = None
    limit: int = 100
    pinned: bool = False
    mark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMembers(Command):
    """Make users members."""

    op: ClassVar[str] = "add"
    conversation: str
    users: tuple[str, ...]
    grant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMembers(Command):
    """Make members leave."""

    op: ClassVar[str] = "remove"
    conversation: str
    users: tuple[str, ...]
    grant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Command):
    """Become a member."""

    op: ClassVar[str] = "join"
    conversation: str
    grant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quit(Command):
    """Cease to be a member."""

    op: ClassVar[str] = "quit"
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessage(Command):
    """Place a message. Repeating the key gives the first place again."""

    op: ClassVar[str] = "send"
    conversation: str
    key: str
    content: Content
    transient: bool = False
    mentions: tuple[str, ...] = ()
    mention_all: bool = False
    reply_to: int | None = None
    receipt: bool = False
    push: Mapping[str, Json] | None = None
    priority: str = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkDelivered(Command):
    """Tell that this device has the messages up to `seq`."""

    op: ClassVar[str] = "mark_delivered"
    conversation: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GetReceipts(Command):
    """Ask who got and who read my message."""

    op: ClassVar[str] = "receipts"
    conversation: str
    message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkAllRead(Command):
    """Move my read marks to the end of these conversations; without any, of all."""

    op: ClassVar[str] = "mark_all_read"
    conversations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkUnread(Command):
    """Note that I wish to come back to a conversation."""

    op: ClassVar[str] = "mark_unread"
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMissed(Command):
    """Ask for the messages that wait for me."""

    op: ClassVar[str] = "missed"
    after: str | None = None
    limit: int = 20
    each: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class GetUnread(Command):
    """Ask what waits for me."""

    op: ClassVar[str] = "unread"
    after: str | None = None
    limit: int = 100
    conversation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditMessage(Command):
    """Give my message at seq `message` another content."""

    op: ClassVar[str] = "edit"
    conversation: str
    message: int
    content: Content
    mentions: tuple[str, ...] = ()
    mention_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallMessage(Command):
    """Take my message back."""

    op: ClassVar[str] = "recall"
    conversation: str
    message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class React(Command):
    """Put a reaction to a message, or take mine away."""

    op: ClassVar[str] = "react"
    conversation: str
    message: int
    reaction: str
    on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TellTyping(Command):
    """Tell the other members that I began, or ceased, to write."""

    op: ClassVar[str] = "typing"
    conversation: str
    is_typing: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GetHistory(Command):
    """Ask for messages before or after a place or a time; without either, the newest."""

    op: ClassVar[str] = "history"
    conversation: str
    before: int | None = None
    after: int | None = None
    limit: int = 20
    before_at: int | None = None
    after_at: int | None = None
    type: int | None = None
    direction: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRead(Command):
    """Move my read mark."""

    op: ClassVar[str] = "mark_read"
    conversation: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSessions(Command):
    """Ask for my sessions, a page at a time."""

    op: ClassVar[str] = "sessions"
    after: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSession(Command):
    """End one of my sessions."""

    op: ClassVar[str] = "close_session"
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseDevice(Command):
    """End all my sessions of one device."""

    op: ClassVar[str] = "close_device"
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPresence(Command):
    """Ask once who of some users is there."""

    op: ClassVar[str] = "presence"
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch(Command):
    """Be told on this link when these users come or go."""

    op: ClassVar[str] = "watch"
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwatch(Command):
    """Be told no more."""

    op: ClassVar[str] = "unwatch"
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterRoom(Command):
    """Be in a room with a tab."""

    op: ClassVar[str] = "enter"
    conversation: str
    tab: str | None = None
    grant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveRoom(Command):
    """Be in a room no more with a tab."""

    op: ClassVar[str] = "leave"
    conversation: str
    tab: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPeople(Command):
    """Ask how many people there are."""

    op: ClassVar[str] = "count"
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveWill(Command):
    """Leave a message, to be sent if this session is lost."""

    op: ClassVar[str] = "will"
    conversation: str
    key: str
    content: Content
    transient: bool = False
    mentions: tuple[str, ...] = ()
    mention_all: bool = False
    push: Mapping[str, Json] | None = None
    priority: str = "normal"
    after_s: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class DropWill(Command):
    """Take back what this session left."""

    op: ClassVar[str] = "no_will"
