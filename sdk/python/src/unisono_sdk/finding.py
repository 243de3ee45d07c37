"""Finding conversations: the query, and what asks it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from unisono_sdk.answers import FoundConversations
from unisono_sdk.commands import Command
from unisono_sdk.conditions import Condition
from unisono_sdk.conversation import Conversation
from unisono_sdk.desk import Desk, ask

SKIP_MAX: Final = 10_000
"""The server leaves out no more than these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    """A field to sort by."""

    by: str
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FindConversations(Command):
    """Ask for the conversations for which a condition holds."""

    op: ClassVar[str] = "query"
    where: Mapping[str, object] | None = None
    sort: tuple[SortKey, ...] = ()
    limit: int = 10
    skip: int = 0
    compact: bool = False
    with_last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of conversations; `done` when there are no more."""

    conversations: Sequence[Conversation]
    done: bool


AskFound = Callable[[FindConversations], Awaitable[Found]]


async def ask_found(desk: Desk, conversation: Callable[[str], Conversation], asked: FindConversations) -> Found:
    """Ask for a page, and let each conversation know what the server says."""
    answer = await ask(desk, asked, FoundConversations)
    found = []
    for view in answer.conversations:
        one = conversation(view.conversation).know(view, has_members=not asked.compact)
        if view.last is not None:
            await one.know_last(view.last)
        found.append(one)
    return Found(conversations=tuple(found), done=not answer.has_more)


class ConversationQuery:
    """A query for conversations; made by `Client.query`. Each of its words gives another query and leaves it as it was.

    It finds conversations that I am a member of, rooms, and open ones whose ids it names. Without more it finds 10 of
    them, those with the newest messages first. Iterating over it asks for page after page.
    """

    def __init__(self, ask_page: AskFound, asked: FindConversations, condition: Condition | None = None) -> None:
        """Keep what is asked so far. Programs do not call this."""
        self._ask_page = ask_page
        self._asked = asked
        self._condition = condition

    def where(self, *conditions: Condition) -> "ConversationQuery":
        """Find those only for which all of these hold, besides what was asked before."""
        condition = self._condition
        for one in conditions:
            condition = one if condition is None else condition & one
        plain = None if condition is None else condition.plain
        return ConversationQuery(self._ask_page, replace(self._asked, where=plain), condition)

    def ascending(self, by: str) -> "ConversationQuery":
        """Sort by a field, from the lowest up: what was named before counts first, and up to 5 count.

        Those without a value come first, then texts, then numbers.
        """
        return self._sorted(SortKey(by=by))

    def descending(self, by: str) -> "ConversationQuery":
        """Sort by a field, from the highest down: what was named before counts first, and up to 5 count."""
        return self._sorted(SortKey(by=by, descending=True))

    def limit(self, count: int) -> "ConversationQuery":
        """Find so many (1 to 1,000); when iterating, so many at a time."""
        return self._with(replace(self._asked, limit=count))

    def skip(self, count: int) -> "ConversationQuery":
        """Leave out the first so many (up to 10,000)."""
        return self._with(replace(self._asked, skip=count))

    def compact(self) -> "ConversationQuery":
        """Leave the members of what is found on the server."""
        return self._with(replace(self._asked, compact=True))

    def with_last_message(self) -> "ConversationQuery":
        """Bring `Conversation.last_message` of what is found up to date."""
        return self._with(replace(self._asked, with_last=True))

    async def find(self) -> Sequence[Conversation]:
        """Give what is found, fewer than asked for where they are large.

        Raises:
            Unacceptable: It means nothing, asks for too much, or takes too long.
        """
        return (await self._ask_page(self._asked)).conversations

    async def first(self) -> Conversation | None:
        """Give the first that is found, None when there is none."""
        found = await self._with(replace(self._asked, limit=1)).find()
        return found[0] if found else None

    async def __aiter__(self) -> AsyncIterator[Conversation]:
        """Go through all that is found, a page after the other, as far as can be skipped.

        What changes its place meanwhile may come twice or not at all.
        """
        asked, is_done = self._asked, False
        while not is_done:
            page = await self._ask_page(asked)
            for conversation in page.conversations:
                yield conversation
            asked = replace(asked, skip=asked.skip + len(page.conversations))
            is_done = page.done or asked.skip > SKIP_MAX

    def _sorted(self, key: SortKey) -> "ConversationQuery":
        return self._with(replace(self._asked, sort=(*self._asked.sort, key)))

    def _with(self, asked: FindConversations) -> "ConversationQuery":
        return ConversationQuery(self._ask_page, asked, self._condition)
