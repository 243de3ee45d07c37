"""Counting what is here, conversation by conversation, with a hash that tells if elsewhere it is the same."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Struct

from unisono.app.parts import Parts
from unisono.domain.commands import Roll
from unisono.domain.conversation import Conversation, Membership
from unisono.domain.errors import Overloaded
from unisono.domain.facts import ConversationKind, MessagePlaced
from unisono.domain.ids import NO_SEQ, ConversationId, conversation_stream
from unisono.domain.kinds import KINDS

REPORTS_AT_ONCE: Final = 1
"""Reports of this node under way: each reads everything."""
RETRY_AFTER_MS: Final = 2_000
COUNTED_AT_ONCE: Final = 16
TOLD_EVERY: Final = 512
"""Conversations between two lines that say how far a report is."""
FACTS_AT_ONCE: Final = 500
MEMBERS_AT_ONCE: Final = 500

_encode: Final = msgspec.json.Encoder(order="deterministic").encode


class Counts(Struct):
    """Conversations of a kind, and what is in them. `unread` is summed up over their members, who may be subscribers.

    `muted` members wish to be told nothing, `managers` stand below owners, `silenced` and `blocked` may be anybody.
    """

    conversations: int = 0
    messages: int = 0
    recalled: int = 0
    members: int = 0
    muted: int = 0
    managers: int = 0
    silenced: int = 0
    blocked: int = 0
    unread: int = 0


class Line(Struct, frozen=True, omit_defaults=True, tag_field="is"):
    """One line of a report."""


class SoFarLine(Line, frozen=True, tag="so_far"):
    """How much was gone through."""

    conversations: int
    messages: int


class TotalLine(Line, frozen=True, tag="total"):
    """All there is, by kind, and one hash over all of it: who counts the same things elsewhere gets the same."""

    kinds: Mapping[ConversationKind, Counts]
    hash: str


class ImportReport:
    """Reports of one app on one node."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._reports = 0

    async def lines(self) -> AsyncGenerator[Line, None]:
        """Count all there is, and make a hash of it; to be taken to its end, or closed.

        It goes through the conversations by id. What changes meanwhile is there as it was before or after.

        Raises:
            Overloaded: As many reports as may be are under way.
            Unavailable: The store is away.
        """
        if self._reports >= REPORTS_AT_ONCE:
            raise Overloaded(what="reports", limit=REPORTS_AT_ONCE, retry_after_ms=RETRY_AFTER_MS)
        self._reports += 1
        try:
            kinds: dict[ConversationKind, Counts] = {}
            digest, after = sha256(), None
            while page := await self._parts.directory.every(after, TOLD_EVERY):
                await self._count(page, digest.update, kinds)
                after = page[-1].id
                every = kinds.values()
                yield SoFarLine(sum(each.conversations for each in every), sum(each.messages for each in every))
            yield TotalLine(dict(sorted(kinds.items())), digest.hexdigest())
        finally:
            self._reports -= 1

    async def _count(
        self, page: Sequence[Conversation], update: Callable[[bytes], None], kinds: dict[ConversationKind, Counts]
    ) -> None:
        for start in range(0, len(page), COUNTED_AT_ONCE):
            part = page[start : start + COUNTED_AT_ONCE]
            found = await asyncio.gather(*map(self._digest, part))
            for conversation, (digest, counts) in zip(part, found, strict=True):
                update(digest)
                _add(kinds.setdefault(conversation.of, Counts()), counts)

    async def _digest(self, conversation: Conversation) -> tuple[bytes, Counts]:
        """Give what stands for a conversation: the same wherever the same is in it."""
        counts = Counts(conversations=1)
        digest = sha256(
            _encode(
                [
                    *(conversation.id, conversation.of, conversation.creator, conversation.created_at),
                    *(conversation.name, conversation.attributes, conversation.is_unique, conversation.expires_at),
                ]
            )
        )
        await self._digest_members(conversation, digest.update, counts)
        after = NO_SEQ
        while page := (await self._parts.log.read(conversation_stream(conversation.id), after, FACTS_AT_ONCE)).facts:
            after = page[-1].seq
            for placed in page:
                if isinstance(message := placed.fact, MessagePlaced):
                    counts.messages += 1
                    counts.recalled += message.is_recalled
                    digest.update(_encode([placed.at, msgspec.structs.replace(message, revision=None)]))
        return digest.digest(), counts

    async def _digest_members(
        self, conversation: Conversation, update: Callable[[bytes], None], counts: Counts
    ) -> None:
        async for member in self._roll(conversation.id, "members"):
            is_muted, unread = member.level == "none", member.unread(conversation.head)
            counts.members, counts.muted = counts.members + 1, counts.muted + is_muted
            counts.managers += member.role == "manager"
            counts.unread += unread
            update(_encode([member.user, is_muted, unread, member.role]))
        if not KINDS[conversation.of].has_owner:
            return
        async for member in self._roll(conversation.id, "silenced"):
            counts.silenced += 1
            update(_encode(["silenced", member.user, member.silenced_until]))
        async for member in self._roll(conversation.id, "blocked"):
            counts.blocked += 1
            update(_encode(["blocked", member.user, member.blocked_until]))

    async def _roll(self, conversation: ConversationId, who: Roll) -> AsyncIterator[Membership]:
        after, now = None, self._parts.clock.now()
        while True:
            page = await self._parts.directory.members(conversation, who, after=after, limit=MEMBERS_AT_ONCE, now=now)
            for member in page:
                yield member
            if len(page) < MEMBERS_AT_ONCE:
                return
            after = page[-1].user


def _add(total: Counts, more: Counts) -> None:
    for name in Counts.__struct_fields__:
        setattr(total, name, getattr(total, name) + getattr(more, name))
