"""Decisions about the end of a conversation: its time is up, or its owner dissolves it."""

from unisono.domain.answers import Done
from unisono.domain.commands import Dissolve
from unisono.domain.conversation import Conversation, Decision, Snapshot, permit, standing_now
from unisono.domain.errors import Forbidden
from unisono.domain.facts import ConversationEnded, ConversationExited
from unisono.domain.ids import Seq, UserId, conversation_stream, user_stream
from unisono.domain.permission import Standing
from unisono.domain.placement import Draft


def dissolve(snapshot: Snapshot, caller: UserId) -> Decision:
    """End a conversation for all its members.

    Raises:
        NotFound: The caller is no member.
        Forbidden: Not the owner, or of a kind that has none or lists no members.
    """
    conversation = permit(Dissolve, snapshot, caller)
    if standing_now(snapshot, conversation, caller) not in {Standing.OWNER, Standing.OPERATOR}:
        raise Forbidden(reason="only the owner dissolves it")
    return _end(snapshot, conversation, ConversationEnded(reason="dissolved", by=caller))


def expire(snapshot: Snapshot) -> Decision:
    """End a conversation whose time is up; one that ended already, or has time left, is left alone."""
    conversation = snapshot.conversation
    if conversation is None or not conversation.is_over(snapshot.now):
        return Decision(drafts=(), answer=lambda _: Done())
    return _end(snapshot, conversation, ConversationEnded(reason="expired"))


def _end(snapshot: Snapshot, conversation: Conversation, fact: ConversationEnded) -> Decision:
    at = Seq(conversation.head.seq + 1)
    exits = tuple(
        Draft(user_stream(user), ConversationExited(conversation=conversation.id, seq=at))
        for user, member in snapshot.memberships.items()
        if member.is_member
    )
    return Decision((Draft(conversation_stream(conversation.id), fact), *exits), lambda _: Done())
