"""Bringing along what an application had with LeanCloud, and saying what is here then.

Every step may be taken again, and by several at once: what is there keeps its place. Nobody is pushed to for it. A
conversation is a transaction of its own, and so are messages of one; those of a request share a sync to disk.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Final, NoReturn, TypeVar

import msgspec
from msgspec import Struct

from unisono.app.parts import Parts
from unisono.domain import commands as c
from unisono.domain.conversation import Conversation, Decide, Scope, unique_members
from unisono.domain.errors import Internal, Overloaded, RemoteFault
from unisono.domain.facts import ConversationKind, MessagePlaced
from unisono.domain.ids import IMPORTED, NO_SEQ, ConversationId, Instant, Seq, UserId, conversation_stream, is_imported
from unisono.domain.importing import (
    ImportedConversation,
    ImportedMessage,
    NotTaken,
    TakenIn,
    TakenOver,
    read_whole,
    take_in,
    take_over,
    without,
)
from unisono.domain.kinds import KINDS
from unisono.domain.messages import mark_read
from unisono.domain.quotas import Quotas
from unisono.ports.log import Committed

AT_ONCE: Final = 50
"""Conversations worked on at a time: they share a sync to disk, and leave room for everybody else."""
REPORTS_AT_ONCE: Final = 1
"""Reports of this node under way: each reads everything."""
RETRY_AFTER_MS: Final = 2_000
COUNTED_AT_ONCE: Final = 16
TOLD_EVERY: Final = 512
"""Conversations between two lines that say how far a report is."""
FACTS_AT_ONCE: Final = 500
MEMBERS_AT_ONCE: Final = 500
LOOKED_BACK: Final = 100
"""Messages read at a time to find how far a member has read: LeanCloud counts no more than that as unread."""

T = TypeVar("T")
R = TypeVar("R")
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


class End(Struct, frozen=True, omit_defaults=True):
    """The newest message of a conversation that was brought along, if there is any."""

    conversation: ConversationId
    id: str | None = None
    at: Instant | None = None


class Counts(Struct):
    """Conversations of a kind, and what is in them. `unread` is summed up over their members."""

    conversations: int = 0
    messages: int = 0
    recalled: int = 0
    members: int = 0
    muted: int = 0
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


class Importing:
    """Imports of one app on one node."""

    def __init__(self, parts: Parts, quotas: Quotas) -> None:
        self._parts = parts
        self._quotas = quotas
        self._reports = 0

    async def take_over(self, records: Sequence[ImportedConversation]) -> Sequence[TakenOver]:
        """Begin conversations as they were, or bring them up to a later export, each by itself; in the order given.

        Raises:
            LocalFault: The store is away, or too busy; some of them may be there, and asking again is safe.
        """
        return await _each(records, self._take_over)

    async def take_in(self, parts: Sequence[tuple[ConversationId, Sequence[ImportedMessage]]]) -> Sequence[TakenIn]:
        """Place messages, those of each conversation in the order of their times.

        Raises:
            LocalFault: As for `take_over`.
        """
        return await _each(parts, self._take_in)

    async def settle(self, parts: Sequence[tuple[ConversationId, Mapping[UserId, int]]]) -> int:
        """Let members have read what was brought along, but for so many of the newest messages of others; count those.

        What came later is left as it is, and no mark ever goes back.

        Raises:
            LocalFault: As for `take_over`.
        """
        return sum(await _each(parts, self._settle))

    async def ends(self, conversations: Sequence[ConversationId]) -> Sequence[End]:
        """Say how far conversations were brought along, in the order given."""
        return await _each(conversations, self._end)

    async def report(self) -> AsyncGenerator[Line, None]:
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

    async def _take_over(self, given: ImportedConversation) -> TakenOver:
        record, left_out = without(given, await self._parts.erasures.among((*given.members, *given.muted)))
        users = tuple(dict.fromkeys((*record.members, *record.muted)))
        is_unique = record.is_unique and KINDS[record.of].unique != "never"
        scope = Scope(
            conversation=record.conversation,
            users=users,
            all_members=True,
            unique_of=(record.of, unique_members(record.members)) if is_unique else None,
        )
        try:
            answer = (await self._place(scope, partial(take_over, given=record, limits=self._quotas))).answer
        except RemoteFault:
            return TakenOver("same", (NotTaken(record.conversation, "refused"),))
        if not isinstance(answer, TakenOver):
            _never()
        return msgspec.structs.replace(answer, not_taken=(*left_out, *answer.not_taken))

    async def _take_in(self, part: tuple[ConversationId, Sequence[ImportedMessage]]) -> TakenIn:
        conversation, messages = part
        erased = await self._parts.erasures.among([message.sender for message in messages])
        keys = tuple(dict.fromkeys((message.sender, message.key) for message in messages))
        scope = Scope(conversation=conversation, users=tuple({message.sender for message in messages}), keys=keys)
        decide = partial(take_in, conversation=conversation, messages=messages, erased=erased, limits=self._quotas)
        try:
            answer = (await self._place(scope, decide)).answer
        except RemoteFault:
            return await self._take_in_parts(conversation, messages)
        return answer if isinstance(answer, TakenIn) else _never()

    async def _take_in_parts(self, conversation: ConversationId, messages: Sequence[ImportedMessage]) -> TakenIn:
        """Find what the store refuses by halving, so that the others do not suffer from it."""
        if len(messages) == 1:
            return TakenIn(0, 0, (NotTaken(conversation, "refused", id=messages[0].id),))
        ordered = sorted(messages, key=lambda message: message.at)
        half = len(ordered) // 2
        first = await self._take_in((conversation, ordered[:half]))
        second = await self._take_in((conversation, ordered[half:]))
        return TakenIn(first.placed + second.placed, first.known + second.known, (*first.not_taken, *second.not_taken))

    async def _settle(self, part: tuple[ConversationId, Mapping[UserId, int]]) -> int:
        conversation, waiting = part
        mine = await self._parts.directory.find(conversation, None, with_members=True)
        if mine is None:
            return 0
        users = frozenset(dict.fromkeys((*mine.members, *waiting)))
        ends = await self._marks(conversation, {user: waiting.get(user, 0) for user in users})
        if ends is None:
            return 0
        scope = Scope(conversation=conversation, users=tuple(sorted(ends.whole)), all_members=True)
        moved = len((await self._place(scope, partial(read_whole, users=ends.whole))).facts) if ends.whole else 0
        for user, seq in sorted(ends.marks.items()):
            # Who is no member has no mark.
            if user in mine.members:
                scope = Scope(conversation=conversation, users=(user,), read_to=seq)
                decide = partial(mark_read, reader=user, command=c.MarkRead(conversation, seq))
                moved += len((await self._place(scope, decide)).facts)
        return moved

    async def _marks(self, conversation: ConversationId, waiting: Mapping[UserId, int]) -> "_Marks | None":
        """Find up to where members have read, with so many of the newest messages of others left."""
        left = dict(waiting)
        marks: dict[UserId, Seq] = {}
        before: Seq | None = None
        newest: Seq | None = None
        is_last, has_more = True, True
        while has_more and len(marks) < len(left):
            asked = c.GetHistory(conversation, before=before, limit=LOOKED_BACK)
            page = await self._parts.directory.history(asked, reader=UserId(""))
            for entry in reversed(page.messages):
                if newest is None and not is_imported(entry.message.key):
                    is_last = False
                    continue
                newest = newest or entry.seq
                _count_down(left, marks, entry.seq, entry.message)
            before, has_more = page.messages[0].seq if page.messages else before, page.has_more
        if newest is None:
            return None
        whole = {user for user, seq in marks.items() if seq == newest and is_last}
        return _Marks(frozenset(whole), {user: seq for user, seq in marks.items() if user not in whole})

    async def _end(self, conversation: ConversationId) -> End:
        before, has_more = None, True
        while has_more:
            asked = c.GetHistory(conversation, before=before, limit=LOOKED_BACK)
            page = await self._parts.directory.history(asked, reader=UserId(""))
            for entry in reversed(page.messages):
                if is_imported(entry.message.key):
                    return End(conversation, entry.message.key.removeprefix(IMPORTED), entry.at)
            before, has_more = page.messages[0].seq if page.messages else before, page.has_more
        return End(conversation)

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
        after: UserId | None = None
        now = self._parts.clock.now()
        while page := await self._parts.directory.members(
            conversation.id, "members", after=after, limit=MEMBERS_AT_ONCE, now=now
        ):
            after = page[-1].user
            for member in page:
                is_muted, unread = member.level == "none", member.unread(conversation.head)
                counts.members, counts.muted = counts.members + 1, counts.muted + is_muted
                counts.unread += unread
                update(_encode([member.user, is_muted, unread]))

    async def _place(self, scope: Scope, decide: Decide) -> Committed:
        committed = await self._parts.log.transact(scope, decide)
        # No hints: whoever is here hears of it by the next sweep, page by page and not fact by fact.
        self._parts.telemetry.count("facts_placed", len(committed.facts))
        return committed


class _Marks(Struct, frozen=True):
    """Who has read all, and up to where others have."""

    whole: frozenset[UserId]
    marks: Mapping[UserId, Seq]


def _count_down(left: dict[UserId, int], marks: dict[UserId, Seq], seq: Seq, message: MessagePlaced) -> None:
    """Note who has read up to a message: those of whom nothing is left to wait, going back from the newest."""
    for user, count in left.items():
        if user in marks:
            continue
        if count == 0:
            marks[user] = seq
        elif message.sender != user:
            left[user] = count - 1


def _add(total: Counts, more: Counts) -> None:
    for name in Counts.__struct_fields__:
        setattr(total, name, getattr(total, name) + getattr(more, name))


def _never() -> NoReturn:
    raise Internal()


async def _each(given: Sequence[T], work: Callable[[T], Awaitable[R]]) -> list[R]:
    """Do all, some at a time, and wait for all of these, also where one fails."""
    done: list[R] = []
    for start in range(0, len(given), AT_ONCE):
        outcomes = await asyncio.gather(*map(work, given[start : start + AT_ONCE]), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
            done.append(outcome)
    return done
