"""What a group hears of what becomes of a thread under one of its messages, beside the thread's own facts."""

from unisono.domain.conversation import Conversation
from unisono.domain.facts import ConversationChanged
from unisono.domain.ids import UserId, conversation_stream
from unisono.domain.placement import Draft
from unisono.domain.thread_facts import ThreadEnded, ThreadRenamed


def told_of_name(conversation: Conversation, fact: ConversationChanged) -> tuple[Draft, ...]:
    """Tell the group of a thread's new name; nothing where it is no thread, or keeps its name."""
    parent = conversation.parent
    if parent is None or fact.name is None:
        return ()
    renamed = ThreadRenamed(parent.message, conversation.id, fact.by, fact.name or None)
    return (Draft(conversation_stream(parent.conversation), renamed),)


def told_of_end(conversation: Conversation, by: UserId) -> tuple[Draft, ...]:
    """Tell the group that somebody destroyed a thread; nothing where it is none."""
    parent = conversation.parent
    if parent is None:
        return ()
    return (Draft(conversation_stream(parent.conversation), ThreadEnded(parent.message, conversation.id, by)),)
