"""Finding messages by their words."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from unisono_sdk.answers import FoundMessages, HistoryEntry
from unisono_sdk.commands import Command
from unisono_sdk.conversation import Conversation
from unisono_sdk.desk import Desk, ask
from unisono_sdk.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchMessages(Command):
    """Ask for messages that have all words of a text."""

    op: ClassVar[str] = "search"
    text: str
    conversation: str | None = None
    after: str | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Messages that were found, the newest first; `next` marks where the following page begins, None on the last."""

    messages: Sequence[Message]
    next: str | None

    @property
    def done(self) -> bool:
        """Say if there are no more."""
        return self.next is None

    def __iter__(self) -> Iterator[Message]:
        """Go through the messages."""
        return iter(self.messages)

    def __len__(self) -> int:
        """Count the messages."""
        return len(self.messages)


AskSearch = Callable[[SearchMessages], Awaitable[SearchPage]]


async def ask_search(desk: Desk, conversation: Callable[[str], Conversation], asked: SearchMessages) -> SearchPage:
    """Ask for a page; each message belongs to the object of its conversation."""
    answer = await ask(desk, asked, FoundMessages)
    found = [
        await conversation(one.conversation).of_history(HistoryEntry(seq=one.seq, at=one.at, message=one.message))
        for one in answer.messages
    ]
    return SearchPage(messages=tuple(found), next=answer.next)


class MessageSearch:
    """A search for messages; made by `Client.search`. Iterating over it gives one after the other, the newest first."""

    def __init__(self, ask_page: AskSearch, asked: SearchMessages) -> None:
        """Keep what is asked. Programs do not call this."""
        self._ask_page = ask_page
        self._asked = asked

    async def page(self, after: str | None = None) -> SearchPage:
        """Give the first page, or that which follows another one: `after` is the `next` of it.

        Raises:
            Unacceptable: There is no word in the text, or more than 20, or it takes longer than a search may.
        """
        return await self._ask_page(replace(self._asked, after=after))

    async def __aiter__(self) -> AsyncIterator[Message]:
        """Go through all that is found. What changes meanwhile is found as it is when its page is asked for."""
        after, is_last = None, False
        while not is_last:
            page = await self.page(after)
            for message in page:
                yield message
            after, is_last = page.next, page.done
