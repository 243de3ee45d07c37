"""What may be asked about threads, beside what may be asked about all conversations."""

from typing import Annotated

from msgspec import Meta

from unisono.domain.commands.base import Command, PageSize
from unisono.domain.commands.conversation import Name
from unisono.domain.ids import INTEGER_MAX, ConversationIdIn, Seq

MessageSeq = Annotated[Seq, Meta(ge=1, le=INTEGER_MAX)]


class CreateThread(Command, frozen=True, tag="create_thread"):
    """Begin the thread under a message of a group, or have the one that is there shown: there is one at most.

    The answer is the thread, a conversation. Who begins it is its first member; any other of the group may `join` it.
    """

    conversation: ConversationIdIn
    message: MessageSeq
    name: Name | None = None


class ListThreads(Command, frozen=True, tag="threads"):
    """Ask for the threads of a group that are not over, or without one for those that I am in; the oldest first."""

    conversation: ConversationIdIn | None = None
    after: ConversationIdIn | None = None
    limit: PageSize = 100
