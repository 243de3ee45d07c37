"""Decisions about a user who is erased: they leave wherever they are, and what they did elsewhere is undone.

What they said is taken back by `revisions.recall`, as the operator. All of it may be decided again.
"""

from msgspec import structs

from unisono.domain.answers import Done
from unisono.domain.contact_facts import ContactInvited, RemarkSet
from unisono.domain.conversation import Decision, Snapshot
from unisono.domain.facts import Fact, Label, MemberChanged, MessageReacted, ObjectSet, SessionEnded, SessionOpened
from unisono.domain.ids import Seq, UserId, conversation_stream
from unisono.domain.membership import departure
from unisono.domain.objects import superseded
from unisono.domain.placement import Draft
from unisono.domain.subscribing import unsubscribe
from unisono.domain.ties import closed

_NOTHING = Decision((), lambda _: Done())


def leave(snapshot: Snapshot, user: UserId) -> Decision:
    """Make a user leave a conversation, also one whose members are fixed. Who is gone already is left alone."""
    conversation, member = snapshot.conversation, snapshot.memberships.get(user)
    if conversation is None or member is None or not member.is_member:
        return _NOTHING
    if not conversation.lists_members:
        return unsubscribe(snapshot, conversation, user, by=user)
    drafts = departure(snapshot, conversation, (user,), by=user, at=Seq(conversation.head.seq + 1))
    return Decision(drafts, lambda _: Done())


def take_off(snapshot: Snapshot, user: UserId, reaction: str) -> Decision:
    """Take a user's reaction away, whether or not they are a member. One that is not there is left alone."""
    conversation, target = snapshot.conversation, snapshot.target
    if conversation is None or target is None or user not in target.reactions.get(reaction, ()):
        return _NOTHING
    fact = MessageReacted(message=target.seq, by=user, reaction=reaction, is_on=False)
    return Decision((Draft(conversation_stream(conversation.id), fact),), lambda _: Done())


def scrubbed(fact: Fact) -> Fact:
    """Give a fact about a user without what it says of them or their devices; that it happened stays."""
    match fact:
        case MemberChanged(attributes=attributes) if attributes:
            return structs.replace(fact, attributes={})
        case ObjectSet():
            return superseded(fact)
        case ContactInvited():
            return closed(fact)
        case RemarkSet():
            return structs.replace(fact, remark=None)
        case SessionOpened(shown=shown):
            return structs.replace(fact, shown=Label(shown.platform), tag=None)
        case SessionEnded(newcomer=newcomer, why=why) if newcomer is not None or why is not None:
            return structs.replace(fact, newcomer=None if newcomer is None else Label(newcomer.platform), why=None)
        case _:
            return fact
