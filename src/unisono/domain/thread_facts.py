"""Facts of threads: what a group hears of those under its messages, in its own stream.

What is said in a thread, and who comes and goes, stands in the thread's stream.
"""

from msgspec import Struct

from unisono.domain.ids import ConversationId, Seq, UserId, read_thread_id
from unisono.domain.origin import Caused


class Parent(Struct, frozen=True):
    """What a thread is under: a message of a group, by its place."""

    conversation: ConversationId
    message: Seq


def parent_of(thread: ConversationId) -> Parent | None:
    """Give what a thread is under; None for a name that no thread has."""
    found = read_thread_id(thread)
    return None if found is None else Parent(*found)


class ThreadMade(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="thread_made"):
    """A thread began under the message at `message`."""

    message: Seq
    thread: ConversationId
    by: UserId
    name: str | None = None


class ThreadRenamed(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="thread_renamed"):
    """A thread has another name, or none."""

    message: Seq
    thread: ConversationId
    by: UserId
    name: str | None = None


class ThreadEnded(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="thread_ended"):
    """A thread is over: somebody who may destroyed it."""

    message: Seq
    thread: ConversationId
    by: UserId


ThreadFact = ThreadMade | ThreadRenamed | ThreadEnded
