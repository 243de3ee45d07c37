"""What the log adds up to, for reading: conversations, members, history."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from unisono.domain.answers import HistoryEntry
from unisono.domain.conversation import Conversation, Membership
from unisono.domain.ids import ConversationId, Seq, UserId


class Audience(Struct, frozen=True):
    """The members of a conversation as of the fact at `head` of its stream."""

    head: Seq
    members: frozenset[UserId]


class MyConversation(Struct, frozen=True):
    """A conversation and the reader's place in it. `members` are listed only where one conversation is asked for."""

    conversation: Conversation
    membership: Membership
    members: tuple[UserId, ...] = ()


class HistoryPage(Struct, frozen=True):
    """Messages in rising order, and whether there are more in the direction asked for."""

    messages: tuple[HistoryEntry, ...]
    has_more: bool


class Directory(Protocol):
    """Reads of one app. Each call sees one moment; two calls may see two."""

    async def find(self, conversation: ConversationId, user: UserId) -> MyConversation | None:
        """Give a conversation as a current or former member sees it, or None when there is nothing for them to see."""

    async def list_of(self, user: UserId, after: ConversationId | None, limit: int) -> Sequence[MyConversation]:
        """List the conversations the user is in now, by id, starting after `after`."""

    async def audience(self, conversation: ConversationId) -> Audience:
        """Give the members as of a head, both of one moment. An unknown conversation has none, at head 0."""

    async def history(
        self,
        conversation: ConversationId,
        *,
        before: Seq | None,
        after: Seq | None,
        until: Seq | None,
        limit: int,
    ) -> HistoryPage:
        """Read messages with `after` < seq < `before` and seq <= `until`.

        With `after` alone the oldest of them, else the newest; always given in rising order.
        """
