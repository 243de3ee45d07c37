"""Decisions about the end of a conversation: its time is up, or its owner or the operator ends it."""

from msgspec import structs

from unisono.domain.answers import Count, Done
from unisono.domain.commands import Dissolve
from unisono.domain.conversation import Conversation, Decision, Snapshot
from unisono.domain.errors import Forbidden
from unisono.domain.facts import ConversationEnded, ConversationExited
from unisono.domain.ids import Seq, UserId, conversation_stream, user_stream
from unisono.domain.kinds import KINDS
from unisono.domain.permission import Standing
from unisono.domain.permitting import permit, standing_now
from unisono.domain.placement import Draft
from unisono.domain.subscribing import of_operator
from unisono.domain.thread_telling import told_of_end


def dissolve(snapshot: Snapshot, caller: UserId) -> Decision:
    """End a conversation for all its members.

    Raises:
        NotFound: The caller is no member.
        Forbidden: Not the owner, or of a kind that has none or lists no members; of a thread, nobody who rules it.
    """
    conversation = permit(Dissolve, snapshot, caller)
    if conversation.parent is None and standing_now(snapshot, conversation, caller) not in {
        Standing.OWNER,
        Standing.OPERATOR,
    }:
        raise Forbidden(reason="only the owner dissolves it")
    ended = end(snapshot, conversation, ConversationEnded(reason="dissolved", by=caller))
    return structs.replace(ended, drafts=(*ended.drafts, *told_of_end(conversation, caller)))


def close(snapshot: Snapshot) -> Decision:
    """End a conversation of the operator's. From then on nothing is said there, and nobody subscribes.

    Subscribers leave later, some at a time: `expire`. Repeating it changes nothing.

    Raises:
        NotFound: There is no such conversation.
        Forbidden: It is of another kind.
    """
    conversation = of_operator(snapshot)
    left = Count(conversation.id, conversation.member_count)
    if conversation.is_over(snapshot.now):
        return Decision(drafts=(), answer=lambda _: left)
    fact = ConversationEnded(reason="dissolved", by=conversation.creator)
    return Decision((Draft(conversation_stream(conversation.id), fact),), lambda _: left)


def expire(snapshot: Snapshot) -> Decision:
    """End a conversation whose time is up; one that ended already, or has time left, is left alone.

    Of one of the operator's, which has ended, those leave who are in the snapshot: it may have any number.
    """
    conversation = snapshot.conversation
    if conversation is None or not conversation.is_over(snapshot.now):
        return Decision(drafts=(), answer=lambda _: Done())
    if KINDS[conversation.of].writers == "operator":
        return Decision(_exits(snapshot, conversation, conversation.head.seq), lambda _: Done())
    return end(snapshot, conversation, ConversationEnded(reason="expired"))


def end(snapshot: Snapshot, conversation: Conversation, fact: ConversationEnded) -> Decision:
    """Place the last fact of a conversation; its members, who are in the snapshot, have left with that."""
    exits = _exits(snapshot, conversation, Seq(conversation.head.seq + 1))
    return Decision((Draft(conversation_stream(conversation.id), fact), *exits), lambda _: Done())


def _exits(snapshot: Snapshot, conversation: Conversation, at: Seq) -> tuple[Draft, ...]:
    """Tell the members of a snapshot that they have left, with the fact at a place as the last that they see."""
    return tuple(
        Draft(user_stream(user), ConversationExited(conversation.id, at, parent=conversation.parent))
        for user, member in snapshot.memberships.items()
        if member.is_member
    )
