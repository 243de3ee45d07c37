"""Decisions about what an application brings along from LeanCloud: conversations and what was said in them.

Each may be made again, with the same or with more: what is there stays as it is. Facts keep the time at which they
happened; a stream's times never fall, so what is older than its newest fact, and not there yet, cannot be taken over.
What cannot be is told, each with a code, and leaves no trace.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, structs

from unisono.domain.answers import Answer
from unisono.domain.attributes import NESTING_MAX, PREFIX, depth_of
from unisono.domain.commands.conversation import Name
from unisono.domain.conversation import Conversation, Decision, SenderKey, Snapshot
from unisono.domain.errors import Invalid, TooLarge
from unisono.domain.facts import (
    Content,
    ConversationChanged,
    ConversationCreated,
    ConversationEntered,
    ConversationKind,
    ConversationMade,
    LevelSet,
    MembersJoined,
    MessagePlaced,
    ReadMarkMoved,
    Rules,
)
from unisono.domain.ids import (
    IMPORTED,
    ConversationId,
    ConversationIdIn,
    Instant,
    InstantIn,
    Json,
    SendKey,
    Seq,
    UserId,
    UserIdIn,
    conversation_stream,
    read_thread_id,
    user_stream,
)
from unisono.domain.kinds import KINDS
from unisono.domain.membership import departure
from unisono.domain.placement import Draft
from unisono.domain.quotas import Quotas, check_attributes, check_content
from unisono.domain.revisions import EMPTY

SKEW_MS: Final = 300_000
"""How far LeanCloud's clock may be ahead of ours."""
MEMBERS_RULE: Final = Rules(remove="member")
"""What members of LeanCloud's conversations may: any of them adds and removes others, and changes the conversation."""
MESSAGE_ID_MAX_CHARS: Final = 120
_RECALLED: Final = -127

Found = Literal["new", "changed", "same"]
Why = Literal[
    "attribute_name",
    "attributes_too_large",
    "blocked_here",
    "changed_here",
    "content_invalid",
    "content_too_large",
    "conversation_over",
    "conversation_unknown",
    "from_the_future",
    "kind_without",
    "mute_of_stranger",
    "other_kind",
    "out_of_order",
    "owner_restricted",
    "refused",
    "role_of_stranger",
    "second_owner",
    "unique_taken",
    "user_erased",
]
"""Why something was not taken over, or not as it was."""

MessageId = Annotated[str, Meta(min_length=1, max_length=MESSAGE_ID_MAX_CHARS, pattern=r"^[!-~]+(?![\s\S])")]


class ImportedConversation(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A conversation as it was when it was exported. Of kinds that list no members `members` are subscribers."""

    conversation: ConversationIdIn
    of: Literal["group", "room", "temporary", "service"]
    creator: UserIdIn
    created_at: InstantIn
    updated_at: InstantIn
    members: tuple[UserIdIn, ...] = ()
    muted: tuple[UserIdIn, ...] = ()
    name: Name | None = None
    attributes: dict[str, Json] | None = None
    is_unique: bool = False
    expires_at: InstantIn | None = None


class ImportedMessage(Struct, frozen=True):
    """A message as LeanCloud kept it; `id` is the one that it gave."""

    id: str
    at: Instant
    sender: UserId
    content: Content
    mentions: tuple[UserId, ...] = ()
    mention_all: bool = False

    @property
    def key(self) -> SendKey:
        """Give the send key that its id makes."""
        return SendKey(IMPORTED + self.id)


class NotTaken(Struct, frozen=True, omit_defaults=True):
    """What was not taken over, or not as it was: of a conversation, a message (`id`) or a user in it."""

    conversation: ConversationId
    code: Why
    id: str | None = None
    user: UserId | None = None


class TakenOver(Answer, frozen=True, tag="taken_over"):
    """What became of a conversation that was brought along."""

    found: Found
    not_taken: tuple[NotTaken, ...] = ()


class TakenIn(Answer, frozen=True, tag="taken_in"):
    """What became of messages that were brought along: so many are new, so many were there before."""

    placed: int
    known: int
    not_taken: tuple[NotTaken, ...] = ()


def take_over(snapshot: Snapshot, given: ImportedConversation, limits: Quotas) -> Decision:
    """Begin a conversation as it was, or bring it up to a later export."""
    record, not_taken = _fit(given, limits)
    conversation = snapshot.conversation
    if record.expires_at is not None and record.expires_at <= snapshot.now:
        return _same(*not_taken, NotTaken(record.conversation, "conversation_over"))
    if read_thread_id(record.conversation) is not None:
        # Nothing but a thread is to have the name of one.
        return _same(NotTaken(record.conversation, "other_kind"))
    if conversation is None:
        if record.is_unique and snapshot.unique is not None:
            record = structs.replace(record, is_unique=False)
            not_taken.append(NotTaken(record.conversation, "unique_taken"))
        return _told("new", _beginning(record, snapshot.now), not_taken)
    if conversation.of != record.of:
        return _same(NotTaken(record.conversation, "other_kind"))
    if _has_ended(conversation, snapshot.now):
        return _same(*not_taken, NotTaken(record.conversation, "conversation_over"))
    if record.is_unique and snapshot.unique is not None and snapshot.unique.id != conversation.id:
        not_taken.append(NotTaken(record.conversation, "unique_taken"))
    record, kept_out = _without_blocked(snapshot, record)
    not_taken += kept_out
    drafts = _difference(snapshot, conversation, record)
    if drafts and record.updated_at <= conversation.updated_at:
        return _same(*not_taken, NotTaken(record.conversation, "changed_here"))
    return _told("changed" if drafts else "same", drafts, not_taken)


def take_in(
    snapshot: Snapshot,
    conversation: ConversationId,
    messages: Sequence[ImportedMessage],
    limits: Quotas,
    erased: Collection[UserId] = (),
) -> Decision:
    """Place messages of a conversation, the oldest first; those that are there already keep their places.

    Of users who were `erased` here nothing more is taken in.
    """
    head = None if snapshot.conversation is None else snapshot.conversation.head
    drafts: list[Draft] = []
    not_taken: list[NotTaken] = []
    taken, known = set(snapshot.taken), 0
    latest = Instant(0) if head is None else head.at
    for message in sorted(messages, key=lambda each: each.at):
        pair: SenderKey = (message.sender, message.key)
        if pair in taken:
            known += 1
            continue
        taken.add(pair)
        why: Why | None = "user_erased" if message.sender in erased else why_not_in(snapshot)
        why = why or _why_not(message, latest, snapshot.now, limits)
        if why is not None:
            not_taken.append(NotTaken(conversation, why, id=message.id))
            continue
        latest = message.at
        stream = conversation_stream(conversation)
        drafts.append(Draft(stream, _placed(message), message.sender, message.key, message.at))
    answer = TakenIn(placed=len(drafts), known=known, not_taken=tuple(not_taken))
    return Decision(tuple(drafts), lambda _: answer)


def read_whole(snapshot: Snapshot, users: Collection[UserId]) -> Decision:
    """Let members have read a conversation to its end. Who has nothing unread in it is left alone."""
    conversation = snapshot.conversation
    if conversation is None:
        return _same()
    head = conversation.head
    drafts = tuple(
        Draft(user_stream(user), ReadMarkMoved(conversation.id, head.seq, head.seq))
        for user, member in snapshot.memberships.items()
        if user in users and member.is_member and member.unread(head) > 0
    )
    return _told("changed", drafts, ())


def without(
    record: ImportedConversation, erased: Collection[UserId]
) -> tuple[ImportedConversation, Sequence[NotTaken]]:
    """Leave users out of a conversation who were erased here, and say whom: it is no way for them to come again."""
    gone = [user for user in dict.fromkeys((*record.members, *record.muted)) if user in erased]
    members = tuple(user for user in record.members if user not in erased)
    muted = tuple(user for user in record.muted if user not in erased)
    told = [NotTaken(record.conversation, "user_erased", user=user) for user in gone]
    return structs.replace(record, members=members, muted=muted), told


def _without_blocked(snapshot: Snapshot, record: ImportedConversation) -> tuple[ImportedConversation, list[NotTaken]]:
    """Leave members out who are blocked in the conversation here, and say whom."""
    out = [user for user in record.members if _is_kept_out(snapshot, user)]
    members = tuple(user for user in record.members if user not in out)
    return structs.replace(record, members=members), [
        NotTaken(record.conversation, "blocked_here", user=user) for user in out
    ]


def _is_kept_out(snapshot: Snapshot, user: UserId) -> bool:
    member = snapshot.memberships.get(user)
    return member is not None and not member.is_member and member.is_blocked(snapshot.now)


def _has_ended(conversation: Conversation, now: Instant) -> bool:
    """Say if it was ended here, or its time is up: it is not to come back.

    What is brought along is open, and its end closes it. So one of nobody that is not was ended, or closed here and
    then left by all: nobody comes back into that one either.
    """
    is_deserted = conversation.member_count == 0 and KINDS[conversation.of].members in {"fixed", "changing"}
    return conversation.is_over(now) or (is_deserted and not conversation.is_open)


def _fit(record: ImportedConversation, limits: Quotas) -> tuple[ImportedConversation, list[NotTaken]]:
    """Leave out what no conversation here can have."""
    not_taken = []
    attributes = {name: value for name, value in (record.attributes or {}).items() if name and "." not in name}
    if len(attributes) < len(record.attributes or {}):
        not_taken.append(NotTaken(record.conversation, "attribute_name"))
    if not _can_have(attributes, limits):
        attributes = {}
        not_taken.append(NotTaken(record.conversation, "attributes_too_large"))
    members, muted = tuple(sorted(set(record.members))), tuple(dict.fromkeys(record.muted))
    strangers = [user for user in muted if user not in members]
    not_taken += [NotTaken(record.conversation, "mute_of_stranger", user=user) for user in strangers]
    fitting = structs.replace(
        record,
        members=members if KINDS[record.of].members != "unlisted" else (),
        muted=tuple(user for user in muted if user not in strangers),
        attributes=attributes or None,
        name=record.name or None,
    )
    return fitting, not_taken


def _can_have(attributes: dict[str, Json], limits: Quotas) -> bool:
    try:
        check_attributes(attributes, limits)
    except TooLarge:
        return False
    return depth_of(attributes) <= NESTING_MAX


def _beginning(record: ImportedConversation, now: Instant) -> list[Draft]:
    kind = KINDS[record.of]
    created = ConversationCreated(
        by=record.creator,
        of=record.of,
        members=record.members if kind.lists_members else (),
        name=record.name,
        attributes=record.attributes,
        is_unique=record.is_unique and kind.unique != "never",
        joining="open",
        rules=MEMBERS_RULE if kind.has_owner else Rules(),
        expires_at=record.expires_at if kind.expires else None,
        keeps_history=kind.history == "choice",
        audience="subscribers" if kind.writers == "operator" else None,
    )
    first = Draft(conversation_stream(record.conversation), created, at=min(record.created_at, now))
    made = () if kind.lists_members else (_made(record.creator, record.conversation, record.of),)
    return [first, *made, *_arrivals(record, record.members, Seq(1))]


def _made(creator: UserId, conversation: ConversationId, of: ConversationKind) -> Draft:
    return Draft(user_stream(creator), ConversationMade(conversation, of))


def _arrivals(record: ImportedConversation, users: Iterable[UserId], at: Seq) -> list[Draft]:
    """Give what users hear who are members now: also of what they wish to hear no more."""
    by, conversation, muted = record.creator, record.conversation, frozenset(record.muted)
    entries = [Draft(user_stream(user), ConversationEntered(conversation, at, by)) for user in users]
    return entries + [Draft(user_stream(user), LevelSet(conversation, "none")) for user in users if user in muted]


def _difference(snapshot: Snapshot, conversation: Conversation, record: ImportedConversation) -> list[Draft]:
    """Give what makes a conversation that of the record, as late as what was said in it last.

    What members wish to hear is theirs from the beginning on: nobody could say who wished it last.
    """
    members = [user for user, member in snapshot.memberships.items() if member.is_member]
    drafts = _changes(conversation, record)
    joined = tuple(user for user in record.members if user not in members)
    left = tuple(user for user in members if user not in record.members)
    at = Seq(conversation.head.seq + len(drafts) + 1)
    if not conversation.lists_members:
        drafts += _arrivals(record, joined, conversation.head.seq)
        left = joined = ()
    if joined:
        drafts.append(Draft(conversation_stream(conversation.id), MembersJoined(joined, by=record.creator)))
        drafts += _arrivals(record, joined, at)
        at = Seq(at + 1)
    if left:
        drafts += departure(snapshot, conversation, left, by=record.creator, at=at)
    stream = conversation_stream(conversation.id)
    return [structs.replace(draft, at=conversation.head.at) if draft.stream == stream else draft for draft in drafts]


def _changes(conversation: Conversation, record: ImportedConversation) -> list[Draft]:
    old, new = conversation.attributes or {}, record.attributes or {}
    put: Mapping[str, Json] = {PREFIX + name: value for name, value in new.items() if old.get(name, old) != value}
    gone = tuple(PREFIX + name for name in old if name not in new)
    name = None if conversation.name == record.name else record.name or ""
    if name is None and not put and not gone:
        return []
    fact = ConversationChanged(by=record.creator, name=name, set=dict(put) or None, unset=gone)
    return [Draft(conversation_stream(conversation.id), fact)]


def why_not_in(snapshot: Snapshot) -> Why | None:
    """Say why nothing is taken over in a conversation, if so."""
    if snapshot.conversation is None:
        return "conversation_unknown"
    if snapshot.conversation.parent is not None:
        return "other_kind"
    return "conversation_over" if _has_ended(snapshot.conversation, snapshot.now) else None


def _why_not(message: ImportedMessage, latest: Instant, now: Instant, limits: Quotas) -> Why | None:
    if message.at < latest:
        return "out_of_order"
    if message.at > now + SKEW_MS:
        return "from_the_future"
    try:
        check_content(message.content, limits)
    except TooLarge:
        return "content_too_large"
    except Invalid:
        return "content_invalid"
    return None


def _placed(message: ImportedMessage) -> MessagePlaced:
    if message.content.type == _RECALLED:
        return MessagePlaced(message.sender, message.key, EMPTY, is_recalled=True)
    return MessagePlaced(
        message.sender, message.key, message.content, mentions=message.mentions, mention_all=message.mention_all
    )


def _same(*not_taken: NotTaken) -> Decision:
    return _told("same", (), not_taken)


def _told(found: Found, drafts: Sequence[Draft], not_taken: Iterable[NotTaken]) -> Decision:
    answer = TakenOver(found, tuple(not_taken))
    return Decision(tuple(drafts), lambda _: answer)
