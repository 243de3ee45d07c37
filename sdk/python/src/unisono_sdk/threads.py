"""Threads: conversations under the messages of a group."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import ClassVar

from unisono_sdk.answers import Conversations, ConversationView
from unisono_sdk.commands import Command
from unisono_sdk.desk import Desk, ask


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateThread(Command):
    """Begin the thread under a message, or have the one that is there shown."""

    op: ClassVar[str] = "create_thread"
    conversation: str
    message: int
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListThreads(Command):
    """Ask for the threads of a group, or for those that I am in."""

    op: ClassVar[str] = "threads"
    conversation: str | None = None
    after: str | None = None
    limit: int = 100


async def listed_threads(desk: Desk, group: str | None, page: int) -> AsyncIterator[ConversationView]:
    """Go through the threads of a group, or those that I am in."""
    after: str | None = None
    while True:
        answer = await ask(desk, ListThreads(conversation=group, after=after, limit=page), Conversations)
        for view in answer.conversations:
            yield view
        if answer.next is None:
            return
        after = answer.next
