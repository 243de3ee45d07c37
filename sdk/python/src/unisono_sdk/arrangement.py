"""Facts of how I arrange my conversations, as the protocol says them; the tag stands in `kind`."""

from dataclasses import dataclass
from typing import ClassVar

from unisono_sdk.origin import Caused
from unisono_sdk.silence import Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPinned(Caused):
    """I want to see the conversation above others."""

    kind: ClassVar[str] = "pinned"
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationUnpinned(Caused):
    """I want to see the conversation among the others again."""

    kind: ClassVar[str] = "unpinned"
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationMarked(Caused):
    """I put a mark of mine to the conversation."""

    kind: ClassVar[str] = "marked"
    conversation: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationUnmarked(Caused):
    """I took a mark of mine from the conversation."""

    kind: ClassVar[str] = "unmarked"
    conversation: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSilenced(Caused):
    """I want to hear less of the conversation while the silence holds."""

    kind: ClassVar[str] = "silenced"
    conversation: str
    silence: Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationUnsilenced(Caused):
    """I lifted the silence."""

    kind: ClassVar[str] = "unsilenced"
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationDeleted(Caused):
    """I took the conversation from my lists until something is said in it; what was said up to `history_to`, too."""

    kind: ClassVar[str] = "conversation_deleted"
    conversation: str
    messages: int
    history_to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryDeleted(Caused):
    """I deleted what was said up to `seq`, for myself alone."""

    kind: ClassVar[str] = "history_deleted"
    conversation: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesDeleted(Caused):
    """I deleted these messages, for myself alone. So many of them had counted as unread."""

    kind: ClassVar[str] = "messages_deleted"
    conversation: str
    messages: tuple[int, ...]
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AllSilenced(Caused):
    """I want to hear less of all conversations while the silence holds."""

    kind: ClassVar[str] = "all_silenced"
    silence: Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class AllUnsilenced(Caused):
    """I lifted the silence of all conversations; those of single ones stay."""

    kind: ClassVar[str] = "all_unsilenced"


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
