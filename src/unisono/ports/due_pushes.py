"""What is to be pushed: read from the log behind a place that is kept, so that a message pays nothing for it."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from msgspec import Struct

from unisono.domain.facts import ConversationKind, Level, MessagePlaced
from unisono.domain.ids import Checkpoint, ConversationId, Epoch, Instant, NodeId, Seq, UserId
from unisono.domain.silence import Silence
from unisono.ports.push_targets import PushTarget


class Window(Struct, frozen=True):
    """What was committed after `since`, up to `until`, and placed at `oldest` or later."""

    since: Checkpoint
    until: Checkpoint
    oldest: Instant


class DueMessage(Struct, frozen=True):
    """A message with its place, and what its conversation is."""

    conversation: ConversationId
    of: ConversationKind
    name: str | None
    epoch: Epoch
    seq: Seq
    at: Instant
    message: MessagePlaced


class DueMark(Struct, frozen=True):
    """Where a page of messages ends: only the store reads it."""

    pos: int
    stream: int
    seq: Seq


class DuePage(Struct, frozen=True):
    """Some messages of a window; those of one conversation in order. There may be more if `next` is given."""

    messages: tuple[DueMessage, ...]
    next: DueMark | None = None


class Absent(Struct, frozen=True):
    """A member without a live session on any node who has not read a message, and the ways to their devices.

    `silence` is theirs of the conversation, `silence_of_all` that of all of theirs.
    """

    user: UserId
    level: Level
    targets: tuple[PushTarget, ...] = ()
    silence: Silence | None = None
    silence_of_all: Silence | None = None


class AbsentPage(Struct, frozen=True):
    """Some members who are not there. There may be more behind `next`."""

    absent: tuple[Absent, ...]
    next: UserId | None = None


Shown = tuple[UserId, ConversationId, Seq]
"""A message as a user was told of it."""


class DuePushes(Protocol):
    """Reads of one app, and the place up to which its pushes were handed over. One node at a time has the work."""

    async def hold(self, node: NodeId) -> Checkpoint | None:
        """Give the place, if this node has the work or can take it: when nobody has it whose lease is not over.

        The first to ask begins at the end of the log, and so does who finds a place that is not of this log.
        """

    async def advance(self, node: NodeId, reached: Checkpoint) -> bool:
        """Move the place, durably, if the node still has the work; say if it does."""

    async def messages(self, window: Window, after: DueMark | None, limit: int) -> DuePage:
        """Read up to `limit` messages, fewer of large ones.

        Once all pages were read, each message of the window was there, and some perhaps twice: one of a conversation
        that went on meanwhile. What was recalled is left out.
        """

    async def absent(self, message: DueMessage, after: UserId | None, limit: int) -> AbsentPage:
        """Read up to `limit` members by user id who could see a message of somebody else's and are not there.

        Who set the level `none` is left out.
        """

    async def unread(self, users: Sequence[UserId]) -> Mapping[UserId, int]:
        """Count how many messages wait for each of these users in all their conversations; without those who have none.

        It takes as long as they have conversations, all of them.
        """

    async def waiting(self, shown: Sequence[Shown]) -> AbstractSet[Shown]:
        """Give those of some messages that their users, members still, have neither read nor deleted for themselves."""
