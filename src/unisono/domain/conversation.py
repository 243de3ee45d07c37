"""Conversations: what they are, and what a decision about one may see and do.

A decision is made over a `Snapshot` that the store loads in the same transaction that writes it, so two operations at
the same moment see each other or wait. The decisions themselves stand in `membership` and `messages`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from unisono.domain import marks
from unisono.domain.answers import Answer
from unisono.domain.commands import Command
from unisono.domain.errors import NotFound
from unisono.domain.events import Signal
from unisono.domain.facts import ConversationEntered, ConversationKind, ConversationMade, Fact, MessagePlaced
from unisono.domain.ids import NO_SEQ, ConversationId, Instant, Json, SendKey, Seq, UserId
from unisono.domain.kinds import KINDS
from unisono.domain.marks import Passed
from unisono.domain.permission import Standing, check
from unisono.domain.placement import Draft, Head, Place


class Conversation(Struct, frozen=True):
    """A conversation as its log adds up. `head` is that of its stream; `updated_at` the last change but messages."""

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

    @property
    def is_open(self) -> bool:
        """Say if whoever knows its id may know of it."""
        return KINDS[self.of].is_open


class Membership(Struct, frozen=True):
    """A user's place in a conversation, from the fact at `since` on.

    `until` is the fact by which a former member left; what came later is not theirs to see. `passed` messages count as
    read, and `own` are the user's own since (`marks`); `is_marked_unread` is their wish to come back to it. A device of
    theirs has the messages up to `delivered` that asked for a receipt.
    """

    user: UserId
    since: Seq
    read: Seq = NO_SEQ
    until: Seq | None = None
    passed: int = 0
    own: int = 0
    is_marked_unread: bool = False
    delivered: Seq = NO_SEQ

    def unread(self, head: Head) -> int:
        """Give how many messages of others the user has not read."""
        return marks.unread(head.messages, self.passed, self.own)

    @property
    def is_member(self) -> bool:
        """Say if the user is a member now."""
        return self.until is None


class Scope(Struct, frozen=True):
    """What a decision needs to see. Nothing of it changes until the decision is written.

    - `users`: whose membership matters, current or former; `all_members` asks for all current ones too.
    - `sender` and `key`: ask for an earlier place of the same draft: in the conversation's stream, or without a
      conversation in the sender's own.
    - `message`: asks for the message at this seq, with its reactions.
    - `read_to`: asks what lies before and behind this place, or the end, for the first of `users`, whose `mark` is to
      move there.
    - `unique_of`: asks for the unique conversation of this kind and exactly these members.
    """

    conversation: ConversationId | None = None
    users: tuple[UserId, ...] = ()
    all_members: bool = False
    sender: UserId | None = None
    key: SendKey | None = None
    unique_of: tuple[ConversationKind, tuple[UserId, ...]] | None = None
    message: Seq | None = None
    read_to: Seq | None = None
    mark: Literal["read", "delivered"] = "read"


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
    `target` is the message asked for, None when there is none at that seq; `passed` what was asked for by `read_to`.
    """

    now: Instant
    conversation: Conversation | None = None
    memberships: Mapping[UserId, Membership] = {}
    earlier: Place | None = None
    earlier_fact: Fact | None = None
    unique: Conversation | None = None
    target: Target | None = None
    passed: Passed | None = None


class Decision(Struct, frozen=True):
    """Drafts to place, all or none, and the answer once they are durable, from their places in the same order.

    Drafts of one stream stand in the order in which they are to be placed. `signals` go out after the answer.
    """

    drafts: tuple[Draft, ...]
    answer: Callable[[Sequence[Place]], Answer]
    signals: tuple[Signal, ...] = ()


Decide = Callable[[Snapshot], Decision]


def unique_members(members: Sequence[UserId]) -> tuple[UserId, ...]:
    """Give the one order in which a set of members is looked up."""
    return tuple(sorted(set(members)))


def made_by(fact: Fact) -> ConversationId | None:
    """Give the conversation that the creation which left this fact in the creator's stream made."""
    return fact.conversation if isinstance(fact, ConversationEntered | ConversationMade) else None


def standing(membership: Membership | None) -> Standing:
    """Say what a user is to a conversation."""
    if membership is None:
        return Standing.STRANGER
    return Standing.MEMBER if membership.is_member else Standing.FORMER


def permit(command: type[Command], snapshot: Snapshot, caller: UserId) -> Conversation:
    """Give the conversation a command is about, if the caller may do this to it.

    Raises:
        NotFound: There is none, or the caller may not know of it.
        Forbidden: The kind of conversation does not allow it.
    """
    conversation = snapshot.conversation
    if conversation is None:
        raise NotFound()
    check(command, standing(snapshot.memberships.get(caller)), conversation.of, is_open=conversation.is_open)
    return conversation
