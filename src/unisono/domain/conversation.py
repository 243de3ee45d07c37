"""Conversations: what they are, and what a decision about one may see and do.

A decision is made over a `Snapshot` that the store loads in the same transaction that writes it, so two operations at
the same moment see each other or wait. The decisions themselves stand in `membership` and `messages`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from unisono.domain import marks
from unisono.domain.answers import Answer
from unisono.domain.contact_facts import Writing
from unisono.domain.events import Passing
from unisono.domain.facts import (
    ConversationEntered,
    ConversationKind,
    ConversationMade,
    DeliveredTo,
    Fact,
    Joining,
    Level,
    MessagePlaced,
    Reach,
    Role,
    Rules,
)
from unisono.domain.ids import NO_SEQ, ConversationId, Instant, Json, ObjectName, SendKey, Seq, UserId
from unisono.domain.kept import Shelf
from unisono.domain.kinds import KINDS
from unisono.domain.marks import Passed
from unisono.domain.permission import About, Standing
from unisono.domain.placement import Draft, Head, Place
from unisono.domain.pushing import quieter
from unisono.domain.silence import Silence
from unisono.domain.thread_facts import Parent
from unisono.domain.ties import NO_TIE, Pair, Tally, Tie


class Conversation(Struct, frozen=True):
    """A conversation as its log adds up. `head` is that of its stream; `updated_at` the last change but messages.

    `expires_at` is when it will end; one that has ended has none left, and no members.
    `keeps_history` is of a room; all others keep theirs anyway. `parent` is what a thread is under; a group has so many
    `threads` that are not over.
    """

    id: ConversationId
    of: ConversationKind
    creator: UserId
    created_at: Instant
    updated_at: Instant
    head: Head
    member_count: int
    name: str | None = None
    attributes: dict[str, Json] | None = None
    is_unique: bool = False
    joining: Joining = "invited"
    rules: Rules = Rules()
    expires_at: Instant | None = None
    audience: Reach | None = None
    keeps_history: bool = False
    parent: Parent | None = None
    threads: int = 0

    @property
    def lists_members(self) -> bool:
        """Say if its members know each other."""
        return KINDS[self.of].lists_members

    @property
    def is_open(self) -> bool:
        """Say if whoever knows its id may know of it, and join."""
        return self.joining == "open"

    def is_over(self, now: Instant) -> bool:
        """Say if its time is up, although nobody may have noted it yet.

        One of the operator's is over when it is for nobody any more, a thread when nobody can join it any more.
        """
        if self.of == "thread" and not self.is_open:
            return True
        if KINDS[self.of].writers == "operator" and self.audience is None:
            return True
        return self.expires_at is not None and self.expires_at <= now

    @property
    def about(self) -> About:
        """Give what it says about who may do what."""
        return About(self.of, self.is_open, self.rules, self.keeps_history)


class Membership(Struct, frozen=True):
    """A user's place in a conversation, from the fact at `since` on.

    `until` is the fact by which a former member left; what came later is not theirs to see. It is 0 for who never was
    a member, of whom only restrictions are known: until when they are blocked or silenced, None for not at all.
    `passed` messages count as read, and `own` are the user's own since (`marks`); `is_marked_unread` is their wish to
    come back to it. A device of theirs has the messages up to `delivered`, all that asked for a
    receipt at least. `pinned_at`, `marks` and `silence` are how the user arranged it.
    What was said up to `cleared` they deleted for themselves; with so many messages as `deleted` the whole of it.
    Of others that they deleted it is only known that it `hides_some`, or did once; unread ones are among their `own`.
    """

    user: UserId
    since: Seq
    read: Seq = NO_SEQ
    until: Seq | None = None
    passed: int = 0
    own: int = 0
    is_marked_unread: bool = False
    delivered: Seq = NO_SEQ
    role: Role = "member"
    attributes: dict[str, Json] | None = None
    level: Level = "all"
    blocked_until: Instant | None = None
    silenced_until: Instant | None = None
    pinned_at: Instant | None = None
    marks: tuple[str, ...] = ()
    silence: Silence | None = None
    cleared: Seq = NO_SEQ
    deleted: int | None = None
    hides_some: bool = False

    def is_deleted(self, head: Head) -> bool:
        """Say if the user took the conversation from their lists, and nothing was said in it since."""
        return self.deleted is not None and head.messages <= self.deleted

    def level_at(self, now: Instant) -> Level:
        """Say of which messages the user wants to be alerted at an instant."""
        return quieter(self.level, self.silence, now)

    def unread(self, head: Head) -> int:
        """Give how many messages of others the user has not read, of those that are kept."""
        return marks.unread(head.messages, max(self.passed, head.gone), self.own)

    @property
    def is_member(self) -> bool:
        """Say if the user is a member now."""
        return self.until is None

    @property
    def was_member(self) -> bool:
        """Say if the user is, or ever was, a member."""
        return self.until != NO_SEQ

    def is_blocked(self, now: Instant) -> bool:
        """Say if the user may not be a member."""
        return self.blocked_until is not None and self.blocked_until > now

    def is_silenced(self, now: Instant) -> bool:
        """Say if the user may not speak."""
        return self.silenced_until is not None and self.silenced_until > now


SenderKey = tuple[UserId, SendKey]
"""A sender and a key of theirs."""


class Scope(Struct, frozen=True):
    """What a decision needs to see. Nothing of it changes until the decision is written.

    - `users`: whose membership matters, current or former; `all_members` asks for all current ones too,
      where they know each other.
    - `sender` and `key`: ask for an earlier place of the same draft: in the conversation's stream, or without a
      conversation in the sender's own.
    - `keys`: asks which of these are taken in the conversation's stream, each a sender's.
    - `message`: asks for the message at this seq, with its reactions; `hiders` also for who deleted it for themselves.
    - `read_to`: asks what lies before and behind where the `mark` of the first of `users` will be once it has moved to
      this place, or the end, and never back.
    - `chosen`: asks about these messages, and which of them the first of `users` deleted.
    - `object`: asks what the sender keeps under this name.
    - `pinned`: asks how many conversations the first of `users` has pinned.
    - `unique_of`: asks for the unique conversation of this kind and exactly these members.
    - `others`: asks what each of these and the first of `users` are to each other; `ties_change` means that the
      decision may change it, and that they say nothing to each other meanwhile.
    - `silence_of`: asks for the silence of all conversations of this user.
    - `tallied`: asks how many contacts, invitations and blocked users each of these has.
    - `speaks`: asks the same about the other member of a direct conversation, if it is one.
    - `beneath`: asks for the message at this seq of the conversation that the thread asked for is under, and for that
      conversation whether or not there is a thread; of one that there is, it is always there.
    """

    conversation: ConversationId | None = None
    users: tuple[UserId, ...] = ()
    all_members: bool = False
    sender: UserId | None = None
    key: SendKey | None = None
    keys: tuple[SenderKey, ...] = ()
    unique_of: tuple[ConversationKind, tuple[UserId, ...]] | None = None
    message: Seq | None = None
    hiders: bool = False
    read_to: Seq | None = None
    mark: Literal["read", "delivered"] = "read"
    object: ObjectName | None = None
    pinned: bool = False
    others: tuple[UserId, ...] = ()
    ties_change: bool = False
    tallied: tuple[UserId, ...] = ()
    silence_of: UserId | None = None
    speaks: bool = False
    beneath: Seq | None = None
    chosen: tuple[Seq, ...] = ()


class Target(Struct, frozen=True):
    """A message that a command is about, with who reacted to it how, and who deleted it where that is asked."""

    seq: Seq
    at: Instant
    message: MessagePlaced
    reactions: Mapping[str, frozenset[UserId]] = {}
    hiders: frozenset[UserId] = frozenset()


class Chosen(Struct, frozen=True):
    """Messages that a command is about: those that there are, and which of them the user deleted.

    The user deleted `count` in all their conversations; `calls` to them in this one wait behind their mark.
    """

    messages: Mapping[Seq, MessagePlaced] = {}
    deleted: frozenset[Seq] = frozenset()
    count: int = 0
    calls: int = 0


class Snapshot(Struct, frozen=True):
    """What a scope asked for, as of one moment.

    `earlier` is the place the key was given before, `earlier_fact` what stands there. `conversation` is the one asked
    for; without one asked for, that which `earlier_fact` tells of, else `unique`: `memberships` belong to it.
    `taken` are those of the `keys` asked for that have a place.
    `target` is the message asked for, None when there is none at that seq; `passed` what was asked for by `read_to`,
    None where the mark would not move; `shelf` what was asked for by `object`; `pinned` how many are; `ties` and
    `tallies` those asked for, and so is `silence`; `listener` is the other member of a direct conversation, where that
    was asked; `chosen` are the messages asked about. `parent` is what a thread is under, and `above` what the users
    asked about are there.
    The use case adds: `is_present`, that the caller is in the conversation, a room; `is_operator`, that the operator
    does this, in the name of the caller, whatever the caller is to the conversation; `writing`, who may write to whom.
    """

    now: Instant
    conversation: Conversation | None = None
    memberships: Mapping[UserId, Membership] = {}
    earlier: Place | None = None
    earlier_fact: Fact | None = None
    taken: frozenset[SenderKey] = frozenset()
    unique: Conversation | None = None
    target: Target | None = None
    passed: Passed | None = None
    shelf: Shelf = Shelf()
    pinned: int = 0
    ties: Mapping[Pair, Tie] = {}
    tallies: Mapping[UserId, Tally] = {}
    silence: Silence | None = None
    listener: UserId | None = None
    parent: Conversation | None = None
    above: Mapping[UserId, Membership] = {}
    chosen: Chosen = Chosen()
    is_present: bool = False
    is_operator: bool = False
    writing: Writing = "anyone"

    def tie(self, user: UserId, other: UserId) -> Tie:
        """Give what another is to a user."""
        return self.ties.get((user, other), NO_TIE)

    def tally(self, user: UserId) -> Tally:
        """Give how many ties a user has."""
        return self.tallies[user]


class Decision(Struct, frozen=True):
    """Drafts to place, all or none, and the answer once they are durable, from their places in the same order.

    Drafts of one stream stand in the order in which they are to be placed. `signals` go out after the answer.
    `delivered` is how far a member has the messages by now, which is kept with the membership whether or not a draft
    tells anybody of it.
    """

    drafts: tuple[Draft, ...]
    answer: Callable[[Sequence[Place]], Answer]
    signals: tuple[Passing, ...] = ()
    delivered: DeliveredTo | None = None


Decide = Callable[[Snapshot], Decision]


def unique_members(members: Sequence[UserId]) -> tuple[UserId, ...]:
    """Give the one order in which a set of members is looked up."""
    return tuple(sorted(set(members)))


def made_by(fact: Fact) -> ConversationId | None:
    """Give the conversation that the creation which left this fact in the creator's stream made."""
    return fact.conversation if isinstance(fact, ConversationEntered | ConversationMade) else None


def standing(conversation: Conversation, user: UserId, membership: Membership | None) -> Standing:
    """Say what a user is to a conversation. One that lists no members is its creator's."""
    if conversation.creator == user and KINDS[conversation.of].members == "unlisted":
        return Standing.OWNER
    if membership is None or not membership.was_member:
        return Standing.STRANGER
    return Standing(membership.role) if membership.is_member else Standing.FORMER
