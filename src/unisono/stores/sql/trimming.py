"""Removing old facts, and what hangs on them."""

from collections import Counter
from collections.abc import Sequence

from msgspec import structs

from unisono.domain.facts import MessagePlaced
from unisono.domain.ids import Instant, Seq, StreamKey, UserId
from unisono.stores.sql.book import Book
from unisono.stores.sql.compiled import Row
from unisono.stores.sql.entries import StreamEntry, decode_fact
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.hiding import count_hidden
from unisono.stores.sql.indexing import forget
from unisono.stores.sql.project import called
from unisono.stores.sql.trim_statements import TrimStatements


class Trim:
    """Work that removes the oldest facts of some conversations, up to a limit; its result says if those were all."""

    __slots__ = ("_before", "_keys", "_limit", "_sql")

    def __init__(self, sql: TrimStatements, keys: Sequence[StreamKey], *, before: Instant, limit: int) -> None:
        self._sql = sql
        self._keys = keys
        self._before = before
        self._limit = limit

    def name_streams(self, ahead: Foresight) -> None:
        """Name the streams: nobody may place or change anything in them meanwhile."""
        ahead.streams.update(self._keys)

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing more."""

    def run(self, book: Book) -> bool:
        """Remove them."""
        left = self._limit
        for key in self._keys:
            stream = book.stream(key)
            if stream is not None:
                left -= self._trim(book, stream, left)
            if left <= 0:
                return False
        return True

    def _trim(self, book: Book, stream: StreamEntry, limit: int) -> int:
        """Remove the oldest facts of a stream, up to a limit; give how many."""
        values = self._sql.oldest.bind(stream=stream.id, after=stream.head.trimmed, limit=limit + 1)
        rows = book.connection.query(self._sql.oldest.text, values)
        doomed = [row for row in rows[:limit] if row[1] < self._before]
        if doomed:
            self._forget_messages(book, stream, doomed)
            until = doomed[-1][0]
            for statement in (self._sql.drop_facts, self._sql.drop_asked, self._sql.drop_reactions):
                book.run(statement, stream=stream.id, until=until)
            gone = max((nth for _, _, nth, _ in doomed if nth is not None), default=stream.head.gone)
            book.run(self._sql.note, number=stream.id, trimmed=until, gone=gone)
            stream.head = structs.replace(stream.head, trimmed=Seq(until), gone=gone)
        self._note_oldest(book, stream, rows[len(doomed) :])
        return len(doomed)

    def _forget_messages(self, book: Book, stream: StreamEntry, doomed: Sequence[Row]) -> None:
        facts = [(Seq(seq), decode_fact(body)) for seq, _, _, body in doomed]
        messages = [(seq, fact) for seq, fact in facts if isinstance(fact, MessagePlaced)]
        forget(book, stream, messages)
        own: Counter[UserId] = Counter()
        for seq, message in messages:
            book.call_off(stream, seq, called(message))
            member = book.member(stream, message.sender)
            own[message.sender] += member is not None and seq > max(member.read, member.since)
        own.update(count_hidden(book, stream, doomed[-1][0], {seq: message.sender for seq, message in messages}))
        for user, count in own.items():
            member = stream.members[user]
            if count and member is not None and member.is_member:
                book.join(stream, structs.replace(member, own=member.own - count))

    def _note_oldest(self, book: Book, stream: StreamEntry, kept: Sequence[Row]) -> None:
        """Note when the oldest fact that is kept was placed; one that is placed in this batch is not in a row yet."""
        entry = stream.conversation
        if entry is None:
            return
        if kept:
            entry.oldest_at = kept[0][1]
        else:
            entry.oldest_at = stream.head.at if stream.head.seq > stream.head.trimmed else None
        book.change(stream)
