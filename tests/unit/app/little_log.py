"""As much of a log and a directory as the fan-out needs, with the weather under a test's control."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from tests.unit.app.stage import placed
from unisono.domain.answers import Facts, FoundMessage, Moved, SeqFact, Unread
from unisono.domain.commands import FindConversations, GetHistory, Roll
from unisono.domain.conversation import Conversation, Decide, Membership, Scope
from unisono.domain.errors import Unavailable
from unisono.domain.facts import ConversationCreated, ConversationKind, Fact, MembersJoined, MembersLeft, PlacedFact
from unisono.domain.ids import (
    FIRST_EPOCH,
    START,
    Checkpoint,
    ConversationId,
    Epoch,
    Instant,
    ObjectName,
    Seq,
    StreamKey,
    UserId,
    user_of,
)
from unisono.domain.kept import ObjectView
from unisono.domain.silence import Silence
from unisono.ports.directory import Audience, HistoryPage, MyConversation, SentReceipts
from unisono.ports.log import AppMoves, Committed, MovedStream
from unisono.ports.requests import Request


class LittleLog:
    """Implements what the fan-out calls of `ports.log.Log` and `ports.directory.Directory`.

    `open_from` is the position of the oldest open transaction: checkpoints stay below it (PostgreSQL). `is_away` makes
    every read fail. `before_read` is awaited by each read; what it sees is the moment after it. `after_read` is awaited
    when the facts of a stream were read, but are not yet given.
    """

    is_busy = False

    def __init__(self) -> None:
        self.facts: list[PlacedFact] = []
        self.is_away = False
        self.open_from: int | None = None
        self.before_read: Callable[[], Awaitable[None]] = _at_once
        self.after_read: Callable[[], Awaitable[None]] = _at_once
        self.reads: list[tuple[str, StreamKey | None]] = []

    @property
    def stream_reads(self) -> list[str]:
        """Give what was asked about single streams."""
        return [what for what, stream in self.reads if stream is not None]

    def commit(self, stream: StreamKey, fact: Fact, position: int | None = None) -> PlacedFact:
        """Place a fact at the end of its stream; give what a bus would be told."""
        if position is None:
            position = max((one.checkpoint for one in self.facts), default=0) + 1
        one = placed(self._head(stream) + 1, fact, stream, Checkpoint(position))
        self.facts.append(one)
        return one

    async def epoch(self) -> Epoch:
        return FIRST_EPOCH

    async def checkpoint(self) -> Checkpoint:
        await self._read("checkpoint", None)
        return self._checkpoint()

    async def read(self, stream: StreamKey, after: Seq, limit: int, until: Seq | None = None) -> Facts:
        await self._read("read", stream)
        its = [one for one in self.facts if one.stream == stream and one.seq > after][:limit]
        assert until is None
        found = tuple(SeqFact(one.seq, one.at, one.fact) for one in its)
        answer = Facts(stream=stream, epoch=FIRST_EPOCH, facts=found, head=self._head(stream))
        await self.after_read()
        return answer

    async def objects(
        self, user: UserId, only: ObjectName | None, after: ObjectName | None, limit: int
    ) -> Sequence[ObjectView]:
        raise NotImplementedError

    async def acquainted(self, user: UserId, others: Sequence[UserId]) -> frozenset[UserId]:
        raise NotImplementedError

    async def passages(self, user: UserId, since: Instant, after: Seq, limit: int) -> Sequence[SeqFact]:
        raise NotImplementedError

    async def changes(self, conversation: ConversationId, since: Instant, after: Seq, limit: int) -> Sequence[SeqFact]:
        raise NotImplementedError

    async def trim(self, of: ConversationKind, before: Instant, limit: int) -> bool:
        raise NotImplementedError

    async def now(self) -> Instant:
        raise NotImplementedError

    async def moved_in_app(self, checkpoint: Checkpoint, limit: int) -> AppMoves:
        await self._read("moved_in_app", None)
        end = self._checkpoint()
        since = sorted((one for one in self.facts if checkpoint < one.checkpoint <= end), key=_position)
        streams: dict[StreamKey, None] = {}
        for one in since:
            if len(streams) == limit and one.stream not in streams:
                end = Checkpoint(one.checkpoint - 1)
                break
            streams[one.stream] = None
        moved = tuple(MovedStream(stream, FIRST_EPOCH, self._head(stream)) for stream in streams)
        return AppMoves(moved, max(end, checkpoint), is_complete=end == self._checkpoint())

    async def audience(self, stream: StreamKey, checkpoint: Checkpoint) -> Audience:
        await self._read("audience", stream)
        user = user_of(stream)
        members: set[UserId] = set() if user is None else {user}
        after = Seq(0)
        for one in self.facts:
            if one.stream == stream and one.checkpoint <= checkpoint:
                after = one.seq
                members = members_after(one.fact, members)
        return Audience(FIRST_EPOCH, self._head(stream), after, frozenset(members))

    def transact(self, scope: Scope, decide: Decide, request: Request | None = None) -> "asyncio.Future[Committed]":
        raise NotImplementedError

    async def moved(self, user: UserId, checkpoint: Checkpoint, after: StreamKey | None, limit: int) -> Moved:
        raise NotImplementedError

    async def find(
        self, conversation: ConversationId, user: UserId | None, *, with_members: bool = False
    ) -> MyConversation | None:
        raise NotImplementedError

    async def list_of(
        self, user: UserId, after: ConversationId | None, limit: int, *, marked: bool = False
    ) -> Sequence[MyConversation]:
        raise NotImplementedError

    async def pinned(self, user: UserId) -> Sequence[MyConversation]:
        raise NotImplementedError

    async def silence_of(self, user: UserId) -> Silence | None:
        raise NotImplementedError

    async def query(
        self, user: UserId | None, asked: FindConversations, *, finds_open: bool = False
    ) -> Sequence[ConversationId]:
        raise NotImplementedError

    async def muted(self, conversations: Sequence[ConversationId]) -> Mapping[ConversationId, Sequence[UserId]]:
        raise NotImplementedError

    async def some(
        self, user: UserId, conversations: Sequence[ConversationId], *, with_members: bool, with_last: bool
    ) -> Sequence[MyConversation]:
        raise NotImplementedError

    async def unread(
        self, user: UserId, after: ConversationId | None, limit: int, *, only: ConversationId | None = None
    ) -> Unread:
        raise NotImplementedError

    async def receipts(self, conversation: ConversationId, message: Seq) -> SentReceipts | None:
        raise NotImplementedError

    async def members(
        self, conversation: ConversationId, who: Roll, *, after: UserId | None, limit: int, now: Instant
    ) -> Sequence[Membership]:
        raise NotImplementedError

    async def deleted(self, user: UserId, conversation: ConversationId, messages: Sequence[Seq]) -> frozenset[Seq]:
        raise NotImplementedError

    async def hiders(self, conversation: ConversationId, messages: Sequence[Seq]) -> Mapping[Seq, Collection[UserId]]:
        del conversation, messages
        return {}

    async def places(self, conversation: ConversationId, users: Sequence[UserId]) -> Sequence[Membership]:
        raise NotImplementedError

    async def for_all(self) -> Sequence[ConversationId]:
        raise NotImplementedError

    async def said_by(
        self, user: UserId, *, since: Instant, until: Instant, limit: int, newest_first: bool
    ) -> Sequence[FoundMessage]:
        raise NotImplementedError

    async def every(self, after: ConversationId | None, limit: int) -> Sequence[Conversation]:
        raise NotImplementedError

    async def expired(self, now: Instant, limit: int) -> Sequence[ConversationId]:
        raise NotImplementedError

    async def history(self, asked: GetHistory, *, reader: UserId, until: Seq | None = None) -> HistoryPage:
        raise NotImplementedError

    async def _read(self, what: str, stream: StreamKey | None) -> None:
        self.reads.append((what, stream))
        await self.before_read()
        if self.is_away:
            raise Unavailable(part="store")

    def _head(self, stream: StreamKey) -> Seq:
        return max((one.seq for one in self.facts if one.stream == stream), default=Seq(0))

    def _checkpoint(self) -> Checkpoint:
        if self.open_from is not None:
            return Checkpoint(self.open_from - 1)
        return max((one.checkpoint for one in self.facts), default=START)


def members_after(fact: Fact, members: set[UserId]) -> set[UserId]:
    """Say who is a member when a fact has happened."""
    match fact:
        case ConversationCreated(members=users) | MembersJoined(users=users):
            return members | set(users)
        case MembersLeft(users=users):
            return members - set(users)
    return members


async def _at_once() -> None:
    await asyncio.sleep(0)


def _position(one: PlacedFact) -> Checkpoint:
    return one.checkpoint
