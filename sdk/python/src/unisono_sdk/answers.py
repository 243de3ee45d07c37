"""What comes back for a request, as the protocol says it; the tag stands in `kind`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from unisono_sdk.call_frames import AnswerAboutCalls
from unisono_sdk.contact_commands import AnswerAboutMine
from unisono_sdk.facts import DEFAULT_RULES, Json, Label, MessagePlaced, Rules, SeqFact
from unisono_sdk.passing import AnswerAboutTelling, Presence
from unisono_sdk.silence import Silence
from unisono_sdk.tabs import SeatView, TabView
from unisono_sdk.thread_facts import Parent
from unisono_sdk.upload import Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """A session is live on this connection; what is committed after `checkpoint` is pushed."""

    kind: ClassVar[str] = "welcome"
    heartbeat_s: int
    server: str
    checkpoint: int
    epoch: int
    user: str | None = None
    session: str | None = None
    tab: str | None = None
    resume_token: str | None = None
    fence: int = 0
    token_expires_at: int | None = None
    seats: tuple[SeatView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """It is so now."""

    kind: ClassVar[str] = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong:
    """A sign of life."""

    kind: ClassVar[str] = "pong"
    checkpoint: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamHead:
    """How far a stream has come for me."""

    stream: str
    epoch: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """My streams that moved."""

    kind: ClassVar[str] = "moved"
    heads: tuple[StreamHead, ...]
    checkpoint: int
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts of one stream that were read."""

    kind: ClassVar[str] = "facts"
    stream: str
    epoch: int
    facts: tuple[SeqFact, ...]
    head: int
    oldest: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOver:
    """What I hold of a stream cannot be continued (epoch_changed, ahead, trimmed); what is given can be read anew."""

    kind: ClassVar[str] = "start_over"
    stream: str
    epoch: int
    first: int
    until: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The message is durable and has its place."""

    kind: ClassVar[str] = "placed"
    stream: str
    epoch: int
    seq: int
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The transient message was passed on to who is here."""

    kind: ClassVar[str] = "passed"
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationView:
    """A conversation as its member sees it."""

    kind: ClassVar[str] = "conversation"
    conversation: str
    of: str
    creator: str
    created_at: int
    updated_at: int
    epoch: int
    head: int
    read: int
    name: str | None = None
    attributes: Mapping[str, Json] | None = None
    members: tuple[str, ...] = ()
    is_new: bool = False
    unique: bool = False
    count: int = 0
    role: str | None = None
    level: str = "all"
    joining: str = "invited"
    rules: Rules = DEFAULT_RULES
    expires_at: int | None = None
    keeps_history: bool = False
    unread: int = 0
    is_marked_unread: bool = False
    last_message_at: int | None = None
    last: "HistoryEntry | None" = None
    pinned_at: int | None = None
    marks: tuple[str, ...] = ()
    silence: Silence | None = None
    is_muted: bool = False
    parent: Parent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundConversations:
    """The conversations asked for, in order."""

    kind: ClassVar[str] = "found"
    conversations: tuple[ConversationView, ...]
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversations:
    """A page of my conversations."""

    kind: ClassVar[str] = "conversations"
    conversations: tuple[ConversationView, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Who is a member after the change."""

    kind: ClassVar[str] = "membership"
    conversation: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionCount:
    """How many members put a reaction to a message, and whether I am one of them."""

    reaction: str
    count: int
    is_mine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member, or a restricted user with `until` when (milliseconds since 1970-01-01 UTC), None for ever.

    Of the members: the seqs up to which a device of theirs `delivered`, and they `read`, what was said; 0 for nothing.
    """

    user: str
    role: str = "member"
    attributes: Mapping[str, Json] | None = None
    until: int | None = None
    delivered: int = 0
    read: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Users on a list, by user id."""

    kind: ClassVar[str] = "members"
    conversation: str
    members: tuple[Member, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """A message in history."""

    seq: int
    at: int
    message: MessagePlaced
    reactions: tuple[ReactionCount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMessage:
    """A message that was found, as it is now."""

    conversation: str
    seq: int
    at: int
    message: MessagePlaced


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMessages:
    """Messages that have what was looked for, the newest first; `next` asks for the following page."""

    kind: ClassVar[str] = "messages"
    messages: tuple[FoundMessage, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Messages in rising order."""

    kind: ClassVar[str] = "history"
    conversation: str
    messages: tuple[HistoryEntry, ...]
    has_more: bool
    trimmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMark:
    """My read mark after the command."""

    kind: ClassVar[str] = "read_mark"
    conversation: str
    seq: int
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """Who of the others got and who read a message of mine; `of` so many."""

    kind: ClassVar[str] = "receipts"
    conversation: str
    message: int
    delivered: tuple[str, ...]
    read: tuple[str, ...]
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadConversation:
    """A conversation in which something waits for me; `last` is its newest message."""

    conversation: str
    unread: int
    head: int
    read: int
    mentions: int = 0
    is_marked_unread: bool = False
    last: HistoryEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """What waits for me, in all and by conversation."""

    kind: ClassVar[str] = "unread"
    total: int
    mentions: int
    conversations: tuple[UnreadConversation, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Places, from `first` to `until`, whose messages are left out: the history has them."""

    first: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedConversation:
    """What waits in a conversation: its newest messages that I have not read, in rising order, with `gap` before."""

    conversation: str
    messages: tuple[HistoryEntry, ...]
    gap: Gap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Messages that wait for me, by conversation."""

    kind: ClassVar[str] = "missed"
    conversations: tuple[MissedConversation, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """One of my sessions. `state` is live or detached; `tabs` share it, where it is one of a browser."""

    session: str
    device: str
    shown: Label
    state: str
    opened_at: int
    seen_at: int
    tag: str | None = None
    address: str | None = None
    is_this: bool = False
    tabs: tuple[TabView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """My sessions that are not over; `next` asks for the following page."""

    kind: ClassVar[str] = "sessions"
    sessions: tuple[SessionView, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presences:
    """Who is there, in the order asked for."""

    kind: ClassVar[str] = "presences"
    presences: tuple[Presence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many people are in a room now, and with how many sessions; or how many members a conversation has."""

    kind: ClassVar[str] = "count"
    conversation: str
    users: int
    sessions: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownAnswer:
    """An answer of a newer server."""

    kind: str
    fields: Mapping[str, Json] = field(default_factory=dict)


KnownAnswer = (
    Welcome
    | Done
    | Pong
    | Moved
    | Facts
    | StartOver
    | Placed
    | Passed
    | ConversationView
    | Conversations
    | Membership
    | History
    | ReadMark
    | Receipts
    | Unread
    | Sessions
    | Presences
    | Members
    | Count
    | Missed
    | FoundConversations
    | FoundMessages
    | Upload
    | AnswerAboutMine
    | AnswerAboutCalls
    | AnswerAboutTelling
)
Answer = KnownAnswer | UnknownAnswer
