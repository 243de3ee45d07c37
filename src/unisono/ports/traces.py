"""What one user left behind: the conversations they were ever in, and what they said and did there."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from unisono.domain.answers import HistoryEntry
from unisono.domain.conversation import Conversation, Membership
from unisono.domain.ids import ConversationId, Seq, UserId


class Place(Struct, frozen=True):
    """A conversation as it is now, and a user's place in it: that of a member, a former one, or one who may not be."""

    conversation: Conversation
    membership: Membership


class Reacted(Struct, frozen=True):
    """A reaction of the user's to the message at `seq`."""

    seq: Seq
    reaction: str


class Left(Struct, frozen=True):
    """What a user left in a part of a conversation's stream, that up to `until`; `is_complete` where it ends there.

    `messages` are theirs, as they are now, recalled ones too. `described` are facts that give attributes to them as a
    member. All in rising order.
    """

    messages: tuple[HistoryEntry, ...]
    reactions: tuple[Reacted, ...]
    described: tuple[Seq, ...]
    until: Seq
    is_complete: bool


class Traces(Protocol):
    """Reads of one app about one user. Each call sees one moment; two calls may see two."""

    async def places(self, user: UserId, after: ConversationId | None, limit: int) -> Sequence[Place]:
        """List the conversations that know the user, by id, starting after `after`."""

    async def left_in(self, conversation: ConversationId, user: UserId, after: Seq) -> Left:
        """Give what a user left in a conversation behind a place, as far as one read goes.

        It looks at a bounded part of the stream, of bounded size, so that any conversation takes many short reads.
        """
