"""What another session of mine did, by the names that such events have elsewhere."""

from typing import Final

from unisono_sdk import arrangement, facts, thread_facts
from unisono_sdk.facts import Fact

ALIASES: Final = dict.fromkeys(
    ("history_deleted", "messages_deleted", "conversation_deleted_on_server"), "deleteRoaming"
)
"""Names that other services use for more than one operation."""

OPERATIONS: Final[dict[type[Fact], str]] = {
    arrangement.ConversationPinned: "pinnedConversation",
    arrangement.ConversationUnpinned: "unpinnedConversation",
    arrangement.ConversationMarked: "markConversation",
    arrangement.ConversationUnmarked: "unMarkConversation",
    arrangement.ConversationSilenced: "setSilentModeForConversation",
    arrangement.ConversationUnsilenced: "removeSilentModeForConversation",
    arrangement.AllSilenced: "setSilentModeForUser",
    arrangement.AllUnsilenced: "all_unsilenced",
    arrangement.HistoryDeleted: "history_deleted",
    arrangement.MessagesDeleted: "messages_deleted",
}
THREADS: Final[dict[type[Fact], str]] = {
    thread_facts.ThreadMade: "chatThreadCreate",
    thread_facts.ThreadEnded: "chatThreadDestroy",
    thread_facts.ThreadRenamed: "chatThreadNameUpdate",
    facts.ConversationEntered: "chatThreadJoin",
    facts.ConversationExited: "chatThreadLeave",
}


def operation_of(fact: Fact, user: str) -> str | None:
    """Give the name of the operation of a user's that left a fact; None when it is told by other events alone.

    One that this SDK does not know has the name that the protocol gives it.
    """
    match fact:
        case facts.MemberChanged(user=member, by=by, attributes=attributes):
            return "memberAttributesUpdate" if member == by == user and attributes is not None else None
        case arrangement.ConversationDeleted(history_to=history_to):
            return "deleteConversation" if history_to is None else "conversation_deleted_on_server"
        case facts.ConversationEntered(parent=None) | facts.ConversationExited(parent=None):
            return None
        case facts.ConversationEntered(seq=1):
            # Who begins a thread does not join it besides.
            return None
        case thread_facts.ThreadMade() | thread_facts.ThreadRenamed() | thread_facts.ThreadEnded():
            return THREADS[type(fact)] if fact.by == user else None
        case facts.ConversationEntered() | facts.ConversationExited():
            return THREADS[type(fact)] if fact.by == user else None
        case facts.UnknownFact(kind=kind):
            return kind
        case _:
            return OPERATIONS.get(type(fact))


def origin_of(fact: Fact) -> object:
    """Give which session did it, as the fact says; None where it does not."""
    return _said(fact, "origin")


def conversation_of(fact: Fact, stream: str) -> str | None:
    """Give the conversation that a fact of a stream is about: a thread, the stream's own, or one that it names."""
    if isinstance(fact, thread_facts.ThreadFact):
        return fact.thread
    key = stream[2:] if stream.startswith("c/") else _said(fact, "conversation")
    return key if isinstance(key, str) else None


def _said(fact: Fact, field: str) -> object:
    return fact.fields.get(field) if isinstance(fact, facts.UnknownFact) else getattr(fact, field, None)
