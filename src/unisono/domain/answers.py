"""What the use cases give back. Every door translates from these."""

from typing import Literal

from msgspec import Struct

from unisono.domain.answer import Answer as Answer  # noqa: PLC0414  (whoever translates answers finds their base here)
from unisono.domain.call_answers import CallAnswer, Calls, Claimed, TurnServers
from unisono.domain.events import Presence
from unisono.domain.facts import ConversationKind, Fact, Joining, Level, MessagePlaced, Role, Rules
from unisono.domain.ids import (
    NO_SEQ,
    Checkpoint,
    ConversationId,
    Epoch,
    Fence,
    Instant,
    Json,
    PageMark,
    Seq,
    SessionId,
    StreamKey,
    TabId,
    UserId,
)
from unisono.domain.kept import Objects as Objects  # noqa: PLC0414  (whoever translates answers finds it here)
from unisono.domain.seats import Seat
from unisono.domain.session_view import SessionView
from unisono.domain.silence import Silence
from unisono.domain.thread_facts import Parent
from unisono.domain.ties import Contacts, WritingRule
from unisono.domain.told import Addressed, Answered
from unisono.domain.upload import Upload as Upload  # noqa: PLC0414  (one of the answers, as any other)


class StreamHead(Struct, frozen=True):
    """How far a stream has come for the reader: for a former member, up to where they left."""

    stream: StreamKey
    epoch: Epoch
    seq: Seq


class Welcome(Answer, frozen=True, tag="welcome"):
    """A session is live on this connection.

    `user` is decided by the server. `resume_token` is given at login only. `heartbeat_s` is the longest silence the
    server bears; the client pings within it. `checkpoint` is where live delivery begins: everything after it is pushed.
    `seats` are the rooms that the session is in again by itself.
    """

    heartbeat_s: int
    server: str
    checkpoint: Checkpoint
    epoch: Epoch
    user: UserId | None = None
    session: SessionId | None = None
    tab: TabId | None = None
    resume_token: str | None = None
    fence: Fence = Fence(0)
    token_expires_at: Instant | None = None
    seats: tuple[Seat, ...] = ()


class Done(Answer, frozen=True, tag="done"):
    """It is so now."""


class Pong(Answer, frozen=True, tag="pong"):
    """A sign of life, with the checkpoint everything pushed so far leads to."""

    checkpoint: Checkpoint


class Moved(Answer, frozen=True, tag="moved"):
    """My streams that moved after the checkpoint asked for, by stream key; `next` asks for the following page.

    When the last page was read, everything up to `checkpoint` is accounted for.
    """

    heads: tuple[StreamHead, ...]
    checkpoint: Checkpoint
    next: StreamKey | None = None


class SeqFact(Struct, frozen=True):
    """A fact in its stream."""

    seq: Seq
    at: Instant
    fact: Fact


class Facts(Answer, frozen=True, tag="facts", omit_defaults=True):
    """Facts of one stream, in order and without holes after the seq asked for; `head` tells if there are more.

    Those before `oldest` are kept no longer.
    """

    stream: StreamKey
    epoch: Epoch
    facts: tuple[SeqFact, ...]
    head: Seq
    oldest: Seq = Seq(1)


class StartOver(Answer, frozen=True, tag="start_over"):
    """What the reader holds of a stream cannot be continued: drop it, and read `first` to `until` anew if it matters.

    `reason`: reached in another epoch, or beyond the end (an older copy was restored), or what follows is not kept.
    """

    stream: StreamKey
    epoch: Epoch
    first: Seq
    until: Seq
    reason: Literal["epoch_changed", "ahead", "trimmed"]


class Placed(Answer, frozen=True, tag="placed"):
    """The message is durable and has its place. The only acknowledgement of a send."""

    stream: StreamKey
    epoch: Epoch
    seq: Seq
    at: Instant


class Passed(Answer, frozen=True, tag="passed"):
    """The transient message was passed on to who is here. Whether it reached anybody is not known."""

    at: Instant


class ReactionCount(Struct, frozen=True, omit_defaults=True):
    """How many members put a reaction to a message, and whether the reader is one of them."""

    reaction: str
    count: int
    is_mine: bool = False


class HistoryEntry(Struct, frozen=True, omit_defaults=True):
    """A message in history, as it is now. The most frequent reactions come first."""

    seq: Seq
    at: Instant
    message: MessagePlaced
    reactions: tuple[ReactionCount, ...] = ()


class SilenceOfAll(Answer, frozen=True, tag="silence_of_all"):
    """When the user wants to hear less of all conversations; None for as usual."""

    silence: Silence | None = None


class ConversationView(Answer, frozen=True, tag="conversation"):
    """A conversation as its member sees it. `head` is the last seq, `read` the reader's own mark.

    `role` is the reader's; `count` says how many members there are; `is_muted`: whether they want no alerts now.
    `parent` says what a thread is under.
    """

    conversation: ConversationId
    of: ConversationKind
    creator: UserId
    created_at: Instant
    updated_at: Instant
    epoch: Epoch
    head: Seq
    read: Seq
    name: str | None = None
    attributes: dict[str, Json] | None = None
    members: tuple[UserId, ...] = ()
    is_new: bool = False
    unique: bool = False
    unread: int = 0
    is_marked_unread: bool = False
    count: int = 0
    role: Role | None = None
    level: Level = "all"
    joining: Joining = "invited"
    rules: Rules = Rules()
    expires_at: Instant | None = None
    keeps_history: bool = False
    last_message_at: Instant | None = None
    last: HistoryEntry | None = None
    pinned_at: Instant | None = None
    marks: tuple[str, ...] = ()
    silence: Silence | None = None
    is_muted: bool = False
    parent: Parent | None = None


class FoundConversations(Answer, frozen=True, tag="found"):
    """The conversations asked for, in order; whether there are more behind them."""

    conversations: tuple[ConversationView, ...]
    has_more: bool


class FoundMessage(Struct, frozen=True):
    """A message that was found, as it is now."""

    conversation: ConversationId
    seq: Seq
    at: Instant
    message: MessagePlaced


class FoundMessages(Answer, frozen=True, tag="messages"):
    """Messages that have what was looked for, the newest first; `next` asks for the following page."""

    messages: tuple[FoundMessage, ...]
    next: PageMark | None = None


class Conversations(Answer, frozen=True, tag="conversations"):
    """My conversations, the oldest first, without their member lists; `next` asks for the following page."""

    conversations: tuple[ConversationView, ...]
    next: ConversationId | None = None


class Membership(Answer, frozen=True, tag="membership"):
    """Who is a member after the change; nobody, for a reader who is none then."""

    conversation: ConversationId
    members: tuple[UserId, ...]


class MemberView(Struct, frozen=True, omit_defaults=True):
    """A member as others see them; a restricted user, member or not, with `until` when, left out for ever.

    On the list of members it says how far they have read, and how far a device of theirs has what asked for receipts.
    """

    user: UserId
    role: Role = "member"
    attributes: dict[str, Json] | None = None
    until: Instant | None = None
    delivered: Seq = NO_SEQ
    read: Seq = NO_SEQ


class Members(Answer, frozen=True, tag="members"):
    """Who is asked for, by user id; `next` asks for the following page."""

    conversation: ConversationId
    members: tuple[MemberView, ...]
    next: UserId | None = None


class History(Answer, frozen=True, tag="history", omit_defaults=True):
    """Messages in rising order; `has_more` in the direction asked for.

    `trimmed` when older ones than these were asked for, too, and the operator's setting has removed them.
    """

    conversation: ConversationId
    messages: tuple[HistoryEntry, ...]
    has_more: bool
    trimmed: bool = False


class ReadMark(Answer, frozen=True, tag="read_mark"):
    """My read mark after the command, which may be further than asked, and how much is left unread."""

    conversation: ConversationId
    seq: Seq
    unread: int = 0


class Receipts(Answer, frozen=True, tag="receipts"):
    """Who of the other members got my message, on whatever device, and who read it; `of` so many."""

    conversation: ConversationId
    message: Seq
    delivered: tuple[UserId, ...]
    read: tuple[UserId, ...]
    of: int


class UnreadConversation(Struct, frozen=True, omit_defaults=True):
    """A conversation that has something for me: messages of others that I have not read, or my wish to come back.

    `head` and `read` are its last seq and my mark as of the count. `last` is its newest message.
    """

    conversation: ConversationId
    unread: int
    head: Seq
    read: Seq
    mentions: int = 0
    is_marked_unread: bool = False
    last: HistoryEntry | None = None


class Unread(Answer, frozen=True, tag="unread"):
    """What waits for me: in all, and by conversation, by id; `next` asks for the following page."""

    total: int
    mentions: int
    conversations: tuple[UnreadConversation, ...]
    next: ConversationId | None = None


class Gap(Struct, frozen=True):
    """Places, from `first` to `until`, whose messages are left out: the history has them."""

    first: Seq
    until: Seq


class MissedConversation(Struct, frozen=True, omit_defaults=True):
    """What waits in a conversation: its newest messages that I have not read, in rising order, with `gap` before."""

    conversation: ConversationId
    messages: tuple[HistoryEntry, ...]
    gap: Gap | None = None


class Missed(Answer, frozen=True, tag="missed"):
    """Messages that wait for me, by conversation, by id; `next` asks for the following page."""

    conversations: tuple[MissedConversation, ...]
    next: ConversationId | None = None


class Sessions(Answer, frozen=True, tag="sessions"):
    """A user's sessions that are not over, the oldest login first; `next` asks for the following page."""

    sessions: tuple[SessionView, ...]
    next: PageMark | None = None


class Presences(Answer, frozen=True, tag="presences"):
    """Who is there, in the order asked for; as the caller may see it."""

    presences: tuple[Presence, ...]


class Count(Answer, frozen=True, tag="count"):
    """How many people are in a room now, and with how many sessions; or how many members a conversation has."""

    conversation: ConversationId
    users: int
    sessions: int | None = None


AnyAnswer = (
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
    | FoundConversations
    | FoundMessages
    | Membership
    | History
    | ReadMark
    | Receipts
    | Unread
    | Sessions
    | Presences
    | Members
    | Count
    | Upload
    | Missed
    | Objects
    | SilenceOfAll
    | Claimed
    | Addressed
    | Answered
    | CallAnswer
    | Calls
    | TurnServers
    | Contacts
    | WritingRule
)
