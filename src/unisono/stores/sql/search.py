"""The search port on SQL."""

import heapq
from collections.abc import Sequence
from typing import Final, cast

import msgspec
from sqlalchemy import Dialect

from unisono.domain.answers import FoundMessage
from unisono.domain.facts import MessagePlaced
from unisono.domain.ids import (
    START,
    ConversationId,
    Instant,
    NodeId,
    Seq,
    StreamKey,
    UserId,
    conversation_of,
    conversation_stream,
)
from unisono.domain.revisions import message_until
from unisono.ports.search import Spot
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.duties import Duty
from unisono.stores.sql.history import first_since
from unisono.stores.sql.indexing import CompactWords, IndexWords, Turn
from unisono.stores.sql.log import SqlLog
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.statements import Statements
from unisono.stores.sql.words import SEQ_MAX, Asked, Deadline, Place, Reach, ReachOf, WordIndex
from unisono.stores.sql.writer import Writer

SEARCH_MAX_MS: Final = 1_000
"""How long the database may look for words."""
STREAMS_PER_TURN: Final = 200
DUTY: Final = "search"

_decode: Final = msgspec.json.Decoder(MessagePlaced).decode


class SqlSearch:
    """Implements `ports.search.Search`."""

    def __init__(
        self,
        dialect: Dialect,
        statements: Statements,
        words: WordIndex,
        log: SqlLog,
        *,
        writer: Writer,
        readers: Readers,
    ) -> None:
        self._sql = statements
        self._words = words
        self._log = log
        self._writer = writer
        self._readers = readers
        self._duty = Duty(dialect, DUTY, writer=writer, readers=readers)
        self._is_compacting = False
        self._compacted = 0

    async def index(self, node: NodeId, limit: int) -> bool:
        """Take messages into the index: look for them and their words in a read, then note those still as they were."""
        reached = await self._duty.hold(node, lambda _, kept: START if kept is None else kept)
        if reached is None or await self._log.checkpoint() == reached:
            return False
        moves = await self._log.moved_in_app(reached, STREAMS_PER_TURN)
        keys = [move.stream for move in moves.streams if conversation_of(move.stream) is not None]

        def look(connection: Connection) -> Turn:
            turn = Turn(limit)
            turn.read(connection, self._sql.words, keys)
            return turn

        turn = await self._readers.read(look)
        work = IndexWords(turn, self._duty.moving(node, moves.checkpoint))
        has_all = cast("bool", await self._writer.do(work))
        return not (has_all and moves.is_complete)

    async def compact(self) -> bool:
        """Take a step in writing the index anew, if words were dropped since it was begun the last time."""
        dropped, is_first = self._words.dropped, not self._is_compacting
        if is_first and dropped == self._compacted:
            return False
        self._is_compacting = cast("bool", await self._writer.do(CompactWords(is_first=is_first)))
        if is_first:
            self._compacted = dropped
        return self._is_compacting

    async def find(
        self,
        user: UserId,
        words: Sequence[str],
        *,
        limit: int,
        conversation: ConversationId | None = None,
        below: Spot | None = None,
    ) -> Sequence[FoundMessage]:
        """Find messages."""

        def read(connection: Connection) -> list[FoundMessage]:
            deadline = Deadline(SEARCH_MAX_MS)
            places = self._places(connection, user, conversation, deadline)
            found: list[FoundMessage] = []
            behind = below
            while len(found) < limit:
                asked = Asked(words, limit - len(found), deadline, user)
                reach_of = self._reach_of(connection, deadline, behind)
                best = _newest(self._words, connection, asked, places, reach_of)
                seen = (self._message(connection, reach, spot) for spot, reach in best)
                found += [message for message in seen if message is not None]
                if len(best) < asked.limit:
                    break
                behind = best[-1][0]
            return found

        return await self._readers.read_slowly(read, user)

    def _places(
        self, connection: Connection, user: UserId, only: ConversationId | None, deadline: Deadline
    ) -> list[Place]:
        """Give the user's conversations, left ones too, in which something was said; where it was last comes first."""
        words = self._sql.words
        if only is None:
            rows = connection.query_within(deadline.left_ms, words.mine.text, words.mine.bind(user=user))
        else:
            rows = connection.query(words.one.text, words.one.bind(user=user, key=conversation_stream(only)))
        return [
            Place(stream, name, Instant(said_at), until, Seq(cleared or 0))
            for stream, key, said_at, until, cleared, head in rows
            if (name := conversation_of(StreamKey(key))) is not None
            # All of it deleted: nothing is looked for there.
            if (cleared or 0) < (head if until is None else min(until, head))
        ]

    def _reach_of(self, connection: Connection, deadline: Deadline, below: Spot | None) -> ReachOf:
        """Give what says what of a conversation stands behind a spot, as long as there is time."""

        def reach_of(place: Place) -> Reach:
            # Each may take some twenty reads of its own.
            deadline.check()
            return self._reach(connection, place, below)

        return reach_of

    def _reach(self, connection: Connection, place: Place, below: Spot | None) -> Reach:
        """Say what of a conversation stands behind a spot."""
        stream, name, said_at, until, cleared = place
        end = SEQ_MAX if until is None else until + 1
        if below is None or said_at < below.at:
            return Reach(stream, name, end, said_at, until, cleared)
        if name == below.conversation:
            return Reach(stream, name, min(below.seq, end), below.at, until, cleared)
        # Of messages as old as that one, those of conversations that come before have been given already.
        at = below.at + 1 if name < below.conversation else below.at
        return Reach(stream, name, first_since(connection, self._sql, stream, at, end), below.at, until, cleared)

    def _message(self, connection: Connection, reach: Reach, spot: Spot) -> FoundMessage | None:
        """Give a message, unless it changed behind what the user sees: it is not for them then."""
        statement = self._sql.messages.fact
        ((_, body),) = connection.query(statement.text, statement.bind(stream=reach.stream, seq=spot.seq))
        message = message_until(_decode(body), reach.until)
        return None if message.is_recalled else FoundMessage(spot.conversation, spot.seq, spot.at, message)


def _newest(
    index: WordIndex, connection: Connection, asked: Asked, places: Sequence[Place], reach_of: ReachOf
) -> list[tuple[Spot, Reach]]:
    """Give the newest hits, looking no further than to where nothing newer can be."""
    best: list[tuple[Spot, Reach]] = []
    for reach, hits in index.find(connection, asked, places, reach_of):
        if len(best) == asked.limit and reach.said_at < best[0][0].at:
            break
        for seq, at in hits:
            found = Spot(Instant(at), reach.name, Seq(seq)), reach
            if len(best) < asked.limit:
                heapq.heappush(best, found)
            elif found <= heapq.heappushpop(best, found):
                break
    return sorted(best, reverse=True)
