"""Facts of how a user arranges their conversations: on all their sessions, and for nobody else.

They stand in the user's own stream.
"""

from unisono.domain.ids import ConversationId, Seq
from unisono.domain.origin import Caused
from unisono.domain.silence import Silence


class ConversationPinned(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="pinned"):
    """This user wants to see the conversation above others. Those pinned last come first."""

    conversation: ConversationId


class ConversationUnpinned(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="unpinned"):
    """This user wants to see the conversation among the others again."""

    conversation: ConversationId


class ConversationMarked(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="marked"):
    """This user put a mark of theirs to the conversation, beside those that it has."""

    conversation: ConversationId
    mark: str


class ConversationUnmarked(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="unmarked"):
    """This user took a mark of theirs from the conversation."""

    conversation: ConversationId
    mark: str


class ConversationSilenced(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="silenced"):
    """This user wants to hear less of the conversation while the silence holds; an earlier one is over."""

    conversation: ConversationId
    silence: Silence


class ConversationUnsilenced(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="unsilenced"):
    """This user lifted the silence."""

    conversation: ConversationId


class ConversationDeleted(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="conversation_deleted"):
    """This user took the conversation from their lists, until something is said after the `messages` there were.

    With `history_to` they deleted all that was said up to there, too: for themselves alone.
    """

    conversation: ConversationId
    messages: int
    history_to: Seq | None = None


class HistoryDeleted(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="history_deleted"):
    """This user deleted what was said up to `seq`, for themselves alone."""

    conversation: ConversationId
    seq: Seq


class MessagesDeleted(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="messages_deleted"):
    """This user deleted these messages, for themselves alone. So many of them had counted as `unread`."""

    conversation: ConversationId
    messages: tuple[Seq, ...]
    unread: int = 0


class AllSilenced(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="all_silenced"):
    """This user wants to hear less of all conversations while the silence holds; an earlier one is over."""

    silence: Silence


class AllUnsilenced(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="all_unsilenced"):
    """This user lifted the silence of all conversations; those of single ones stay."""


Quietness = AllSilenced | AllUnsilenced

Arrangement = (
    ConversationPinned
    | ConversationUnpinned
    | ConversationMarked
    | ConversationUnmarked
    | ConversationSilenced
    | ConversationUnsilenced
    | ConversationDeleted
    | HistoryDeleted
    | MessagesDeleted
)
