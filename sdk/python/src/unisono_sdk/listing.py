"""Conversations of mine, and what was said in them: by id, in order, by conditions, by words."""

from collections.abc import AsyncIterator

from unisono_sdk.answers import Conversations
from unisono_sdk.commands import ListConversations
from unisono_sdk.conditions import Condition
from unisono_sdk.conversation import Conversation
from unisono_sdk.desk import ask
from unisono_sdk.errors import Unacceptable
from unisono_sdk.finding import ConversationQuery, FindConversations, ask_found
from unisono_sdk.searching import MessageSearch, SearchMessages, ask_search
from unisono_sdk.threads import listed_threads
from unisono_sdk.uploading import Uploading


class Listing(Uploading):
    """The side of a `Client` that finds conversations and messages."""

    def conversation(self, conversation: str) -> Conversation:
        """Give the object for a conversation, without asking the server."""
        return self._dispatch.conversation(conversation)

    async def conversations(
        self, *, page: int = 100, pinned: bool = False, mark: str | None = None
    ) -> AsyncIterator[Conversation]:
        """Go through my conversations, the oldest first, `page` (1 to 1,000) at a time; member lists are not loaded.

        With `pinned` those alone that I pinned, the last one first; with `mark` those that have this mark of mine.
        """
        after: str | None = None
        is_last = False
        # Those pinned: when the one that a page ended with is so no more, they are listed anew.
        seen: set[str] = set()
        while not is_last:
            command = ListConversations(after=after, limit=page, pinned=pinned, mark=mark)
            try:
                answer = await ask(self._counter, command, Conversations)
            except Unacceptable:
                if not pinned or after is None:
                    raise
                after = None
                continue
            for view in answer.conversations:
                conversation = self.conversation(view.conversation).know(view, has_members=False)
                if view.conversation not in seen:
                    yield conversation
            if pinned:
                seen.update(view.conversation for view in answer.conversations)
            after, is_last = answer.next, answer.next is None

    async def threads(self, *, page: int = 100) -> AsyncIterator[Conversation]:
        """Go through the threads that I am in, of all my groups, the oldest first; `Conversation.threads` those of one.

        They come `page` (1 to 1,000) at a time; `conversations` does not list them. Member lists are not loaded.
        """
        async for view in listed_threads(self._counter, None, page):
            yield self.conversation(view.conversation).know(view, has_members=False)

    def query(self, *conditions: Condition) -> ConversationQuery:
        """Begin a query for conversations for which all of these conditions hold; see `ConversationQuery`."""
        query = ConversationQuery(lambda asked: ask_found(self._counter, self.conversation, asked), FindConversations())
        return query.where(*conditions)

    def search(self, text: str, *, conversation: Conversation | str | None = None, page: int = 20) -> MessageSearch:
        """Look for messages that have all words of a text, in my conversations or in one; see `MessageSearch`.

        It gives `page` (1 to 100) at a time. Of a conversation that I left it finds what was there when I did. What has
        just been said is found some seconds later.
        """
        name = conversation.id if isinstance(conversation, Conversation) else conversation
        asked = SearchMessages(text=text, conversation=name, limit=page)
        return MessageSearch(lambda asked: ask_search(self._counter, self.conversation, asked), asked)
