"""What facts change in the tables of threads."""

from unisono.domain.ids import UserId, conversation_stream
from unisono.domain.thread_facts import Parent
from unisono.stores.sql.book import Book
from unisono.stores.sql.entries import StreamEntry


def find_parent(book: Book, parent: Parent | None) -> int | None:
    """Give the stream of the conversation that a thread is under."""
    stream = None if parent is None else book.stream(conversation_stream(parent.conversation))
    return None if stream is None else stream.id


def count_thread(book: Book, stream: StreamEntry, change: int) -> None:
    """Keep count of the threads of a group."""
    if (entry := stream.conversation) is not None:
        entry.threads += change
        book.change(stream)


def note_departure(book: Book, stream: StreamEntry, user: UserId | None) -> None:
    """Note that a user left a group that has threads, or that it is over, until its threads have heard of it."""
    if stream.conversation is not None and stream.conversation.threads:
        book.connection.run(book.statements.threads.note.text, (stream.id, user or ""))
