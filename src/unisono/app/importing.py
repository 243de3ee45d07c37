"""Bringing along what an application had with LeanCloud, and saying what is here then.

Every step may be taken again, and by several at once: what is there keeps its place. Nobody is pushed to for it. A
conversation is a transaction of its own, and so are messages of one; those of a request share a sync to disk.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final, NoReturn, TypeVar

import msgspec
from msgspec import Struct

from unisono.app.import_report import ImportReport, Line
from unisono.app.parts import Parts
from unisono.domain import commands as c
from unisono.domain.conversation import Decide, Scope, unique_members
from unisono.domain.errors import Internal, RemoteFault
from unisono.domain.facts import MessagePlaced
from unisono.domain.ids import IMPORTED, ConversationId, Instant, Seq, UserId, is_imported
from unisono.domain.imported_standing import ImportedStanding, take_standing
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
MEMBERS_AT_ONCE: Final = 500
LOOKED_BACK: Final = 100
"""Messages read at a time to find how far a member has read: LeanCloud counts no more than that as unread."""

T = TypeVar("T")
R = TypeVar("R")


class End(Struct, frozen=True, omit_defaults=True):
    """The newest message of a conversation that was brought along, if there is any."""

    conversation: ConversationId
    id: str | None = None
    at: Instant | None = None


class Importing:
    """Imports of one app on one node."""

    def __init__(self, parts: Parts, quotas: Quotas) -> None:
        self._parts = parts
        self._quotas = quotas
        self._report = ImportReport(parts)

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

    async def take_standing(
        self, parts: Sequence[tuple[ConversationId, Sequence[ImportedStanding]]]
    ) -> Sequence[TakenIn]:
        """Let users be what they were in conversations, each once.

        Raises:
            LocalFault: As for `take_over`.
        """
        return await _each(parts, self._take_standing)

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

    def report(self) -> AsyncGenerator[Line, None]:
        """Count all there is, and make a hash of it; see `ImportReport.lines`."""
        return self._report.lines()

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

    async def _take_standing(self, part: tuple[ConversationId, Sequence[ImportedStanding]]) -> TakenIn:
        conversation, given = part
        users = tuple(dict.fromkeys(each.user for each in given))
        erased = await self._parts.erasures.among(users)
        keys = tuple(dict.fromkeys((each.user, each.key) for each in given))
        scope = Scope(conversation=conversation, users=users, all_members=True, keys=keys)
        decide = partial(take_standing, conversation=conversation, given=given, erased=erased)
        answer = (await self._place(scope, decide)).answer
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
        members = frozenset(mine.members if mine.conversation.lists_members else await self._subscribers(conversation))
        users = members | frozenset(waiting)
        ends = await self._marks(conversation, {user: waiting.get(user, 0) for user in users})
        if ends is None:
            return 0
        moved, whole = 0, sorted(ends.whole)
        for start in range(0, len(whole), MEMBERS_AT_ONCE):
            some = tuple(whole[start : start + MEMBERS_AT_ONCE])
            moved += len(
                (await self._place(Scope(conversation=conversation, users=some), partial(read_whole, users=some))).facts
            )
        for user, seq in sorted(ends.marks.items()):
            # Who is no member has no mark.
            if user in members:
                scope = Scope(conversation=conversation, users=(user,), read_to=seq)
                decide = partial(mark_read, reader=user, command=c.MarkRead(conversation, seq))
                moved += len((await self._place(scope, decide)).facts)
        return moved

    async def _subscribers(self, conversation: ConversationId) -> Sequence[UserId]:
        """Give who is in a conversation whose members do not know each other."""
        found: list[UserId] = []
        while True:
            after, now = found[-1] if found else None, self._parts.clock.now()
            page = await self._parts.directory.members(
                conversation, "members", after=after, limit=MEMBERS_AT_ONCE, now=now
            )
            found += [each.user for each in page]
            if len(page) < MEMBERS_AT_ONCE:
                return found

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
