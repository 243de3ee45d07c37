"""Messages that users deleted for themselves, one by one, on SQL."""

from collections.abc import Sequence
from typing import Final

import msgspec

from unisono.domain.arrangement import Arrangement, MessagesDeleted
from unisono.domain.conversation import Chosen, Membership, Scope
from unisono.domain.facts import MessagePlaced
from unisono.domain.ids import Seq, UserId
from unisono.stores.sql.book import Book
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.entries import StreamEntry
from unisono.stores.sql.hidden_statements import HiddenStatements

_decode_message: Final = msgspec.json.Decoder(MessagePlaced).decode


def take_chosen(scope: Scope, book: Book, stream: StreamEntry) -> Chosen:
    """Give messages that were committed before: nobody can have seen those of this batch."""
    if not scope.chosen:
        return Chosen()
    user, sql, connection = scope.users[0], book.statements.hidden, book.connection
    places = [(stream.id, seq) for seq in dict.fromkeys(scope.chosen)]
    rows = [row for text, values in sql.chosen.padded(places) for row in connection.query(text, values)]
    member = book.member(stream, user)
    mark = Seq(0) if member is None else max(member.read, member.since)
    return Chosen(
        {Seq(seq): _decode_message(body) for seq, body in rows},
        find_hidden(connection, sql, user, stream.id, scope.chosen),
        int(connection.query(sql.count.text, sql.count.bind(user=user))[0][0]),
        book.calls(stream, mark, user),
    )


def find_hidden(
    connection: Connection, sql: HiddenStatements, user: UserId, stream: int, seqs: Sequence[Seq]
) -> frozenset[Seq]:
    """Give which of some messages a user deleted."""
    asked = sql.among.padded([(user, stream, seq) for seq in dict.fromkeys(seqs)])
    return frozenset(Seq(seq) for text, values in asked for (seq,) in connection.query(text, values))


def find_hiders(
    connection: Connection, sql: HiddenStatements, stream: int, seqs: Sequence[Seq]
) -> dict[Seq, set[UserId]]:
    """Give who deleted some messages."""
    found: dict[Seq, set[UserId]] = {}
    for text, values in sql.hiders.padded([(stream, seq) for seq in seqs]):
        for seq, user in connection.query(text, values):
            found.setdefault(Seq(seq), set()).add(UserId(user))
    return found


def hide(book: Book, stream: StreamEntry, member: Membership, fact: Arrangement) -> None:
    """Bring the rows up to a fact; what a deleted history has needs none."""
    sql = book.statements.hidden
    if isinstance(fact, MessagesDeleted):
        rows = [(member.user, stream.id, seq) for seq in fact.messages]
        for text, values in sql.write.exact(rows):
            book.connection.run(text, values)
    elif member.hides_some and member.cleared:
        book.run(sql.drop_own_until, user=member.user, stream=stream.id, until=member.cleared)


def count_hidden(book: Book, stream: StreamEntry, until: Seq, senders: dict[Seq, UserId]) -> list[UserId]:
    """Give who deleted unread messages of others up to a place, once for each; and forget all that were deleted there.

    The senders are those of the messages there.
    """
    sql, found = book.statements.hidden, []
    for user, seq in book.connection.query(sql.until.text, sql.until.bind(stream=stream.id, until=until)):
        member = book.member(stream, user)
        if member is not None and seq > max(member.read, member.since) and senders.get(seq) != user:
            found.append(UserId(user))
    book.run(sql.drop_until, stream=stream.id, until=until)
    return found
