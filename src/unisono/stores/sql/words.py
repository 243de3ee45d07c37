"""The index of words, in the words of each database.

SQLite: a table of FTS5 without contents, whose row ids are made of the stream and the seq, so that a search within a
conversation reads a range. PostgreSQL: lexemes that begin with the stream's number, for the same reason. Neither
database cuts a text into words by itself; `domain.words` does.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from unisono.domain.errors import Invalid
from unisono.domain.ids import NO_SEQ, ConversationId, Instant, Seq, UserId
from unisono.stores.sql.driver import Connection

Hit = tuple[int, int]
"""Seq and time of a message."""

SEQ_BITS: Final = 32
SEQ_MAX: Final = 2**SEQ_BITS - 1
RARE_MAX: Final = 1_000
"""A word in no more messages than these is looked up at once, for all conversations."""
FEW_MAX: Final = 20
PAGES_PER_STEP: Final = 200
"""Pages of 4 kB that a step of merging writes, while nobody's message has its place."""
TOGETHER: Final = 100
"""Conversations that PostgreSQL is asked about at a time."""


class Place(NamedTuple):
    """A conversation that the user sees, up to `until` where they left, and when something was said there last.

    What was said up to `cleared` they deleted for themselves.
    """

    stream: int
    name: ConversationId
    said_at: Instant
    until: Seq | None
    cleared: Seq = NO_SEQ


class Reach(NamedTuple):
    """Messages of one conversation that may be found: those behind `cleared` and before a seq.

    The newest is no later than `said_at`.

    A former member sees nothing behind `until`.
    """

    stream: int
    name: ConversationId
    before: int
    said_at: Instant
    until: Seq | None
    cleared: Seq = NO_SEQ


ReachOf = Callable[[Place], Reach]
"""Says what of a conversation may be found: with a search in it, so it is asked of those alone that are looked into."""


class Deadline:
    """How long a search may go on."""

    def __init__(self, limit_ms: int) -> None:
        self.limit_ms: Final = limit_ms
        self._until_s = time.monotonic() + limit_ms / 1000

    @property
    def left_ms(self) -> int:
        """Give how long it still may.

        Raises:
            Invalid: No longer.
        """
        left_ms = int((self._until_s - time.monotonic()) * 1000)
        if left_ms <= 0:
            raise Invalid(reason="takes too long", limit_ms=self.limit_ms)
        return left_ms

    def check(self) -> None:
        """Do nothing while there is time.

        Raises:
            Invalid: There is none left.
        """
        _ = self.left_ms


class Asked(NamedTuple):
    """Words that are looked for, how many hits of each conversation are enough, how long it may take, and for whom."""

    words: Sequence[str]
    limit: int
    deadline: Deadline
    user: UserId


class WordIndex(Protocol):
    """Where messages stand that have certain words.

    `dropped` is raised whenever words of which the database may keep a copy are forgotten.
    """

    dropped: int

    def add(self, connection: Connection, rows: Sequence[tuple[int, int, Sequence[str]]]) -> None:
        """Note the words of messages, each given by its stream and seq, none of which has any noted."""

    def drop(self, connection: Connection, stream: int, seq: int, words: Sequence[str]) -> None:
        """Forget the words of a message: exactly those that were noted."""

    def compact(self, connection: Connection, *, is_first: bool) -> bool:
        """Take a step in writing the index anew without what was dropped, or the first; say if it goes on."""

    def find(
        self, connection: Connection, asked: Asked, places: Sequence[Place], reach_of: ReachOf
    ) -> Iterator[tuple[Reach, list[Hit]]]:
        """Give up to a number of hits of each place, in their order, the newest first; without any it may be left out.

        Raises:
            Invalid: The deadline passed.
        """


class SqliteWords:
    """An FTS5 table. What is dropped stays in its older segments until all are merged into one."""

    ADD: Final = "INSERT INTO message_words (rowid, words) VALUES (?, ?)"
    DROP: Final = "INSERT INTO message_words (message_words, rowid, words) VALUES ('delete', ?, ?)"
    MERGE: Final = "INSERT INTO message_words (message_words, rank) VALUES ('merge', ?)"
    CHANGES: Final = "SELECT total_changes()"
    ANYWHERE: Final = "SELECT rowid FROM message_words WHERE message_words MATCH ? LIMIT ?"
    WITHIN: Final = """
        SELECT facts.seq, facts.at FROM message_words
        JOIN facts ON facts.stream = ? AND facts.seq = message_words.rowid - ?
        WHERE message_words MATCH ? AND message_words.rowid > ? AND message_words.rowid < ?
            AND NOT EXISTS (SELECT 1 FROM hidden WHERE user_id = ? AND stream = facts.stream AND seq = facts.seq)
        ORDER BY message_words.rowid DESC LIMIT ?
    """

    def __init__(self) -> None:
        # Nobody knows what was dropped before the last start.
        self.dropped = 1

    def add(self, connection: Connection, rows: Sequence[tuple[int, int, Sequence[str]]]) -> None:
        """Note words. In rising order, or FTS5 would begin a new segment for each row."""
        for stream, seq, words in sorted(rows):
            connection.run(self.ADD, (_row_id(stream, seq), " ".join(words)))

    def drop(self, connection: Connection, stream: int, seq: int, words: Sequence[str]) -> None:
        """Forget words."""
        self.dropped += 1
        connection.run(self.DROP, (_row_id(stream, seq), " ".join(words)))

    def compact(self, connection: Connection, *, is_first: bool) -> bool:
        """Merge some pages. To FTS5 a number below zero says that all segments are to become one."""
        (before,) = connection.query(self.CHANGES)[0]
        connection.run(self.MERGE, (-PAGES_PER_STEP if is_first else PAGES_PER_STEP,))
        # The command itself counts as one.
        return bool(connection.query(self.CHANGES)[0][0] - before > 1)

    def find(
        self, connection: Connection, asked: Asked, places: Sequence[Place], reach_of: ReachOf
    ) -> Iterator[tuple[Reach, list[Hit]]]:
        """Look into one conversation after the other; where the words are rare, only into those that have them."""
        words, limit, deadline, user = asked
        phrase = " AND ".join(f'"{word}"' for word in words)
        for reach in map(reach_of, self._promising(connection, phrase, places, deadline)):
            first = _row_id(reach.stream, 0)
            values = (reach.stream, first, phrase, first + reach.cleared, first + reach.before, user, limit)
            yield reach, [(seq, at) for seq, at in connection.query_within(deadline.left_ms, self.WITHIN, values)]

    def _promising(
        self, connection: Connection, phrase: str, places: Sequence[Place], deadline: Deadline
    ) -> Sequence[Place]:
        if len(places) <= FEW_MAX:
            return places
        rows = connection.query_within(deadline.left_ms, self.ANYWHERE, (phrase, RARE_MAX + 1))
        if len(rows) > RARE_MAX:
            return places
        streams = {row[0] >> SEQ_BITS for row in rows}
        return [place for place in places if place.stream in streams]


def _row_id(stream: int, seq: int) -> int:
    return (stream << SEQ_BITS) + seq


class PostgresWords:
    """A table of text search vectors, with a GIN index."""

    ADD: Final = """
        INSERT INTO message_words (stream, seq, words)
        SELECT stream, seq, array_to_tsvector(string_to_array(words, ','))
        FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS said (stream, seq, words)
    """
    DROP: Final = "DELETE FROM message_words WHERE stream = %s AND seq = %s"
    WITHIN: Final = """
        SELECT facts.stream, facts.seq, facts.at
        FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[]) AS asked (stream, cleared, before, words)
        CROSS JOIN LATERAL (
            SELECT message_words.stream, message_words.seq FROM message_words
            WHERE message_words.words @@ asked.words::tsquery AND message_words.seq > asked.cleared
                AND message_words.seq < asked.before AND NOT EXISTS (
                    SELECT 1 FROM hidden
                    WHERE user_id = %s AND hidden.stream = message_words.stream AND hidden.seq = message_words.seq
                )
            ORDER BY message_words.seq DESC LIMIT %s
        ) AS hits
        JOIN facts ON facts.stream = hits.stream AND facts.seq = hits.seq
        ORDER BY facts.stream, facts.seq DESC
    """

    def __init__(self) -> None:
        self.dropped = 0

    def add(self, connection: Connection, rows: Sequence[tuple[int, int, Sequence[str]]]) -> None:
        """Note words, those of all messages at once: while it lasts nobody says anything in their conversations."""
        streams, seqs, said = [row[0] for row in rows], [row[1] for row in rows], map(_lexemes, rows)
        connection.run(self.ADD, (streams, seqs, list(said)))

    def drop(self, connection: Connection, stream: int, seq: int, words: Sequence[str]) -> None:
        """Forget words."""
        del words
        connection.run(self.DROP, (stream, seq))

    def compact(self, connection: Connection, *, is_first: bool) -> bool:
        """Do nothing: vacuum does."""
        del connection, is_first
        return False

    def find(
        self, connection: Connection, asked: Asked, places: Sequence[Place], reach_of: ReachOf
    ) -> Iterator[tuple[Reach, list[Hit]]]:
        """Look into some conversations at a time."""
        words, limit, deadline, user = asked
        for start in range(0, len(places), TOGETHER):
            part = [reach_of(place) for place in places[start : start + TOGETHER]]
            phrases = [" & ".join(f"'{reach.stream} {word}'" for word in words) for reach in part]
            streams, cleared = [reach.stream for reach in part], [int(reach.cleared) for reach in part]
            values = (streams, cleared, [reach.before for reach in part], phrases, user, limit)
            hits: dict[int, list[Hit]] = {}
            for stream, seq, at in connection.query_within(deadline.left_ms, self.WITHIN, values):
                hits.setdefault(stream, []).append((seq, at))
            yield from ((reach, hits.get(reach.stream, [])) for reach in part)


def _lexemes(row: tuple[int, int, Sequence[str]]) -> str:
    stream, _, words = row
    return ",".join(f"{stream} {word}" for word in words)


def words_of_dialect(name: str) -> WordIndex:
    """Give the index in a dialect's words."""
    return SqliteWords() if name == "sqlite" else PostgresWords()
