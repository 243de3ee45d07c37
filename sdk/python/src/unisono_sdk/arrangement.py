"""Facts of how I arrange my conversations, as the protocol says them; the tag stands in `kind`."""

from dataclasses import dataclass
from typing import ClassVar

from unisono_sdk.origin import Caused


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


Arrangement = ConversationPinned | ConversationUnpinned | ConversationMarked | ConversationUnmarked
