"""What may be asked about messages."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from unisono.domain.commands.base import PAGE_MAX, Command, PageSize
from unisono.domain.events import DEFAULT_PRIORITY, Priority
from unisono.domain.facts import Content, ContentType
from unisono.domain.ids import PRINTABLE, ConversationIdIn, InstantIn, Json, SendKeyIn, SeqIn, UserIdIn

MENTIONS_MAX: Final = 100
MISSED_MAX: Final = 100
"""Messages of one conversation in an answer to `missed`."""

REACTION_MAX_CHARS: Final = 32

Reaction = Annotated[str, Meta(min_length=1, max_length=REACTION_MAX_CHARS, pattern=PRINTABLE)]
Mentions = Annotated[tuple[UserIdIn, ...], Meta(max_length=MENTIONS_MAX)]


class SendMessage(Command, frozen=True, tag="send"):
    """Place a message. `key` is the sender's: repeating it, from any tab, ever, gives the first place again.

    A `transient` one gets no place: it reaches who is here now, is in no history, and a repetition is another message.
    `priority` says what a congested connection is spared first in a room; elsewhere it is ignored.
    `mentions`, `mention_all`, `reply_to`, `receipt` and `push` as in `facts.MessagePlaced`.
    """

    conversation: ConversationIdIn
    key: SendKeyIn
    content: Content
    transient: bool = False
    mentions: Mentions = ()
    mention_all: bool = False
    reply_to: SeqIn | None = None
    receipt: bool = False
    push: dict[str, Json] | None = None
    priority: Priority = DEFAULT_PRIORITY


class MarkDelivered(Command, frozen=True, tag="mark_delivered"):
    """Tell that this device has the messages up to `seq`. Senders who asked for a receipt hear of my first device."""

    conversation: ConversationIdIn
    seq: SeqIn


class GetReceipts(Command, frozen=True, tag="receipts"):
    """Ask who got and who read my message at seq `message`."""

    conversation: ConversationIdIn
    message: SeqIn


class MarkAllRead(Command, frozen=True, tag="mark_all_read"):
    """Move my read marks to the end of these conversations; without any, of all that have something unread."""

    conversations: Annotated[tuple[ConversationIdIn, ...], Meta(max_length=PAGE_MAX)] = ()


class MarkUnread(Command, frozen=True, tag="mark_unread"):
    """Note that I wish to come back to a conversation, for all my sessions. Reading ends it."""

    conversation: ConversationIdIn


class GetUnread(Command, frozen=True, tag="unread"):
    """Ask what waits for me, a page of conversations at a time, or in one `conversation` alone."""

    after: ConversationIdIn | None = None
    limit: PageSize = 100
    conversation: ConversationIdIn | None = None


class GetMissed(Command, frozen=True, tag="missed"):
    """Ask for the messages that wait for me, the newest `each` of each conversation, a page of conversations at a time.

    For a client that brings no state from before; one that does asks for what moved.
    """

    after: ConversationIdIn | None = None
    limit: PageSize = 20
    each: Annotated[int, Meta(ge=1, le=MISSED_MAX)] = 20


class EditMessage(Command, frozen=True, tag="edit"):
    """Give my message at seq `message` another content."""

    conversation: ConversationIdIn
    message: SeqIn
    content: Content
    mentions: Mentions = ()
    mention_all: bool = False


class RecallMessage(Command, frozen=True, tag="recall"):
    """Take my message at seq `message` back."""

    conversation: ConversationIdIn
    message: SeqIn


class React(Command, frozen=True, tag="react"):
    """Put a reaction, such as an emoji, to the message at seq `message`, or take mine away (`on` false)."""

    conversation: ConversationIdIn
    message: SeqIn
    reaction: Reaction
    on: bool = True


class TellTyping(Command, frozen=True, tag="typing"):
    """Tell the other members that I began, or ceased, to write."""

    conversation: ConversationIdIn
    is_typing: bool = True


class GetHistory(Command, frozen=True, tag="history"):
    """Ask for messages before or after a place or a time, in rising order; without either, the newest.

    All that is given must hold. `direction` says from which end of what it leaves the page is taken: `older` begins
    at the newest, `newer` at the oldest. A recalled message has no type.
    """

    conversation: ConversationIdIn
    before: SeqIn | None = None
    after: SeqIn | None = None
    limit: PageSize = 20
    before_at: InstantIn | None = None
    after_at: InstantIn | None = None
    type: ContentType | None = None
    direction: Literal["older", "newer"] | None = None

    @property
    def is_newest(self) -> bool:
        """Say if the page is taken from the newest end: unless told, where no beginning alone is given."""
        if self.direction is not None:
            return self.direction == "older"
        has_beginning = self.after is not None or self.after_at is not None
        return not has_beginning or self.before is not None or self.before_at is not None


class MarkRead(Command, frozen=True, tag="mark_read"):
    """Move my read mark up to `seq`, for all my sessions. A lower one than today's changes nothing."""

    conversation: ConversationIdIn
    seq: SeqIn
