"""What a conversation is when it begins."""

from unisono.domain.conversation import Conversation
from unisono.domain.facts import ConversationCreated
from unisono.domain.ids import ConversationId, Instant
from unisono.domain.placement import Head


def begun(conversation: ConversationId, at: Instant, fact: ConversationCreated) -> Conversation:
    """Give a conversation as its first fact has it; the store knows its head."""
    return Conversation(
        id=conversation,
        of=fact.of,
        creator=fact.by,
        created_at=at,
        updated_at=at,
        head=Head(),
        member_count=len(set(fact.members)),
        name=fact.name,
        attributes=fact.attributes,
        is_unique=fact.is_unique,
        joining=fact.joining,
        rules=fact.rules,
        expires_at=fact.expires_at,
        audience=fact.audience,
        keeps_history=fact.keeps_history,
        parent=fact.parent,
    )
