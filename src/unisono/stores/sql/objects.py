"""Objects of users on SQL: a row says which fact of the user's stream holds the value."""

from collections.abc import Sequence

from unisono.domain.facts import ObjectDropped, ObjectSet
from unisono.domain.ids import NO_SEQ, Instant, ObjectName, Seq, UserId, user_stream
from unisono.domain.kept import ObjectView, Shelf
from unisono.domain.objects import size_of, superseded
from unisono.stores.sql.book import Book
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.entries import StreamEntry, decode_fact
from unisono.stores.sql.object_statements import ObjectStatements


def take_shelf(book: Book, statements: ObjectStatements, stream: StreamEntry | None, name: ObjectName) -> Shelf:
    """Say what stands under a name, as the batch has changed it so far."""
    if stream is None:
        return Shelf()
    find, total = statements.find, statements.total
    found = book.connection.query(find.text, find.bind(stream=stream.id, name=name))
    ((total_bytes,),) = book.connection.query(total.text, total.bind(stream=stream.id))
    seq, size = found[0] if found else (NO_SEQ, 0)
    return Shelf(Seq(seq), size, total_bytes)


def project_object(
    book: Book, statements: ObjectStatements, stream: StreamEntry, fact: ObjectSet | ObjectDropped
) -> None:
    """Bring the row up to a fact, and empty the one that held the value before."""
    shelf = take_shelf(book, statements, stream, fact.name)
    if shelf.revision != NO_SEQ and isinstance(old := book.fact(stream, shelf.revision), ObjectSet):
        book.rewrite(stream, shelf.revision, superseded(old))
    if isinstance(fact, ObjectSet):
        keep = statements.keep
        book.connection.run(keep.text, (stream.id, fact.name, stream.head.seq, size_of(fact.value)))
    else:
        book.run(statements.drop, stream=stream.id, name=fact.name)


def read_objects(
    connection: Connection,
    statements: ObjectStatements,
    user: UserId,
    *,
    only: ObjectName | None,
    after: ObjectName | None,
    limit: int,
) -> Sequence[ObjectView]:
    """List what a user keeps, by name."""
    if only is not None:
        values = statements.only.bind(key=user_stream(user), only=only)
        rows = connection.query(statements.only.text, values) if only > (after or "") else []
    else:
        values = statements.page.bind(key=user_stream(user), after=after or "", limit=limit)
        rows = connection.query(statements.page.text, values)
    found = [(name, seq, at, decode_fact(body)) for name, seq, at, body in rows]
    return [
        ObjectView(ObjectName(name), Seq(seq), Instant(at), fact.value)
        for name, seq, at, fact in found
        if isinstance(fact, ObjectSet)
    ]
