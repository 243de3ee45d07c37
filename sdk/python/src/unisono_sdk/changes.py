"""What changes of conversations and messages are called, and the events that tell of them."""

from unisono_sdk import events, facts, own_events
from unisono_sdk.arrangement import (
    Arrangement,
    ConversationDeleted,
    ConversationMarked,
    ConversationPinned,
    ConversationSilenced,
    ConversationUnmarked,
    ConversationUnpinned,
    ConversationUnsilenced,
    HistoryDeleted,
    MessagesDeleted,
)
from unisono_sdk.conversation import Conversation


def of_ruling(
    conversation: Conversation,
    fact: facts.ConversationChanged | facts.MemberChanged | facts.MembersRestricted,
    at: int,
) -> tuple[str, events.Changed | events.MemberChanged | events.Restricted]:
    """Give the event that tells of a change to a conversation or to who may do what, with its name."""
    match fact:
        case facts.ConversationChanged(by=by):
            return "changed", events.Changed(
                conversation=conversation,
                by=by,
                at=at,
                name=fact.name,
                set=fact.set or {},
                unset=fact.unset,
                joining=fact.joining,
                rules=fact.rules,
            )
        case facts.MemberChanged(user=user, by=by):
            return "member_changed", events.MemberChanged(
                conversation=conversation, user=user, by=by, at=at, role=fact.role, attributes=fact.attributes
            )
        case facts.MembersRestricted(users=users, by=by, what=what):
            return "restricted", events.Restricted(
                conversation=conversation, users=users, by=by, at=at, what=what, is_on=fact.is_on, until=fact.until
            )


def of_change(
    conversation: Conversation, fact: facts.MessageRevised | facts.MessageRecalled | facts.MessageReacted, at: int
) -> tuple[str, events.Edited | events.Recalled | events.Reacted]:
    """Give the event that tells of a change to a message, with its name."""
    match fact:
        case facts.MessageRevised(message=seq, by=by):
            return "edited", events.Edited(
                conversation=conversation,
                seq=seq,
                by=by,
                at=at,
                content=fact.content,
                mentions=fact.mentions,
                mention_all=fact.mention_all,
            )
        case facts.MessageRecalled(message=seq, by=by):
            return "recalled", events.Recalled(conversation=conversation, seq=seq, by=by, at=at)
        case facts.MessageReacted(message=seq, by=by, reaction=reaction, is_on=is_on):
            return "reacted", events.Reacted(
                conversation=conversation, seq=seq, by=by, at=at, reaction=reaction, is_on=is_on
            )


def of_arranging(conversation: Conversation, fact: Arrangement, at: int) -> tuple[str, own_events.Arranged]:
    """Give the event that tells how I arranged a conversation, with its name."""
    match fact:
        case ConversationPinned() | ConversationUnpinned():
            is_pinned = isinstance(fact, ConversationPinned)
            return "pinned", events.PinnedChanged(conversation=conversation, is_pinned=is_pinned, at=at)
        case ConversationMarked(mark=mark) | ConversationUnmarked(mark=mark):
            is_on = isinstance(fact, ConversationMarked)
            return "marked", events.MarkChanged(conversation=conversation, mark=mark, is_on=is_on, at=at)
        case ConversationSilenced() | ConversationUnsilenced():
            silence = fact.silence if isinstance(fact, ConversationSilenced) else None
            return "silence", events.SilenceChanged(conversation=conversation, silence=silence, at=at)
        case ConversationDeleted(history_to=history_to):
            is_all = history_to is not None
            return "deleted", events.Deleted(conversation=conversation, with_history=is_all, at=at)
        case HistoryDeleted(seq=seq):
            return "history_deleted", events.HistoryDeleted(conversation=conversation, seq=seq, at=at)
        case MessagesDeleted(messages=seqs):
            return "messages_deleted", events.MessagesDeleted(conversation=conversation, seqs=seqs, at=at)


def of_draft(conversation: Conversation, changed: events.ObjectChanged) -> own_events.DraftChanged:
    """Give the event that tells what I have begun to write, of that which tells of the object."""
    value, revision = changed.value, changed.revision
    return own_events.DraftChanged(conversation=conversation, value=value, revision=revision, at=changed.at)
