"""Keeping the words of messages: what is new is taken up in turns of its own, what changes in the very transaction."""

from collections.abc import Sequence
from typing import Final

import msgspec

from unisono.domain.facts import MessagePlaced
from unisono.domain.ids import NO_SEQ, Seq, StreamKey
from unisono.domain.words import words_of
from unisono.stores.sql.book import Book
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.entries import StreamEntry
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.index_statements import IndexStatements
from unisono.stores.sql.words import SEQ_MAX

BYTES_PER_TURN: Final = 500_000
WORDS_PER_TURN: Final = 5_000
"""What is taken up in one turn, while nobody says anything where it stands; a larger message has a turn of its own."""

_decode: Final = msgspec.json.Decoder(MessagePlaced).decode


class Turn:
    """Messages of some streams whose words are to be noted, up to a place in each, and the words of their bodies.

    They are looked for in a read, so that who sends waits for the writing alone.
    """

    def __init__(self, limit: int) -> None:
        self.until: Final[dict[StreamKey, Seq]] = {}
        self.words: Final[dict[bytes, Sequence[str]]] = {}
        self.taken = 0
        self.is_full = False
        self._limit = limit
        self._left_bytes = BYTES_PER_TURN
        self._left_words = WORDS_PER_TURN

    def read(self, connection: Connection, sql: IndexStatements, keys: Sequence[StreamKey]) -> None:
        """Look through the streams, until there is enough."""
        for text, values in sql.places.padded([(key,) for key in keys]):
            for stream, key, mark in connection.query(text, values):
                if not self.is_full:
                    self._read_stream(connection, sql, key, stream=stream, mark=mark or NO_SEQ)

    def _read_stream(
        self, connection: Connection, sql: IndexStatements, key: StreamKey, *, stream: int, mark: Seq
    ) -> None:
        values = sql.unindexed.bind(stream=stream, after=mark, until=SEQ_MAX, limit=self._limit - self.taken + 1)
        for seq, body in connection.query(sql.unindexed.text, values):
            said = _words(_decode(body))
            self._left_bytes, self._left_words = self._left_bytes - len(body), self._left_words - len(said)
            is_much = min(self._left_bytes, self._left_words) < 0 and self.taken > 0
            if is_much or self.taken == self._limit:
                self.is_full = True
                return
            self.until[key], self.words[body] = seq, said
            self.taken += 1


class IndexWords:
    """Work that notes the words of a turn; its result says if that were all that there were.

    If so, it moves the place of who has the work.
    """

    __slots__ = ("_moving", "_turn")

    def __init__(self, turn: Turn, moving: tuple[str, Sequence[object]]) -> None:
        self._turn = turn
        self._moving = moving

    def name_streams(self, ahead: Foresight) -> None:
        """Name the streams: nobody may change a message of them meanwhile."""
        ahead.streams.update(self._turn.until)

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing more."""

    def run(self, book: Book) -> bool:
        """Note them, but for what was changed, or noted by another, since it was read."""
        sql, turn, has_all = book.statements.words, self._turn, not self._turn.is_full
        streams = [(stream, turn.until[key]) for key in turn.until if (stream := book.stream(key)) is not None]
        marks = _read_marks(book, sql, [stream.id for stream, _ in streams])
        words: list[tuple[int, int, Sequence[str]]] = []
        for stream, until in streams:
            mark = marks.get(stream.id, NO_SEQ)
            values = sql.unindexed.bind(stream=stream.id, after=mark, until=until, limit=turn.taken)
            for seq, body in book.connection.query(sql.unindexed.text, values):
                said = turn.words.get(body)
                if said is None:
                    has_all = False
                    break
                marks[stream.id] = seq
                if said:
                    words.append((stream.id, seq, said))
        book.words.add(book.connection, words)
        for text, flat in sql.write_marks.exact(sorted(marks.items())):
            book.connection.run(text, flat)
        if has_all:
            book.connection.run(*self._moving)
        return has_all


class CompactWords:
    """Work that takes a step in writing the index anew without what was dropped."""

    __slots__ = ("_is_first",)

    def __init__(self, *, is_first: bool) -> None:
        self._is_first = is_first

    def name_streams(self, ahead: Foresight) -> None:
        """Name none."""

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""

    def run(self, book: Book) -> bool:
        """Take it, and say if it goes on."""
        return book.words.compact(book.connection, is_first=self._is_first)


def renew(book: Book, stream: StreamEntry, seq: Seq, old: MessagePlaced, new: MessagePlaced) -> None:
    """Keep the words of a message in step with a change to it, if they are noted already."""
    sql = book.statements.words
    if _read_marks(book, sql, [stream.id]).get(stream.id, 0) < seq:
        return
    if was := _words(old):
        book.words.drop(book.connection, stream.id, seq, was)
    if said := _words(new):
        book.words.add(book.connection, [(stream.id, seq, said)])


def forget(book: Book, stream: StreamEntry, messages: Sequence[tuple[Seq, MessagePlaced]]) -> None:
    """Drop the words of messages that will be there no more, of those whose words are noted."""
    sql = book.statements.words
    mark = _read_marks(book, sql, [stream.id]).get(stream.id, 0)
    for seq, message in messages:
        if seq <= mark and (was := _words(message)):
            book.words.drop(book.connection, stream.id, seq, was)


def _words(message: MessagePlaced) -> list[str]:
    text = message.content.text
    return words_of(text) if text else []


def _read_marks(book: Book, sql: IndexStatements, streams: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for text, values in sql.marks.padded([(stream,) for stream in streams]):
        found.update(book.connection.query(text, values))
    return found
