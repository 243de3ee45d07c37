"""Search: keeping its index in step, and answering with it."""

from typing import Final

from unisono.app.lease import Lease
from unisono.app.pages import Page
from unisono.app.parts import Parts
from unisono.app.turns import in_turns
from unisono.domain.answers import FoundMessage, FoundMessages
from unisono.domain.commands import SearchMessages
from unisono.domain.errors import Invalid
from unisono.domain.ids import ConversationId, PageMark, Seq, UserId, page_mark, read_page_mark
from unisono.domain.words import asked_words
from unisono.ports.search import Spot

MESSAGES_PER_TURN: Final = 250
"""Messages taken up at once, fewer of many words: some milliseconds in which no message is placed."""


class Indexing:
    """Keeps the index of one app in step, if this node is the one to do it."""

    def __init__(self, parts: Parts, lease: Lease) -> None:
        self._parts = parts
        self._lease = lease
        self._behind_since_s: float | None = None

    def lag_s(self) -> float:
        """Give for how long what this node is to take up has waited, from the sweep on that did not reach it."""
        return 0.0 if self._behind_since_s is None else self._parts.clock.monotonic_s() - self._behind_since_s

    async def sweep(self) -> None:
        """Take up what was said since the last time.

        Raises:
            UnisonoError: The store is away, or too busy; what is left is taken up at a later turn.
        """
        if self._behind_since_s is None:
            self._behind_since_s = self._parts.clock.monotonic_s()
        await in_turns(self._parts.clock, self._take_turn)
        self._behind_since_s = None

    async def _take_turn(self) -> bool:
        node = self._lease.node
        return self._lease.is_held and await self._parts.search.index(node, MESSAGES_PER_TURN)


class Searching:
    """The search of one app on one node."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def search(self, user: UserId, command: SearchMessages) -> FoundMessages:
        """Find messages, a page of them, fewer of large ones.

        Raises:
            Invalid: No word to look for, too many, or no such page.
        """
        below = None if command.after is None else _spot(command.after)
        found = await self._parts.search.find(
            user, asked_words(command.text), limit=command.limit + 1, conversation=command.conversation, below=below
        )
        page = Page[FoundMessage](command.limit)
        for message in found:
            if not page.take(message):
                return FoundMessages(tuple(page.entries), next=_mark(page.entries[-1]))
        return FoundMessages(tuple(page.entries))


def _mark(last: FoundMessage) -> PageMark:
    return page_mark(last.at, f"{last.seq}/{last.conversation}")


def _spot(mark: PageMark) -> Spot:
    at, place = read_page_mark(mark)
    seq, _, conversation = place.partition("/")
    if not (seq.isascii() and seq.isdigit() and len(seq) <= len(str(2**53)) and conversation):
        raise Invalid(field="after", reason="not the `next` of a page of messages")
    return Spot(at, ConversationId(conversation), Seq(int(seq)))
