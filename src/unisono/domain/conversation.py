"""Conversations: what they are, and what a decision about one may see and do.

A decision is made over a `Snapshot` that the store loads in the same transaction that writes it, so two operations at
the same moment see each other or wait. The decisions themselves stand in `membership` and `messages`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from unisono.domain import marks
from unisono.domain.answers import Answer
from unisono.domain.commands import Command
from unisono.domain.errors import Forbidden, NotFound
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
from unisono.domain.permission import RULES, About, RuleName, Standing, check, check_role
from unisono.domain.placement import Draft, Head, Place
from unisono.domain.pushing import quieter
from unisono.domain.silence import Silence
from unisono.domain.ties import NO_TIE, Pair, Tally, Tie, Writing


class Conversation(Struct, frozen=True):
    """A conversation as its log adds up. `head` is that of its stream; `updated_at` the last change but messages.

    `expires_at` is when it will end; one that has ended has none left, and no members.
    `keeps_history` is of a room; all others keep theirs anyway.
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

        One of the operator's is over when it is for nobody any more.
        """
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


UNHEARD: Final = "not heard by them"
"""Why somebody does not reach a user who blocks them, or who hears from contacts alone."""

SenderKey = tuple[UserId, SendKey]
"""A sender and a key of theirs."""


class Scope(Struct, frozen=True):
    """What a decision needs to see. Nothing of it changes until the decision is written.

    - `users`: whose membership matters, current or former; `all_members` asks for all current ones too,
      where they know each other.
    - `sender` and `key`: ask for an earlier place of the same draft: in the conversation's stream, or without a
      conversation in the sender's own.
    - `keys`: asks which of these are taken in the conversation's stream, each a sender's.
    - `message`: asks for the message at this seq, with its reactions.
    - `read_to`: asks what lies before and behind where the `mark` of the first of `users` will be once it has moved to
      this place, or the end, and never back.
    - `object`: asks what the sender keeps under this name.
    - `pinned`: asks how many conversations the first of `users` has pinned.
    - `unique_of`: asks for the unique conversation of this kind and exactly these members.
    - `others`: asks what each of these and the first of `users` are to each other; `ties_change` means that the
      decision may change it, and that they say nothing to each other meanwhile.
    - `silence_of`: asks for the silence of all conversations of this user.
    - `tallied`: asks how many contacts, invitations and blocked users each of these has.
    - `speaks`: asks the same about the other member of a direct conversation, if it is one.
    """

    conversation: ConversationId | None = None
    users: tuple[UserId, ...] = ()
    all_members: bool = False
    sender: UserId | None = None
    key: SendKey | None = None
    keys: tuple[SenderKey, ...] = ()
    unique_of: tuple[ConversationKind, tuple[UserId, ...]] | None = None
    message: Seq | None = None
    read_to: Seq | None = None
    mark: Literal["read", "delivered"] = "read"
    object: ObjectName | None = None
    pinned: bool = False
    others: tuple[UserId, ...] = ()
    ties_change: bool = False
    tallied: tuple[UserId, ...] = ()
    silence_of: UserId | None = None
    speaks: bool = False


class Target(Struct, frozen=True):
    """A message that a command is about, with who reacted to it how."""

    seq: Seq
    at: Instant
    message: MessagePlaced
    reactions: Mapping[str, frozenset[UserId]] = {}


class Snapshot(Struct, frozen=True):
    """What a scope asked for, as of one moment.

    `earlier` is the place the key was given before, `earlier_fact` what stands there. `conversation` is the one asked
    for; without one asked for, that which `earlier_fact` tells of, else `unique`: `memberships` belong to it.
    `taken` are those of the `keys` asked for that have a place.
    `target` is the message asked for, None when there is none at that seq; `passed` what was asked for by `read_to`,
    None where the mark would not move; `shelf` what was asked for by `object`; `pinned` how many are; `ties` and
    `tallies` those asked for, and so is `silence`; `listener` is the other member of a direct conversation, where that
    was asked.
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


def permit(command: type[Command], snapshot: Snapshot, caller: UserId) -> Conversation:
    """Give the conversation a command is about, if the caller may do this to it.

    Raises:
        NotFound: There is none, or the caller may not know of it.
        Forbidden: The kind of conversation or its rules do not allow it, the caller is blocked or silenced, it is a
            room in which the caller is not, or a direct one with somebody who hears nothing from them.
    """
    conversation = snapshot.conversation
    if conversation is None:
        raise NotFound()
    membership = snapshot.memberships.get(caller)
    of, about = _as_of_now(snapshot.now, conversation, standing_now(snapshot, conversation, caller))
    check(command, of, about, is_present=snapshot.is_present)
    if of is Standing.OPERATOR:
        check_lasts(command, conversation, snapshot.now)
    elif RULES[command].speaks:
        if membership is not None:
            check_speaks(membership, snapshot.now)
        if snapshot.listener is not None:
            check_heard(snapshot, caller, snapshot.listener)
    return conversation


def standing_now(snapshot: Snapshot, conversation: Conversation, caller: UserId) -> Standing:
    """Say what the caller of a command is to the conversation that it is about."""
    if snapshot.is_operator:
        return Standing.OPERATOR
    return standing(conversation, caller, snapshot.memberships.get(caller))


def check_lasts(command: type[Command], conversation: Conversation, now: Instant) -> None:
    """Let through what the operator may do to a conversation, as it is now.

    Raises:
        Forbidden: It is over, or its members are gone: it may have been dissolved, and is not to come back.
    """
    is_deserted = conversation.member_count == 0 and KINDS[conversation.of].members in {"fixed", "changing"}
    if (is_deserted or conversation.is_over(now)) and not RULES[command].outlasts:
        raise Forbidden(reason="the conversation is over")


def check_speaks(membership: Membership, now: Instant) -> None:
    """Let through who may speak.

    Raises:
        Forbidden: The user is silenced, or blocked in a room that they are still in.
    """
    if membership.is_silenced(now):
        raise Forbidden(reason="silenced", until=membership.silenced_until or 0)
    check_not_blocked(membership, now)


def check_not_blocked(membership: Membership, now: Instant) -> None:
    """Let through who is not blocked.

    Raises:
        Forbidden: The user is.
    """
    if membership.is_blocked(now):
        raise Forbidden(reason="blocked", until=membership.blocked_until or 0)


def check_heard(snapshot: Snapshot, speaker: UserId, listener: UserId, *, is_direct: bool = True) -> None:
    """Let a user reach another, in a direct conversation or not.

    Raises:
        Forbidden: The other blocks them, or hears from contacts alone in a direct conversation: the same answer.
    """
    tie = snapshot.tie(listener, speaker)
    if tie.is_blocked or (is_direct and snapshot.writing == "contacts" and tie.state != "friend"):
        raise Forbidden(reason=UNHEARD, user=listener)


def check_willing(snapshot: Snapshot, caller: UserId, users: Iterable[UserId], *, is_direct: bool = False) -> None:
    """Let a user bring others into a conversation; into a direct one where they hear from the user.

    Raises:
        Forbidden: One of them blocks the caller, or is not heard from.
    """
    for user in users:
        if user != caller and not snapshot.is_operator:
            check_heard(snapshot, caller, user, is_direct=is_direct)


def _as_of_now(now: Instant, conversation: Conversation, caller: Standing) -> tuple[Standing, About]:
    """Give what a caller is to a conversation and what holds in it: to one that is over nobody belongs."""
    if not conversation.is_over(now) or caller is Standing.OPERATOR:
        return caller, conversation.about
    return Standing.STRANGER if caller is Standing.STRANGER else Standing.FORMER, About(conversation.of)


def permit_by(rule: RuleName, snapshot: Snapshot, conversation: Conversation, caller: UserId) -> None:
    """Let a caller do what a rule of the conversation says.

    Raises:
        Forbidden: It asks for a higher role.
    """
    if KINDS[conversation.of].has_owner:
        check_role(rule, standing_now(snapshot, conversation, caller), conversation.rules)
