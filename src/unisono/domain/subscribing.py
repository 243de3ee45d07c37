"""Decisions about who subscribes to a conversation of the operator's.

Any number of users may, so its own stream says nothing of them: each one's coming and going is a fact of their own
stream alone. They see it from the entry on that is the last when they come.
"""

from unisono.domain.answers import Membership as MembershipAnswer
from unisono.domain.conversation import Conversation, Decision, Snapshot
from unisono.domain.errors import Forbidden, NotFound
from unisono.domain.facts import ConversationEntered, ConversationExited
from unisono.domain.ids import Instant, Seq, UserId, user_stream
from unisono.domain.kinds import KINDS
from unisono.domain.placement import Draft


def of_operator(snapshot: Snapshot) -> Conversation:
    """Give the conversation, if it is one of the operator's.

    Raises:
        NotFound: There is none.
        Forbidden: It is of another kind.
    """
    conversation = snapshot.conversation
    if conversation is None:
        raise NotFound()
    if KINDS[conversation.of].writers != "operator":
        raise Forbidden(reason=f"a {conversation.of} conversation is its members'")
    return conversation


def of_operator_still(snapshot: Snapshot) -> Conversation:
    """Give the conversation, if it is one of the operator's that has not ended.

    Raises:
        NotFound: There is none.
        Forbidden: It is of another kind, or over.
    """
    conversation = of_operator(snapshot)
    if conversation.is_over(snapshot.now):
        raise Forbidden(reason="the conversation is over")
    return conversation


def subscribe(snapshot: Snapshot, conversation: Conversation, user: UserId, *, by: UserId) -> Decision:
    """Make a user a subscriber. Who is one already stays so."""
    member = snapshot.memberships.get(user)
    if member is not None and member.is_member:
        return _answered(conversation)
    return _answered(conversation, _entry(conversation, user, conversation.head.seq, by))


def unsubscribe(snapshot: Snapshot, conversation: Conversation, user: UserId, *, by: UserId) -> Decision:
    """Make a user a subscriber no more. Repeating it is no error."""
    member = snapshot.memberships.get(user)
    if member is None or not member.is_member:
        return _answered(conversation)
    exited = ConversationExited(conversation=conversation.id, seq=conversation.head.seq, by=by)
    return _answered(conversation, Draft(user_stream(user), exited))


def admit(snapshot: Snapshot, user: UserId) -> Decision:
    """Make a user a subscriber, open or not, in the name of the conversation."""
    conversation = of_operator_still(snapshot)
    return subscribe(snapshot, conversation, user, by=conversation.creator)


def dismiss(snapshot: Snapshot, user: UserId) -> Decision:
    """Make a user a subscriber no more, in the name of the conversation."""
    conversation = of_operator(snapshot)
    return unsubscribe(snapshot, conversation, user, by=conversation.creator)


def enroll(snapshot: Snapshot, user: UserId, *, first_at: Instant) -> Decision:
    """Make a user a subscriber of what is for all, unless they ever were one: who quits is left alone.

    Who was known, since `first_at`, before it began sees it from its beginning. One that ended meanwhile is for nobody.
    """
    conversation = of_operator(snapshot)
    if user in snapshot.memberships or conversation.is_over(snapshot.now):
        return _answered(conversation)
    since = Seq(1) if first_at < conversation.created_at else conversation.head.seq
    return _answered(conversation, _entry(conversation, user, since, conversation.creator))


def _entry(conversation: Conversation, user: UserId, since: Seq, by: UserId) -> Draft:
    return Draft(user_stream(user), ConversationEntered(conversation=conversation.id, seq=since, by=by))


def _answered(conversation: Conversation, *drafts: Draft) -> Decision:
    answer = MembershipAnswer(conversation=conversation.id, members=())
    return Decision(drafts, lambda _: answer)
