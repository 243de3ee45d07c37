"""What may be asked to find conversations and messages."""

from typing import Annotated, Final

from msgspec import Meta

from unisono.domain.commands.base import PAGE_MAX, Command
from unisono.domain.ids import NO_NUL, ConversationIdIn, PageMarkIn
from unisono.domain.query import NEWEST_FIRST, SKIP_MAX, SORT_KEYS_MAX, TEXT_MAX_CHARS, Condition, SortKey

SEARCH_PAGE_MAX: Final = 100


class FindConversations(Command, frozen=True, tag="query"):
    """Ask for the conversations for which `where` holds, sorted, without the first `skip`.

    They are found among those I am a member of, all rooms, and open conversations whose ids `where` names. `compact`
    leaves out the members; `with_last` brings the newest message of each that I am a member of.
    """

    where: Condition | None = None
    sort: Annotated[tuple[SortKey, ...], Meta(max_length=SORT_KEYS_MAX)] = ()
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = 10
    skip: Annotated[int, Meta(ge=0, le=SKIP_MAX)] = 0
    compact: bool = False
    with_last: bool = False

    @property
    def order(self) -> tuple[SortKey, ...]:
        """Give what to sort by: without any wish the newest message comes first."""
        return self.sort or NEWEST_FIRST


class SearchMessages(Command, frozen=True, tag="search"):
    """Ask for messages that have all words of a text, the newest first, in one of my conversations or in all of them.

    `after` is the `next` of the page before.
    """

    text: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX_CHARS, pattern=NO_NUL)]
    conversation: ConversationIdIn | None = None
    after: PageMarkIn | None = None
    limit: Annotated[int, Meta(ge=1, le=SEARCH_PAGE_MAX)] = 20
