"""How users arrange their conversations, on SQL: in the rows of their memberships, and a table of what is for all."""

import msgspec

from unisono.domain.arrangement import AllSilenced, Arrangement, Quietness
from unisono.domain.arranging import arranged
from unisono.domain.ids import Instant, UserId, conversation_stream
from unisono.domain.silence import Silence
from unisono.stores.sql.book import Book
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.entries import membership_row, read_silence
from unisono.stores.sql.hiding import hide
from unisono.stores.sql.silence_statements import SilenceStatements


def arrange(book: Book, user: UserId | None, fact: Arrangement, at: Instant) -> None:
    """Bring the row up to a fact. It is written at once: what else the batch holds may count what is pinned."""
    stream = book.stream(conversation_stream(fact.conversation))
    member = None if stream is None or user is None else book.member(stream, user)
    if stream is None or member is None or not member.is_member:
        return
    member = arranged(member, fact, at)
    book.join(stream, member)
    hide(book, stream, member, fact)
    for text, values in book.statements.roll.write.exact([membership_row(stream.id, member, None)]):
        book.connection.run(text, values)


def count_pinned(book: Book, user: UserId) -> int:
    """Count what a user pinned."""
    pinned = book.statements.roll.pinned
    return int(book.connection.query(pinned.text, pinned.bind(user=user))[0][0])


def find_silence(connection: Connection, sql: SilenceStatements, user: UserId) -> Silence | None:
    """Give the silence of all of a user's conversations."""
    rows = connection.query(sql.find.text, sql.find.bind(user=user))
    return read_silence(rows[0][0]) if rows else None


def silence_all(book: Book, sql: SilenceStatements, user: UserId | None, fact: Quietness) -> None:
    """Bring the row up to a fact. It is written at once: what else the batch holds may ask for it."""
    if user is None:
        return
    if isinstance(fact, AllSilenced):
        book.connection.run(sql.write.text, (user, msgspec.json.encode(fact.silence).decode()))
    else:
        book.connection.run(sql.drop.text, sql.drop.bind(user=user))
