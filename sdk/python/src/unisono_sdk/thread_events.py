"""What happens to threads under the messages of a group, as programs hear it.

`conversation` is the group, `message` the seq of the message there. `by` says who did it. Instants are milliseconds
since 1970-01-01 UTC.
"""

from collections.abc import Callable
from dataclasses import dataclass

from unisono_sdk import thread_facts as facts
from unisono_sdk.conversation import Conversation
from unisono_sdk.hub import Hub


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMade:
    """`thread_made`: a thread began under a message."""

    conversation: Conversation
    thread: Conversation
    message: int
    by: str
    at: int
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRenamed:
    """`thread_renamed`: a thread has another name; None for none."""

    conversation: Conversation
    thread: Conversation
    message: int
    by: str
    at: int
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadEnded:
    """`thread_ended`: somebody dissolved a thread; who was in it hears `ended` and `exited` besides."""

    conversation: Conversation
    thread: Conversation
    message: int
    by: str
    at: int


ThreadEvent = ThreadMade | ThreadRenamed | ThreadEnded


Find = Callable[[str], Conversation]


def tell_of_threads(hub: Hub, group: Conversation, fact: object, at: int, *, find: Find) -> None:
    """Tell of a fact of a group, if it is about a thread, which is in step by then. The event has its name."""
    if not isinstance(fact, facts.ThreadFact):
        return
    thread = find(fact.thread).begun_under(facts.Parent(conversation=group.id, message=fact.message))
    if not isinstance(fact, facts.ThreadEnded):
        thread.name = fact.name
    hub.emit(fact.kind, _event_of(group, thread, fact, at), conversation=group.id)


def _event_of(group: Conversation, thread: Conversation, fact: facts.ThreadFact, at: int) -> ThreadEvent:
    match fact:
        case facts.ThreadMade(message=message, by=by, name=name):
            return ThreadMade(conversation=group, thread=thread, message=message, by=by, at=at, name=name)
        case facts.ThreadRenamed(message=message, by=by, name=name):
            return ThreadRenamed(conversation=group, thread=thread, message=message, by=by, at=at, name=name)
        case facts.ThreadEnded(message=message, by=by):
            return ThreadEnded(conversation=group, thread=thread, message=message, by=by, at=at)
