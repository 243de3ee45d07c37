"""Pages of a conversation's history."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

from unisono_sdk.commands import GetHistory
from unisono_sdk.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Messages in rising order; `done` when there are no more in the direction asked for.

    `trimmed` when older ones than these were asked for, too, and its operator lets the server keep them no longer.
    """

    messages: Sequence[Message]
    done: bool
    trimmed: bool = False

    def __iter__(self) -> Iterator[Message]:
        """Go through the messages."""
        return iter(self.messages)

    def __len__(self) -> int:
        """Count the messages."""
        return len(self.messages)


AskPage = Callable[[GetHistory], Awaitable[HistoryPage]]
Direction = Literal["older", "newer"]


class MessagesIterator:
    """Pages of history, each older than the one before or each newer; within a page messages rise."""

    def __init__(self, ask_page: AskPage, first: GetHistory) -> None:
        self._ask_page = ask_page
        self._next = first
        self._is_done = False

    async def next(self) -> HistoryPage:
        """Give the next page; an empty one with `done` after the last."""
        if self._is_done:
            return HistoryPage(messages=(), done=True)
        page = await self._ask_page(self._next)
        self._is_done = page.done
        if page.messages and self._next.direction == "newer":
            self._next = replace(self._next, after=page.messages[-1].seq)
        elif page.messages:
            self._next = replace(self._next, before=page.messages[0].seq)
        return page

    def __aiter__(self) -> Self:
        """Give itself."""
        return self

    async def __anext__(self) -> HistoryPage:
        """Give the next page that has messages."""
        page = await self.next()
        if not page.messages:
            raise StopAsyncIteration
        return page
