"""What a client tells its program of what I did on whichever session, one class per event.

Names of events stand in each class's first line. Instants are milliseconds since 1970-01-01 UTC.
"""

from dataclasses import dataclass

from unisono_sdk.conversation import Conversation
from unisono_sdk.facts import Fact, Json
from unisono_sdk.silence import Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedChanged:
    """`pinned`: I want to see a conversation above others (`is_pinned`), or among them again, on all my sessions."""

    conversation: Conversation
    is_pinned: bool
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkChanged:
    """`marked`: I put a mark of mine to a conversation (`is_on`), or took it away, on all my sessions."""

    conversation: Conversation
    mark: str
    is_on: bool
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceChanged:
    """`silence`: I want to hear less of a conversation, or as much as before (None), on all my sessions."""

    conversation: Conversation
    silence: Silence | None
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AllSilenceChanged:
    """`all_silence`: I want to hear less of all conversations, or as much as before (None), on all my sessions."""

    silence: Silence | None
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """`deleted`: I took a conversation from my lists until something is said in it, on all my sessions."""

    conversation: Conversation
    with_history: bool
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryDeleted:
    """`history_deleted`: what was said in a conversation up to `seq` is shown to me no more, on all my sessions."""

    conversation: Conversation
    seq: int
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesDeleted:
    """`messages_deleted`: messages of a conversation, by their seqs, are shown to me no more, on all my sessions."""

    conversation: Conversation
    seqs: tuple[int, ...]
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftChanged:
    """`draft`: on another session I have begun to write something else in a conversation; None for nothing any more."""

    conversation: Conversation
    value: Json
    revision: int
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiDevice:
    """`multi_device`: another session of mine did something, by its `operation`; what this one does is not told here.

    The guide lists the operations; an `alias` is the name elsewhere of one that shares it with others. There will be
    more: pass over those you do not know. `by` is me, `conversation` is None where it is about none, and `fact` tells
    the details.
    """

    operation: str
    alias: str | None
    conversation: Conversation | None
    by: str
    at: int
    fact: Fact


Arranged = PinnedChanged | MarkChanged | SilenceChanged | AllSilenceChanged | Deleted | HistoryDeleted | MessagesDeleted
