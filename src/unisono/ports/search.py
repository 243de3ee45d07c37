"""Search: which messages have certain words."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from unisono.domain.answers import FoundMessage
from unisono.domain.ids import ConversationId, Instant, NodeId, Seq, UserId


class Spot(Struct, frozen=True, order=True):
    """A place in the order in which messages are found: the newest first, and by conversation and seq what is alike."""

    at: Instant
    conversation: ConversationId
    seq: Seq


class Search(Protocol):
    """The words of one app's messages (`domain.words`).

    What is placed is found once it was indexed, a little later. From then on the index is in step with the messages:
    what is edited, recalled or no longer kept is found as it is in the very moment of that change.
    """

    async def index(self, node: NodeId, limit: int) -> bool:
        """Take up to `limit` messages into the index that are not in it yet; say if there may be more. Safe to repeat.

        One node at a time has the work, as long as it has its lease; another is told that there is nothing to do. A
        message that was taken up stays so, whatever is lost later.
        """

    async def compact(self) -> bool:
        """Take one short step towards keeping no words that nothing says any more; say if there may be more to do.

        Such words are not found, whether or not this is done, but may be in the database's files. Safe to repeat.
        """

    async def find(
        self,
        user: UserId,
        words: Sequence[str],
        *,
        limit: int,
        conversation: ConversationId | None = None,
        below: Spot | None = None,
    ) -> Sequence[FoundMessage]:
        """Find up to `limit` messages that have all these words, the newest first, behind `below`.

        In conversations that the user is or was a member of, or in this one of them; others have none. As in history,
        one that the user left has none behind that, nor any that changed since.

        Raises:
            Invalid: It takes longer than a search may.
            Overloaded: Too many wait.
        """
