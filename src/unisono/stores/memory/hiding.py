"""Messages that users deleted for themselves, one by one, in memory."""

from collections.abc import Collection, Mapping

from msgspec import structs

from unisono.domain.arrangement import Arrangement, ConversationDeleted, HistoryDeleted, MessagesDeleted
from unisono.domain.conversation import Membership
from unisono.domain.ids import NO_SEQ, ConversationId, Seq, UserId

Hidden = dict[tuple[ConversationId, UserId], set[Seq]]
"""What users deleted in each conversation."""


def hide(hidden: Hidden, user: UserId | None, fact: Arrangement) -> None:
    """Bring what a user deleted up to a fact; what a deleted history has needs no note."""
    if user is None:
        return
    if isinstance(fact, MessagesDeleted):
        hidden.setdefault((fact.conversation, user), set()).update(fact.messages)
        return
    until = NO_SEQ
    if isinstance(fact, HistoryDeleted):
        until = fact.seq
    elif isinstance(fact, ConversationDeleted):
        until = fact.history_to or NO_SEQ
    if until:
        left = {seq for seq in hidden.get((fact.conversation, user), ()) if seq > until}
        hidden[fact.conversation, user] = left


def count(hidden: Hidden, user: UserId) -> int:
    """Count what a user deleted."""
    return sum(len(seqs) for (_, whose), seqs in hidden.items() if whose == user)


def trim(
    hidden: Hidden,
    conversation: ConversationId,
    members: dict[UserId, Membership],
    gone: Mapping[Seq, UserId],
) -> None:
    """Forget what was deleted of messages that are gone; unread ones of others count as the user's own no more."""
    for (where, user), seqs in hidden.items():
        member = members.get(user)
        if where != conversation or member is None:
            continue
        lost = [seq for seq in seqs & gone.keys() if gone[seq] != user and seq > max(member.read, member.since)]
        if member.is_member:
            members[user] = structs.replace(member, own=member.own - len(lost))
        seqs.difference_update(gone)


def forget(hidden: Hidden, user: UserId) -> None:
    """Forget what a user deleted."""
    for key in [key for key in hidden if key[1] == user]:
        del hidden[key]


def among(hidden: Hidden, conversation: ConversationId, user: UserId, seqs: Collection[Seq]) -> frozenset[Seq]:
    """Give which of some messages a user deleted."""
    return frozenset(hidden.get((conversation, user), set()).intersection(seqs))


def hiders(hidden: Hidden, conversation: ConversationId, seqs: Collection[Seq]) -> dict[Seq, set[UserId]]:
    """Give who deleted some messages."""
    found: dict[Seq, set[UserId]] = {}
    for (where, user), theirs in hidden.items():
        for seq in theirs.intersection(seqs) if where == conversation else ():
            found.setdefault(seq, set()).add(user)
    return found
