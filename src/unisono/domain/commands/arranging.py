"""What may be asked about how the caller arranges their conversations."""

from typing import Annotated, Final

from msgspec import Meta

from unisono.domain.commands.base import Command
from unisono.domain.ids import PRINTABLE, ConversationIdIn

MARK_MAX_CHARS: Final = 64

MarkName = Annotated[str, Meta(min_length=1, max_length=MARK_MAX_CHARS, pattern=PRINTABLE)]


class PinConversation(Command, frozen=True, tag="pin"):
    """Have a conversation stand above others, on all my sessions; one pinned already stays where it is."""

    conversation: ConversationIdIn


class UnpinConversation(Command, frozen=True, tag="unpin"):
    """Have a conversation stand among the others again. One that is not pinned is no fault."""

    conversation: ConversationIdIn


class MarkConversation(Command, frozen=True, tag="mark"):
    """Put a mark of mine to a conversation, for all my sessions, beside those that it has."""

    conversation: ConversationIdIn
    mark: MarkName


class UnmarkConversation(Command, frozen=True, tag="unmark"):
    """Take a mark of mine from a conversation. One that it does not have is no fault."""

    conversation: ConversationIdIn
    mark: MarkName
