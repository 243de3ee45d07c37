"""One message to many: each place by itself, so that what is refused at one is said at all others."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from msgspec import Struct, structs

from unisono.app.execute import Executor
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView, Passed, Placed
from unisono.domain.errors import Internal, RemoteFault
from unisono.domain.ids import ConversationId, Instant, SendKey, Seq, UserId

TARGETS_MAX: Final = 1000
"""Conversations or users of one broadcast."""
AT_ONCE: Final = 50
"""Sends under way at a time: they share a sync to disk, and leave room for everybody else."""


Target = TypeVar("Target", ConversationId, UserId)


class Outcome(Struct, frozen=True, omit_defaults=True):
    """What became of one send: its place, or the code of its refusal."""

    conversation: ConversationId | None = None
    user: UserId | None = None
    seq: Seq | None = None
    at: Instant | None = None
    code: str | None = None


class Broadcasting:
    """Sends on behalf of a user, with what that user may."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def to_conversations(
        self, by: UserId, message: c.SendMessage, conversations: Sequence[ConversationId]
    ) -> Sequence[Outcome]:
        """Send to conversations, in the order given and to each once; repeating it sends to those that are left.

        Each send has a key of its own, made of the message's and the conversation.

        Raises:
            LocalFault: The server cannot go on; what was sent stays, and a repetition goes on from there.
        """

        async def send(conversation: ConversationId) -> Outcome:
            return await self._send(by, message, conversation)

        return await _each(conversations, send, lambda conversation, code: Outcome(conversation, code=code))

    async def to_users(self, by: UserId, message: c.SendMessage, users: Sequence[UserId]) -> Sequence[Outcome]:
        """Send to users, in the direct conversation that each has with the sender, or that begins with this.

        Raises:
            LocalFault: As for conversations.
        """

        async def send(user: UserId) -> Outcome:
            create = c.CreateConversation(_key(message.key, "direct", user), "direct", (user,))
            view = await self._executor.on_behalf(by, create)
            if not isinstance(view, ConversationView):
                raise Internal()
            return structs.replace(await self._send(by, message, view.conversation), user=user)

        return await _each(users, send, lambda user, code: Outcome(user=user, code=code))

    async def _send(self, by: UserId, message: c.SendMessage, conversation: ConversationId) -> Outcome:
        key = _key(message.key, "send", conversation)
        answer = await self._executor.on_behalf(by, structs.replace(message, conversation=conversation, key=key))
        match answer:
            case Placed(seq=seq, at=at):
                return Outcome(conversation, seq=seq, at=at)
            case Passed(at=at):
                return Outcome(conversation, at=at)
        raise Internal()


def _key(base: SendKey, what: str, target: str) -> SendKey:
    return SendKey(hashlib.sha256(f"{base}\n{what}\n{target}".encode()).hexdigest())


async def _each(
    targets: Sequence[Target], send: Callable[[Target], Awaitable[Outcome]], refused: Callable[[Target, str], Outcome]
) -> Sequence[Outcome]:
    async def one(target: Target) -> Outcome:
        try:
            return await send(target)
        except RemoteFault as fault:
            return refused(target, fault.code)

    outcomes: list[Outcome] = []
    wanted = list(dict.fromkeys(targets))
    for start in range(0, len(wanted), AT_ONCE):
        outcomes += await asyncio.gather(*map(one, wanted[start : start + AT_ONCE]))
    return outcomes
