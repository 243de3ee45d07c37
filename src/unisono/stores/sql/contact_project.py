"""What a fact changes of ties."""

from unisono.domain.contact_facts import ContactFact, ContactInvited
from unisono.domain.ids import NO_SEQ, user_of
from unisono.domain.ties import NO_TIE, after, closed, named
from unisono.stores.sql.book import Book
from unisono.stores.sql.entries import StreamEntry


def project_ties(book: Book, stream: StreamEntry, fact: ContactFact) -> None:
    """Bring ties up to the fact at the head of a user's stream, and close the invitations that it ends."""
    owner, connection = user_of(stream.key), book.connection
    if owner is None:
        return
    for other in named(fact):
        old = book.ties.between(connection, owner, (other,)).get((owner, other), NO_TIE)
        new = after(old, owner, fact, seq=stream.head.seq, at=stream.head.at)
        if old.invitation not in {NO_SEQ, new.invitation}:
            invited = book.fact(stream, old.invitation)
            if isinstance(invited, ContactInvited):
                book.rewrite(stream, old.invitation, closed(invited))
        book.ties.put(connection, (owner, other), new)
