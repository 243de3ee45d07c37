"""The log port on SQL."""

import asyncio
from collections.abc import Sequence
from typing import cast

from unisono.domain.answers import Facts, Moved, SeqFact, StreamHead
from unisono.domain.conversation import Decide, Scope
from unisono.domain.facts import ConversationKind
from unisono.domain.ids import (
    NO_SEQ,
    START,
    Checkpoint,
    ConversationId,
    Epoch,
    Instant,
    Seq,
    StreamKey,
    UserId,
    conversation_stream,
    user_stream,
)
from unisono.domain.revisions import fact_until
from unisono.ports.log import AppMoves, Committed, MovedStream
from unisono.ports.requests import Request
from unisono.stores.sql.compiled import Row
from unisono.stores.sql.driver import Connection, Driver
from unisono.stores.sql.entries import decode_fact, read_epoch, read_stream
from unisono.stores.sql.pages import read_page
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.requests import Once, RequestStatements
from unisono.stores.sql.statements import Statements
from unisono.stores.sql.transaction import Transaction
from unisono.stores.sql.trimming import Trim
from unisono.stores.sql.writer import Writer


class SqlLog:
    """Implements `ports.log.Log`."""

    def __init__(
        self, driver: Driver, statements: Statements, requests: RequestStatements, *, writer: Writer, readers: Readers
    ) -> None:
        self._driver = driver
        self._requests = requests
        self._sql = statements
        self._writer = writer
        self._readers = readers

    @property
    def is_busy(self) -> bool:
        """Say if transactions are under way here."""
        return self._writer.waiting > 0

    def transact(self, scope: Scope, decide: Decide, request: Request | None = None) -> "asyncio.Future[Committed]":
        """Load what the scope names, decide, place the drafts, and make all of it durable."""
        transaction = Transaction(scope, decide)
        work = transaction if request is None else Once(self._requests, request, transaction)
        return cast("asyncio.Future[Committed]", self._writer.do(work))

    async def read(self, stream: StreamKey, after: Seq, limit: int, until: Seq | None = None) -> Facts:
        """Read up to `limit` facts after `after`, fewer of large ones, in order and without holes."""
        head, facts = self._sql.head, self._sql.facts

        def read(connection: Connection) -> Facts:
            rows = connection.query(head.text, head.bind(key=stream))
            if not rows:
                return Facts(stream, read_epoch(connection, self._sql), (), NO_SEQ)
            entry = read_stream(rows[0])
            end = entry.head.seq if until is None else min(until, entry.head.seq)
            first = max(after, entry.head.trimmed)
            last = min(end, first + limit)

            def more(row: Row | None, count: int) -> list[Row]:
                start = first if row is None else row[0]
                values = facts.bind(stream=entry.id, after=start, last=min(last, start + count))
                return connection.query(facts.text, values) if start < last else []

            rows, _ = read_page(more, limit)
            placed = tuple(
                SeqFact(Seq(seq), Instant(at), fact_until(decode_fact(body), until)) for seq, at, body in rows
            )
            return Facts(stream, entry.head.epoch, placed, Seq(end), entry.head.oldest)

        # Else the facts after a head that was read could be trimmed before they are.
        return await self._readers.read_at_one_moment(read)

    async def trim(self, of: ConversationKind, before: Instant, limit: int) -> bool:
        """Remove the oldest facts of conversations of a kind."""
        overdue = self._sql.trimming.overdue
        values = overdue.bind(kind=of, before=before, limit=limit)
        rows = await self._readers.read(lambda connection: connection.query(overdue.text, values))
        keys = [StreamKey(key) for (key,) in rows]
        if not keys:
            return False
        has_all = cast("bool", await self._writer.do(Trim(self._sql.trimming, keys, before=before, limit=limit)))
        return not has_all or len(keys) == limit

    async def now(self) -> Instant:
        """Give the time by which leases are kept."""
        return await self._readers.read(lambda connection: connection.lease_now())

    async def passages(self, user: UserId, since: Instant, after: Seq, limit: int) -> Sequence[SeqFact]:
        """Read them by their kind: among them may be any number of read marks."""
        statement = self._sql.roll.passages
        values = statement.bind(key=user_stream(user), since=since, after=after, limit=limit)
        return await self._readers.read(
            lambda connection: [
                SeqFact(Seq(seq), Instant(at), decode_fact(body))
                for seq, at, body in connection.query(statement.text, values)
            ]
        )

    async def changes(self, conversation: ConversationId, since: Instant, after: Seq, limit: int) -> Sequence[SeqFact]:
        """Read them by their index."""
        statement = self._sql.messages.changes
        values = statement.bind(key=conversation_stream(conversation), since=since, after=after, limit=limit)
        return await self._readers.read(
            lambda connection: [
                SeqFact(Seq(seq), Instant(at), decode_fact(body))
                for seq, at, body in connection.query(statement.text, values)
            ]
        )

    async def moved(self, user: UserId, checkpoint: Checkpoint, after: StreamKey | None, limit: int) -> Moved:
        """List the user's streams that moved after `checkpoint`."""
        statement = self._sql.moved

        def read(connection: Connection) -> Moved:
            reached, began = self._read_reach(connection)
            since = checkpoint if began <= checkpoint <= reached else START
            values = statement.bind(
                user=user, own=user_stream(user), checkpoint=since, after=after or "", limit=limit + 1
            )
            rows = connection.query(statement.text, values)
            heads = tuple(StreamHead(StreamKey(key), Epoch(epoch), Seq(head)) for key, epoch, head in rows[:limit])
            return Moved(heads, reached, heads[-1].stream if len(rows) > limit else None)

        return await self._readers.read_at_one_moment(read)

    async def moved_in_app(self, checkpoint: Checkpoint, limit: int) -> AppMoves:
        """List the app's streams that moved after `checkpoint`; more than `limit` where they moved at once."""
        statement, together = self._sql.moved_in_app, self._sql.moved_together

        def read(connection: Connection) -> AppMoves:
            reached, _ = self._read_reach(connection)
            since = checkpoint if checkpoint <= reached else START
            rows = connection.query(statement.text, statement.bind(checkpoint=since, limit=limit + 1))
            if len(rows) <= limit:
                return AppMoves(_moved(rows), reached, is_complete=True)
            # A commit is passed on whole, or the next page could not begin behind it.
            last = rows[limit - 1][3]
            page = [row for row in rows if row[3] < last]
            page += connection.query(together.text, together.bind(pos=last))
            return AppMoves(_moved(page), min(reached, Checkpoint(last)), is_complete=last >= reached)

        return await self._readers.read_at_one_moment(read)

    async def checkpoint(self) -> Checkpoint:
        """Give the number below which nothing new can appear."""
        if self._driver.is_sole_writer:
            return self._writer.reached
        return (await self._readers.read(self._read_reach))[0]

    async def epoch(self) -> Epoch:
        """Give the epoch of the app."""
        if self._driver.is_sole_writer:
            return self._writer.epoch
        return await self._readers.read(lambda connection: read_epoch(connection, self._sql))

    def _read_reach(self, connection: Connection) -> tuple[Checkpoint, Checkpoint]:
        """Give the checkpoint, and where the log began: what lies before was reached in a log that was lost."""
        reached, began = connection.query(self._driver.checkpoint_text)[0]
        return Checkpoint(reached), Checkpoint(began)


def _moved(rows: list[Row]) -> tuple[MovedStream, ...]:
    return tuple(MovedStream(StreamKey(key), Epoch(epoch), Seq(head)) for key, epoch, head, _ in rows)
