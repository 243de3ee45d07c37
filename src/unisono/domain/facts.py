"""What has happened, named in the past tense. A fact never leaves its place.

Nor does it change, but for one thing: what a message says is rewritten when it is edited or recalled (`revisions`).
Those that are `Caused` say which session did it.

Facts of a conversation's stream: `ConversationCreated`, `ConversationChanged`, `MessagePlaced`, `MessageRevised`,
`MessageRecalled`, `MessageReacted`, `MembersJoined`, `MembersLeft`, `MemberChanged`, `MembersRestricted`,
`ConversationEnded`, and those of `thread_facts`.
Facts of a user's stream: `ConversationEntered`, `ConversationExited`, `ConversationMade`, `ReadMarkMoved`,
`MarkedUnread`, `LevelSet`, `DeliveredTo`, `ReadBy`, `SessionOpened`, `SessionEnded`, `ObjectSet`, `ObjectDropped`,
`CallEnded`, and those of `arrangement` and `contact_facts`.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from unisono.domain.arrangement import Arrangement, Quietness
from unisono.domain.contact_facts import ContactFact
from unisono.domain.ids import (
    NO_SEQ,
    CallId,
    Checkpoint,
    ConversationId,
    DeviceId,
    Epoch,
    Instant,
    Json,
    ObjectName,
    Platform,
    SendKey,
    Seq,
    SessionId,
    StreamKey,
    Tag,
    UserId,
)
from unisono.domain.origin import Caused
from unisono.domain.thread_facts import Parent, ThreadFact

ConversationKind = Literal["direct", "group", "room", "temporary", "service", "thread"]
ContentType = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
TEXT: ContentType = -1
Base64 = Annotated[str, Meta(pattern=r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?(?![\s\S])")]
Role = Literal["owner", "manager", "member"]
Joining = Literal["invited", "open"]
Level = Literal["all", "mentions", "none"]
Restriction = Literal["blocked", "silenced"]
Finish = Literal["expired", "dissolved"]
Reach = Literal["subscribers", "all"]
Media = Literal["audio", "video"]
CallReason = Literal["hung_up", "cancelled", "declined", "busy", "timeout", "failed"]
EndReason = Literal["logged_out", "closed", "displaced", "replaced", "revoked", "expired"]


class Content(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a message says.

    `type` is negative for the built-in kinds (-1 text, -2 image, -3 audio, -4 video, -5 location, -6 file), positive
    for the application's own (LeanCloud v3 rule, rows L117 ff.); 0 is reserved. `attributes` travel with any type;
    `data` and `binary`, which is base64 in every encoding, belong to the type.
    """

    type: ContentType = -1
    text: str | None = None
    attributes: dict[str, Json] | None = None
    data: dict[str, Json] | None = None
    binary: Base64 | None = None


class Rules(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The least role that may: add members, remove them, change name and attributes, call everybody, and restrict."""

    add: Role = "member"
    remove: Role = "manager"
    update: Role = "member"
    mention_all: Role = "member"
    restrict: Role = "manager"


class Label(Struct, frozen=True, omit_defaults=True):
    """How a device shows itself to people: shown to its user's other sessions and to one it displaces."""

    platform: Platform
    label: str | None = None
    info: str | None = None


class ConversationCreated(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="created"):
    """A conversation began. Always seq 1 of its stream. Its creator is its owner, if its kind has one.

    It ends at `expires_at`, if its kind expires; with `keeps_history` it is a room that keeps what is said in it.
    `audience` says whom one of the operator's is for, `parent` what a thread is under.
    """

    by: UserId
    of: ConversationKind
    members: tuple[UserId, ...]
    name: str | None = None
    attributes: dict[str, Json] | None = None
    is_unique: bool = False
    joining: Joining = "invited"
    rules: Rules = Rules()
    expires_at: Instant | None = None
    keeps_history: bool = False
    audience: Reach | None = None
    parent: Parent | None = None


class ConversationChanged(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="changed"):
    """The conversation is another: what is left out stays. An empty `name` is none.

    First the paths in `unset` are taken out of the attributes, then those in `set` are put in.
    """

    by: UserId
    name: str | None = None
    set: dict[str, Json] | None = None
    unset: tuple[str, ...] = ()
    joining: Joining | None = None
    rules: Rules | None = None


class MessagePlaced(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="message"):
    """A message got its place. `key` is the sender's own, by which the sending tab knows its message again.

    `mentions` names users, `mention_all` everybody. `reply_to` is the seq of the message that this one answers.
    `receipt` asks to be told who got and who read it. `push` is what a push notification is to carry.

    The content is the present one: `revision` is the seq of the fact that changed it last, at `revised_at`, and a
    message that `is_recalled` has none left.
    """

    sender: UserId
    key: SendKey
    content: Content
    mentions: tuple[UserId, ...] = ()
    mention_all: bool = False
    reply_to: Seq | None = None
    receipt: bool = False
    push: dict[str, Json] | None = None
    revision: Seq | None = None
    revised_at: Instant | None = None
    is_recalled: bool = False


class MessageRevised(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="revised"):
    """The message at `message` was edited. When it changed again since, nothing is left in this `content`."""

    message: Seq
    by: UserId
    content: Content
    mentions: tuple[UserId, ...] = ()
    mention_all: bool = False


class MessageRecalled(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="recalled"):
    """The message at `message` was taken back: its content is gone."""

    message: Seq
    by: UserId


class MessageReacted(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="reacted"):
    """A member put a reaction to the message at `message`, or took it away."""

    message: Seq
    by: UserId
    reaction: str
    is_on: bool


class MembersJoined(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="joined"):
    """Users became members: of themselves when `by` is the only one of `users`, else by invitation."""

    users: tuple[UserId, ...]
    by: UserId


class MembersLeft(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="left"):
    """Users are members no more: of themselves when `by` is the only one of `users`, else removed."""

    users: tuple[UserId, ...]
    by: UserId


class MemberChanged(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="member_changed"):
    """A member has another role, or other attributes; what is left out stays."""

    user: UserId
    by: UserId
    role: Role | None = None
    attributes: dict[str, Json] | None = None


class MembersRestricted(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="restricted"):
    """Users may not be members (`blocked`) or not speak (`silenced`) until an instant, else for ever; or may again."""

    users: tuple[UserId, ...]
    by: UserId
    what: Restriction
    is_on: bool
    until: Instant | None = None


class ConversationEnded(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="ended"):
    """The conversation is over: its time was up, or its owner (`by`) dissolved it. All members have left with that."""

    reason: Finish
    by: UserId | None = None


class ConversationEntered(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="entered"):
    """This user became a member, at `seq` of the conversation's stream: from there on they see it.

    Of a thread `parent` says what it is under.
    """

    conversation: ConversationId
    seq: Seq
    by: UserId
    parent: Parent | None = None


class ConversationExited(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="exited"):
    """This user is a member no more; facts up to `seq` of the conversation's stream stay readable to them.

    Nobody did it (no `by`) when the conversation ended, or the group that a thread, with its `parent`, is under was
    left.
    """

    conversation: ConversationId
    seq: Seq
    by: UserId | None = None
    parent: Parent | None = None


class ConversationMade(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="made"):
    """This user created a conversation that has no list of members, and so did not enter it by that."""

    conversation: ConversationId
    of: ConversationKind


class ReadMarkMoved(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="read"):
    """This user has read the conversation up to `seq`. Never moves back.

    Of what stood there up to `head`, `unread` messages of others are left, with `mentions` calls to the user.
    """

    conversation: ConversationId
    seq: Seq
    head: Seq
    unread: int = 0
    mentions: int = 0


class MarkedUnread(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="marked_unread"):
    """This user wishes to come back to the conversation. Reading ends it."""

    conversation: ConversationId


class DeliveredTo(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="delivered_to"):
    """A device of `user` has this user's messages up to `seq` that asked for a receipt: their first one, told once.

    Those up to `after` were told before, or are from before `user` came.
    """

    conversation: ConversationId
    seq: Seq
    user: UserId
    after: Seq = NO_SEQ


class ReadBy(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="read_by"):
    """Another user has read this user's messages up to `seq` that asked for a receipt.

    Those up to `after` were told before, or are from before `user` came.
    """

    conversation: ConversationId
    seq: Seq
    user: UserId
    after: Seq = NO_SEQ


class LevelSet(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="level"):
    """This user wants to be alerted of all messages of a conversation, of those that mention them, or of none."""

    conversation: ConversationId
    level: Level


class ObjectSet(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="object_set"):
    """The user keeps a value under a name. Its revision is this fact's seq; `key` is that of the session that set it.

    When something else happened to the name since, it `is_superseded` and nothing is left of the value.
    """

    name: ObjectName
    key: SendKey
    value: Json = None
    is_superseded: bool = False


class ObjectDropped(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="object_dropped"):
    """The user keeps nothing under a name any more."""

    name: ObjectName
    key: SendKey


class SessionOpened(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="session_opened"):
    """One of this user's devices logged in."""

    session: SessionId
    device: DeviceId
    shown: Label
    tag: Tag | None = None


class SessionEnded(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="session_ended"):
    """A login is over. `newcomer` names the device that took the slot, when one did, `why` what the operator said."""

    session: SessionId
    device: DeviceId
    reason: EndReason
    newcomer: Label | None = None
    why: str | None = None


class CallEnded(Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="call_ended"):
    """A call that this user began, or was called by, is over. `joined` are those called who were in it.

    One `is_missed` that rang for this user, and that they neither took nor declined, unless they were busy. `by` ended
    it, if anybody did.
    """

    call: CallId
    caller: UserId
    users: tuple[UserId, ...]
    media: Media
    reason: CallReason
    began_at: Instant
    joined: tuple[UserId, ...] = ()
    conversation: ConversationId | None = None
    answered_at: Instant | None = None
    by: UserId | None = None
    is_missed: bool = False


ConversationFact = (
    ConversationCreated
    | MessagePlaced
    | MembersJoined
    | MembersLeft
    | MessageRevised
    | MessageRecalled
    | MessageReacted
    | ConversationChanged
    | MemberChanged
    | MembersRestricted
    | ConversationEnded
    | ThreadFact
)
UserFact = (
    ConversationEntered
    | ConversationExited
    | ConversationMade
    | ReadMarkMoved
    | MarkedUnread
    | ObjectSet
    | ObjectDropped
    | DeliveredTo
    | ReadBy
    | SessionOpened
    | SessionEnded
    | LevelSet
    | Arrangement
    | Quietness
    | CallEnded
    | ContactFact
)
Fact = ConversationFact | UserFact


class PlacedFact(Struct, frozen=True):
    """A fact with its place. `at` is server time, never smaller than that of the fact before it in the stream.

    `unseen_by` had deleted the message for themselves when its edit was committed, or read later: it is not theirs.
    """

    stream: StreamKey
    epoch: Epoch
    seq: Seq
    at: Instant
    checkpoint: Checkpoint
    fact: Fact
    unseen_by: frozenset[UserId] = frozenset()
