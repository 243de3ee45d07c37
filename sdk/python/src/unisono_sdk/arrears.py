"""What waits for me: how much, and the messages themselves."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from unisono_sdk.answers import Missed, Unread
from unisono_sdk.commands import GetMissed, GetUnread, MarkAllRead
from unisono_sdk.conversation import Conversation
from unisono_sdk.desk import Desk, ask
from unisono_sdk.errors import UnisonoError
from unisono_sdk.parsing import Parsing
from unisono_sdk.waiting import UnreadTotal

UNREAD_PAGE: Final = 500


class Arrears:
    """Asks for what waits, page by page, and has it told."""

    def __init__(self, desk: Desk, parsing: Parsing) -> None:
        self._desk = desk
        self._parsing = parsing
        self._recounting: set[str] = set()
        self._seeking: dict[str, bool] = {}
        """Where it is being asked what was said last; true where more was deleted meanwhile."""

    async def count(self) -> UnreadTotal:
        """Ask how much waits, and tell it of each conversation."""
        page = await self._count_page(None)
        total = UnreadTotal(messages=page.total, mentions=page.mentions)
        while page.next is not None:
            page = await self._count_page(page.next)
        return total

    async def _count_page(self, after: str | None) -> Unread:
        page = await ask(self._desk, GetUnread(after=after, limit=UNREAD_PAGE), Unread)
        for waiting in page.conversations:
            await self._parsing.count(waiting)
        return page

    async def recount(self, conversation: Conversation) -> None:
        """Ask again how much waits in a conversation; once for what comes together."""
        if conversation.id in self._recounting:
            return
        self._recounting.add(conversation.id)
        await asyncio.sleep(0)
        # What changes from here on is asked for by another.
        self._recounting.discard(conversation.id)
        head = conversation.head
        with suppress(UnisonoError):
            page = await ask(self._desk, GetUnread(conversation=conversation.id), Unread)
            for waiting in page.conversations:
                await self._parsing.count(waiting)
            if not page.conversations:
                self._parsing.nothing_waits(conversation, head)

    async def find_last(self, conversation: Conversation) -> None:
        """Ask what was said last, where it was deleted, and have it told; once for what comes together."""
        is_being_asked = conversation.id in self._seeking
        self._seeking[conversation.id] = is_being_asked
        if is_being_asked:
            return
        try:
            await self._seek(conversation)
        finally:
            del self._seeking[conversation.id]
        self._parsing.found_last(conversation)

    async def _seek(self, conversation: Conversation) -> None:
        has_changed = True
        while has_changed and conversation.newest.is_lost:
            self._seeking[conversation.id] = False
            # What is refused is asked again when more is deleted, unless something is said or the server tells.
            with suppress(UnisonoError):
                found = (await conversation.history(limit=1)).messages
                conversation.newest.is_lost = bool(found)
                for message in found:
                    conversation.newest.came(message)
            # What was found may have been deleted meanwhile.
            has_changed = self._seeking[conversation.id]

    async def fetch(self) -> None:
        """Ask for the newest messages that wait in each conversation, and tell them."""
        after: str | None = None
        is_last = False
        while not is_last:
            page = await ask(self._desk, GetMissed(after=after), Missed)
            for missed in page.conversations:
                await self._parsing.missed(missed)
            after, is_last = page.next, page.next is None

    async def mark_all_read(self, conversations: Sequence[str]) -> None:
        """Move my read marks to the end."""
        await ask(self._desk, MarkAllRead(conversations=tuple(conversations)), Unread)
