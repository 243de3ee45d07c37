"""Facts of how a user arranges their conversations: on all their sessions, and for nobody else.

They stand in the user's own stream.
"""

from unisono.domain.ids import ConversationId
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


Arrangement = (
    ConversationPinned
    | ConversationUnpinned
    | ConversationMarked
    | ConversationUnmarked
    | ConversationSilenced
    | ConversationUnsilenced
)
