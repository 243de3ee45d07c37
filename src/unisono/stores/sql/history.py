"""Reading history: from which seq to which, and the page of it."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from unisono.domain.answers import HistoryEntry, ReactionCount
from unisono.domain.commands import GetHistory
from unisono.domain.facts import MessagePlaced
from unisono.domain.ids import NO_SEQ, Instant, Seq, UserId, conversation_stream
from unisono.domain.retention import lacks_older
from unisono.domain.revisions import message_until
from unisono.ports.directory import HistoryPage
from unisono.stores.sql.compiled import Row, Statement
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.entries import read_stream
from unisono.stores.sql.pages import read_page
from unisono.stores.sql.statements import Statements

_decode_message: Final = msgspec.json.Decoder(MessagePlaced).decode


def read_history(
    connection: Connection, sql: Statements, asked: GetHistory, *, reader: UserId, until: Seq | None
) -> HistoryPage:
    """Read a page."""
    rows = _ask(connection, sql.head, key=conversation_stream(asked.conversation))
    if not rows:
        return HistoryPage((), has_more=False)
    stream = read_stream(rows[0])
    after, before = _bounds(connection, sql, stream.id, asked, stream.head.seq if until is None else until)
    is_newest = asked.is_newest
    statement = sql.history.page(asked.type, newest=is_newest)

    def more(row: Row | None, count: int) -> list[Row]:
        first = row[0] if row is not None and not is_newest else after
        end = row[0] if row is not None and is_newest else before
        values = {} if asked.type is None else {"type": asked.type}
        return _ask(
            connection, statement, stream=stream.id, after=first, before=end, reader=reader, limit=count, **values
        )

    rows, has_more = read_page(more, asked.limit)
    page = rows[::-1] if is_newest else rows
    given = _reactions(connection, sql, stream.id, page, reader)
    return HistoryPage(
        tuple(read_message(row, given, until) for row in page),
        has_more,
        trimmed=lacks_older(stream.head, Seq(after), is_newest=is_newest, has_more=has_more),
    )


def _bounds(connection: Connection, sql: Statements, stream: int, asked: GetHistory, end: int) -> tuple[int, int]:
    """Give the seq behind which a page begins, and that before which it ends."""
    after: int = asked.after or NO_SEQ
    before = end + 1
    if asked.before is not None:
        before = min(before, asked.before)
    if asked.after_at is not None:
        after = max(after, first_since(connection, sql, stream, asked.after_at + 1, before) - 1)
    if asked.before_at is not None:
        before = min(before, first_since(connection, sql, stream, asked.before_at, before))
    return after, before


def first_since(connection: Connection, sql: Statements, stream: int, at: int, end: int) -> int:
    """Give the first seq below `end` whose fact is as late as `at`, else `end`: by halving, for times never fall."""
    low = 1
    while low < end:
        middle = (low + end) // 2
        rows = _ask(connection, sql.history.first_from, stream=stream, seq=middle)
        if rows and rows[0][1] < at:
            low = rows[0][0] + 1
        else:
            end = middle
    return low


def _reactions(
    connection: Connection, sql: Statements, stream: int, page: Sequence[Row], reader: UserId
) -> Mapping[int, list[ReactionCount]]:
    given: dict[int, list[ReactionCount]] = {}
    if page:
        asked = {"stream": stream, "reader": reader, "first": page[0][0], "last": page[-1][0]}
        for seq, reaction, count, is_mine in _ask(connection, sql.messages.count_reactions, **asked):
            given.setdefault(seq, []).append(ReactionCount(reaction, count, bool(is_mine)))
    return given


def read_message(row: Row, given: Mapping[int, list[ReactionCount]], until: Seq | None = None) -> HistoryEntry:
    """Read a message as it is seen up to a place, with the reactions given to it."""
    seq, at, body = row
    message = message_until(_decode_message(body), until)
    return HistoryEntry(Seq(seq), Instant(at), message, () if message.is_recalled else tuple(given.get(seq, ())))


def _ask(connection: Connection, statement: Statement, **values: object) -> list[Row]:
    return connection.query(statement.text, statement.bind(**values))
