"""What may be asked about how the caller arranges their conversations."""

from typing import Annotated, Final

from msgspec import Meta

from unisono.domain.commands.base import Command
from unisono.domain.ids import PRINTABLE, ConversationIdIn, InstantIn, SeqIn
from unisono.domain.silence import WINDOWS_MAX, SilentLevel, Window

MARK_MAX_CHARS: Final = 64
DELETED_AT_ONCE_MAX: Final = 100

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


class SilenceConversation(Command, frozen=True, tag="silence"):
    """Be alerted of less than my level says, on all my sessions: of `mentions`, or of `none`.

    For good, or `until` an instant, and only within `windows` where there are any. It takes the place of an earlier
    silence.
    """

    conversation: ConversationIdIn
    level: SilentLevel = "none"
    until: InstantIn | None = None
    windows: Annotated[tuple[Window, ...], Meta(max_length=WINDOWS_MAX)] = ()


class UnsilenceConversation(Command, frozen=True, tag="unsilence"):
    """Lift a silence. None there is no fault."""

    conversation: ConversationIdIn


class SilenceAll(Command, frozen=True, tag="silence_all"):
    """Be alerted of less in all my conversations, as `SilenceConversation` does it for one; the quieter one counts."""

    level: SilentLevel = "none"
    until: InstantIn | None = None
    windows: Annotated[tuple[Window, ...], Meta(max_length=WINDOWS_MAX)] = ()


class UnsilenceAll(Command, frozen=True, tag="unsilence_all"):
    """Lift the silence of all my conversations; those of single ones stay. None there is no fault."""


class GetSilence(Command, frozen=True, tag="silence_of_all"):
    """Ask for the silence of all my conversations."""


class DeleteConversation(Command, frozen=True, tag="delete_conversation"):
    """Take a conversation from my lists, on all my sessions, until something is said in it or I pin it.

    I stay a member, and all of it counts as read. `with_history`: what was said is deleted for me, too.
    """

    conversation: ConversationIdIn
    with_history: bool = False


class DeleteHistory(Command, frozen=True, tag="delete_history"):
    """Have what was said up to a place shown to me no more, on all my sessions. It counts as read; others keep it."""

    conversation: ConversationIdIn
    up_to: SeqIn


class DeleteMessages(Command, frozen=True, tag="delete_messages"):
    """Have chosen messages shown to me no more, on all my sessions. None of them counts as unread; others keep them."""

    conversation: ConversationIdIn
    messages: Annotated[tuple[SeqIn, ...], Meta(min_length=1, max_length=DELETED_AT_ONCE_MAX)]
