"""How users arrange their conversations, in memory."""

from unisono.domain.arrangement import AllSilenced, Arrangement, Quietness
from unisono.domain.arranging import arranged
from unisono.domain.conversation import Membership
from unisono.domain.ids import ConversationId, Instant, UserId
from unisono.domain.silence import Silence


def arrange(members: dict[UserId, Membership], user: UserId | None, fact: Arrangement, at: Instant) -> None:
    """Bring a membership up to a fact."""
    if user is not None and (old := members.get(user)) is not None and old.is_member:
        members[user] = arranged(old, fact, at)


def count_pinned(members: dict[ConversationId, dict[UserId, Membership]], user: UserId) -> int:
    """Count what a user pinned."""
    mine = (known[user] for known in members.values() if user in known)
    return sum(each.pinned_at is not None for each in mine)


def silence_all(silences: dict[UserId, Silence], user: UserId | None, fact: Quietness) -> None:
    """Bring what a user wants to hear of all conversations up to a fact."""
    if user is not None and isinstance(fact, AllSilenced):
        silences[user] = fact.silence
    elif user is not None:
        silences.pop(user, None)
