"""The message that a command is about, as the writer finds it."""

from unisono.domain.conversation import Target
from unisono.domain.facts import MessagePlaced
from unisono.domain.ids import Seq, UserId
from unisono.stores.sql.book import Book
from unisono.stores.sql.entries import StreamEntry
from unisono.stores.sql.hiding import find_hiders


def take_target(book: Book, stream: StreamEntry, seq: Seq, *, asks_hiders: bool = False) -> Target | None:
    """Give the message at a place with its reactions, and who deleted it where that is asked; None for none."""
    found = book.fact_at(stream, seq, asks_hidden=asks_hiders)
    if found is None or not isinstance(found.fact, MessagePlaced):
        return None
    statement = book.statements.messages.reactions
    given: dict[str, set[UserId]] = {}
    for reaction, user in book.connection.query(statement.text, statement.bind(stream=stream.id, seq=seq)):
        given.setdefault(reaction, set()).add(user)
    reactions = {reaction: frozenset(users) for reaction, users in given.items()}
    # Whether anybody did is told with the message, so that messages which nobody deleted cost no question.
    hiders = find_hiders(book.connection, book.statements.hidden, stream.id, [seq]) if found.is_hidden else {}
    return Target(seq, found.at, found.fact, reactions, frozenset(hiders.get(seq, ())))
