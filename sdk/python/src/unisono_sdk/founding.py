"""Beginning conversations of each kind."""

from collections.abc import Mapping, Sequence

from unisono_sdk.answers import ConversationView
from unisono_sdk.commands import CreateConversation
from unisono_sdk.conversation import Conversation
from unisono_sdk.counter import Counter
from unisono_sdk.desk import ask
from unisono_sdk.dispatch import Dispatch
from unisono_sdk.facts import Json, Rules


class Founding:
    """The side of a `Client` that begins conversations."""

    _counter: Counter
    _dispatch: Dispatch

    async def create(
        self,
        members: Sequence[str] = (),
        *,
        name: str | None = None,
        attributes: Mapping[str, Json] | None = None,
        unique: bool = True,
        joining: str = "invited",
        rules: Rules | None = None,
    ) -> Conversation:
        """Create a group of myself and others; with `unique`, the one that exactly these members have already.

        I own it. With `joining="open"` whoever knows its id may join; `rules` say what each role may.

        Raises:
            LimitReached: More members than a conversation may have.
        """
        command = CreateConversation(
            key=self._counter.new_key(),
            members=tuple(members),
            name=name,
            attributes=attributes,
            unique=unique,
            joining=joining,
            rules=rules,
        )
        return await self._begin(command)

    async def direct(self, user: str) -> Conversation:
        """Give the conversation of two, myself and another user; it is created the first time."""
        command = CreateConversation(key=self._counter.new_key(), of="direct", members=(user,))
        return await self._begin(command)

    async def create_temporary(
        self,
        members: Sequence[str] = (),
        *,
        ttl_s: int | None = None,
        name: str | None = None,
        attributes: Mapping[str, Json] | None = None,
        joining: str = "invited",
        rules: Rules | None = None,
    ) -> Conversation:
        """Create a group that ends by itself after `ttl_s` seconds, 86,400 unless told, 2,592,000 (30 days) at most.

        Raises:
            LimitReached: More members than a conversation may have.
        """
        command = CreateConversation(
            key=self._counter.new_key(),
            of="temporary",
            members=tuple(members),
            name=name,
            attributes=attributes,
            joining=joining,
            rules=rules,
            ttl_s=ttl_s,
        )
        return await self._begin(command)

    async def create_room(
        self, *, name: str | None = None, attributes: Mapping[str, Json] | None = None, keeps_history: bool = False
    ) -> Conversation:
        """Create a room: for any number of people who come and go, without a list of members.

        With `keeps_history` what is said there stays, and whoever knows the id may read its `history`.

        Raises:
            TooLarge: More attributes than a conversation may have.
        """
        command = CreateConversation(
            key=self._counter.new_key(), of="room", name=name, attributes=attributes, keeps_history=keeps_history
        )
        return await self._begin(command)

    async def _begin(self, command: CreateConversation) -> Conversation:
        view = await ask(self._counter, command, ConversationView)
        return self._dispatch.conversation(view.conversation).know(view)
