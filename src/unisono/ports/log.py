"""The log: one ordered, gapless stream of facts per conversation and per user. The log is the truth."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from unisono.domain.answers import Answer, Facts, Moved, SeqFact
from unisono.domain.conversation import Decide, Scope
from unisono.domain.events import Passing
from unisono.domain.facts import ConversationKind, PlacedFact
from unisono.domain.ids import Checkpoint, ConversationId, Epoch, Instant, Seq, StreamKey, UserId
from unisono.ports.requests import Request


class Committed(Struct, frozen=True):
    """A decision that is durable: its answer, the facts it placed in the order of its drafts, and its signals."""

    answer: Answer
    facts: tuple[PlacedFact, ...]
    signals: tuple[Passing, ...] = ()


class MovedStream(Struct, frozen=True):
    """A stream of the app that moved, and its last seq."""

    stream: StreamKey
    epoch: Epoch
    head: Seq


class AppMoves(Struct, frozen=True):
    """Streams of the app that moved after a checkpoint; `is_complete` when there are no more up to `checkpoint`."""

    streams: tuple[MovedStream, ...]
    checkpoint: Checkpoint
    is_complete: bool


class Log(Protocol):
    """Facts of one app."""

    @property
    def is_busy(self) -> bool:
        """Say if transactions are under way here, whose facts will follow at once."""

    def transact(self, scope: Scope, decide: Decide, request: Request | None = None) -> "asyncio.Future[Committed]":
        """Load what the scope names, decide, place the drafts, and make all of it durable.

        Atomic: all drafts are placed or none; nothing of the scope changes between loading and writing. When the
        future is done, a power cut cannot undo it. A future and not a coroutine: thousands of sends a second need no
        task each to wait for it. A fault raised by `decide` reaches the caller and leaves no trace.
        Calls made one after the other on one event loop place their drafts in that order, without waiting in between.
        `decide` may run more than once and on another thread, so it is pure. Cancelling the wait does not undo it.
        With a `request`, its answer is kept in the same transaction; one that was carried out before gives that answer
        again, and neither facts nor signals.

        Raises:
            KeyReused: Another request has the key of this one.
            Overloaded: Too many transactions wait.
            Unavailable: The store does not answer; whether the drafts were placed is not known, and repeating with the
                same send keys is safe.
        """

    async def read(self, stream: StreamKey, after: Seq, limit: int, until: Seq | None = None) -> Facts:
        """Read up to `limit` facts after `after` (and up to `until`), fewer of large ones, in order and without holes.

        `head` of the answer is the last seq of the stream at that moment (or `until`). An unknown stream is empty.
        A message that changed behind `until` looks recalled. Where the stream was trimmed behind `after`, they begin at
        `oldest`.
        """

    async def passages(self, user: UserId, since: Instant, after: Seq, limit: int) -> Sequence[SeqFact]:
        """List when a user came into conversations and went out of them, later than `since`, in order.

        Those behind the place `after` in the user's stream, up to `limit`; fewer mean that these are the last.
        """

    async def changes(self, conversation: ConversationId, since: Instant, after: Seq, limit: int) -> Sequence[SeqFact]:
        """List when messages of a conversation were revised or recalled, later than `since`, in order.

        Those behind the place `after`, up to `limit`; fewer mean that these are the last. What it costs does not grow
        with the conversation, nor with what changed before.
        """

    async def moved(self, user: UserId, checkpoint: Checkpoint, after: StreamKey | None, limit: int) -> Moved:
        """List the user's streams (their own, and conversations they are or were in) that moved after `checkpoint`.

        Sorted by stream key, starting after `after`. A former member's head is where they left. Once all pages were
        read with the same `checkpoint`, everything committed up to the first page's `checkpoint` is accounted for.
        A checkpoint that this log cannot have given (an older copy was restored): then all of them have moved.
        """

    async def trim(self, of: ConversationKind, before: Instant, limit: int) -> bool:
        """Remove up to `limit` facts, placed before an instant, of conversations of a kind; say if there may be more.

        With them goes what hangs on them: send keys, reactions, calls, asked receipts, words. Of each stream the oldest
        go first; the rest keeps its places, numbers and marks, and nobody has anything unread of what is gone. Atomic
        and safe to repeat; several nodes may do it at once. Nothing is placed by it, and no stream moves.

        Raises:
            Overloaded: Too many transactions wait.
            Unavailable: The store does not answer.
        """

    async def now(self) -> Instant:
        """Give the time of day by the clock that leases are kept by, which is that of the database where it has one.

        Else it goes on from when the log was opened, whatever the clock of the machine is set to meanwhile.

        Raises:
            Unavailable: The store does not answer.
        """

    async def moved_in_app(self, checkpoint: Checkpoint, limit: int) -> AppMoves:
        """List the app's streams that moved after `checkpoint`, those that moved first at the beginning.

        Never misses a commit that becomes visible late: the checkpoint returned is below every open transaction.
        """

    async def epoch(self) -> Epoch:
        """Give the epoch of the app: a log that begins anew, with less than it had, does so under a higher one."""

    async def checkpoint(self) -> Checkpoint:
        """Give the number below which nothing new can appear."""
