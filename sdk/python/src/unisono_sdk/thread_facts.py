"""What a group hears of threads under its messages, and what a thread is under."""

from dataclasses import dataclass
from typing import ClassVar

from unisono_sdk.origin import Caused


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """What a thread is under: a message of a group, by its seq."""

    conversation: str
    message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMade(Caused):
    """The thread under a message began."""

    kind: ClassVar[str] = "thread_made"
    message: int
    thread: str
    by: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRenamed(Caused):
    """A thread has another name, or none."""

    kind: ClassVar[str] = "thread_renamed"
    message: int
    thread: str
    by: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadEnded(Caused):
    """Somebody dissolved a thread."""

    kind: ClassVar[str] = "thread_ended"
    message: int
    thread: str
    by: str


ThreadFact = ThreadMade | ThreadRenamed | ThreadEnded
