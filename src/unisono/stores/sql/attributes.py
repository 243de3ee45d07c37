"""The values of conversations' attributes, as they can be found."""

from unisono.domain.query import flatten
from unisono.stores.sql.book import Book
from unisono.stores.sql.entries import StreamEntry


def describe(book: Book, stream: StreamEntry, *, is_new: bool = False) -> None:
    """Write the values of a conversation's present attributes anew."""
    if not is_new:
        book.run(book.statements.drop_values, stream=stream.id)
    entry = stream.conversation
    rows = [
        (stream.id, found.path, found.nth, found.kind, found.text, found.number)
        for found in flatten(None if entry is None else entry.attributes)
    ]
    for text, values in book.statements.insert_values.exact(rows):
        book.connection.run(text, values)
