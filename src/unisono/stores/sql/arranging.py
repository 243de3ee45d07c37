"""How users arrange their conversations, on SQL: in the rows of their memberships."""

from unisono.domain.arrangement import Arrangement
from unisono.domain.arranging import arranged
from unisono.domain.ids import Instant, UserId, conversation_stream
from unisono.stores.sql.book import Book
from unisono.stores.sql.entries import membership_row


def arrange(book: Book, user: UserId | None, fact: Arrangement, at: Instant) -> None:
    """Bring the row up to a fact. It is written at once: what else the batch holds may count what is pinned."""
    stream = book.stream(conversation_stream(fact.conversation))
    member = None if stream is None or user is None else book.member(stream, user)
    if stream is None or member is None or not member.is_member:
        return
    member = arranged(member, fact, at)
    book.join(stream, member)
    for text, values in book.statements.roll.write.exact([membership_row(stream.id, member, None)]):
        book.connection.run(text, values)


def count_pinned(book: Book, user: UserId) -> int:
    """Count what a user pinned."""
    pinned = book.statements.roll.pinned
    return int(book.connection.query(pinned.text, pinned.bind(user=user))[0][0])
