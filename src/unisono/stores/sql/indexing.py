"""Keeping the words of messages: what is new is taken up in turns of its own, what changes in the very transaction."""

from collections.abc import Sequence
from typing import Final

import msgspec

from unisono.domain.facts import MessagePlaced
from unisono.domain.ids import Checkpoint, Seq, StreamKey
from unisono.domain.words import words_of
from unisono.stores.sql.book import Book
from unisono.stores.sql.entries import StreamEntry
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.index_statements import IndexStatements

INDEXED_TO: Final = "indexed_to"
"""In `meta`: the position up to which the words of all streams are noted."""

BYTES_PER_TURN: Final = 500_000
"""Bodies that are looked at in one turn, which everybody who sends waits for; a larger one has a turn of its own."""

_decode: Final = msgspec.json.Decoder(MessagePlaced).decode


class IndexWords:
    """Work that takes up messages of some streams, up to a limit; its result says if that were all of them.

    Where it was, it notes that all streams are taken up to a position.
    """

    __slots__ = ("_keys", "_limit", "_sql", "_to")

    def __init__(self, sql: IndexStatements, keys: Sequence[StreamKey], *, to: Checkpoint, limit: int) -> None:
        self._sql = sql
        self._keys = keys
        self._to = to
        self._limit = limit

    def name_streams(self, ahead: Foresight) -> None:
        """Name the streams: nobody may change a message of them meanwhile."""
        ahead.streams.update(self._keys)

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing more."""

    def run(self, book: Book) -> bool:
        """Take them up."""
        sql, left = self._sql, self._limit
        streams = [stream for key in self._keys if (stream := book.stream(key)) is not None]
        marks = _read_marks(book, sql, [stream.id for stream in streams])
        words: list[tuple[int, int, Sequence[str]]] = []
        left_bytes, has_some = BYTES_PER_TURN, False
        for stream in streams:
            values = sql.unindexed.bind(stream=stream.id, after=marks.get(stream.id, 0), limit=left + 1)
            for seq, body in book.connection.query(sql.unindexed.text, values):
                left, left_bytes = left - 1, left_bytes - len(body)
                if left < 0 or (left_bytes < 0 and has_some):
                    left = -1
                    break
                marks[stream.id], has_some = seq, True
                if said := _words(_decode(body)):
                    words.append((stream.id, seq, said))
            if left < 0:
                break
        sql.index.add(book.connection, words)
        for text, flat in sql.write_marks.exact(sorted(marks.items())):
            book.connection.run(text, flat)
        if left >= 0:
            book.connection.run(sql.write_meta.text, (INDEXED_TO, str(self._to)))
        return left >= 0


def renew(book: Book, stream: StreamEntry, seq: Seq, old: MessagePlaced, new: MessagePlaced) -> None:
    """Keep the words of a message in step with a change to it, if they are noted already."""
    sql = book.statements.words
    if _read_marks(book, sql, [stream.id]).get(stream.id, 0) < seq:
        return
    if was := _words(old):
        sql.index.drop(book.connection, stream.id, seq, was)
    if said := _words(new):
        sql.index.add(book.connection, [(stream.id, seq, said)])


def forget(book: Book, stream: StreamEntry, messages: Sequence[tuple[Seq, MessagePlaced]]) -> None:
    """Drop the words of messages that will be there no more, of those whose words are noted."""
    sql = book.statements.words
    mark = _read_marks(book, sql, [stream.id]).get(stream.id, 0)
    for seq, message in messages:
        if seq <= mark and (was := _words(message)):
            sql.index.drop(book.connection, stream.id, seq, was)


def _words(message: MessagePlaced) -> list[str]:
    text = message.content.text
    return words_of(text) if text else []


def _read_marks(book: Book, sql: IndexStatements, streams: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for text, values in sql.marks.padded([(stream,) for stream in streams]):
        found.update(book.connection.query(text, values))
    return found
