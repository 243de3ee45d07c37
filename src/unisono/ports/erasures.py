"""Erasures: users whose traces are being removed, or were. None of their tokens is good from then on."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from unisono.domain.ids import ConversationId, Instant, Seq, StreamKey, UserId


class Erasure(Struct, frozen=True):
    """How far it is: all conversations up to `after`, so many of them, and so many messages, are done.

    One that met a defect says when, until it is tried again.
    """

    user: UserId
    asked_at: Instant
    after: ConversationId | None = None
    conversations: int = 0
    messages: int = 0
    finished_at: Instant | None = None
    failed_at: Instant | None = None


class Erasures(Protocol):
    """Erasures of one app."""

    async def begin(self, user: UserId) -> Erasure:
        """Remember, durably, that a user is to be erased; one that is under way goes on, one that is over begins anew.

        From then on `Sessions.is_revoked` says so of each credential of the user.
        """

    async def find(self, user: UserId) -> Erasure | None:
        """Give the erasure of a user, under way or over; None where there is none."""

    async def among(self, users: Sequence[UserId]) -> frozenset[UserId]:
        """Give those of some users who have an erasure, under way or over."""

    async def unfinished(self, asked: Instant, failed: Instant, limit: int) -> Sequence[Erasure]:
        """List erasures that are not over, were asked for up to an instant, and failed at most up to another.

        The oldest first.
        """

    async def note(self, erasure: Erasure) -> None:
        """Remember how far an erasure is; not where it is over, or was asked for anew."""

    async def forget(self, user: UserId) -> None:
        """Forget an erasure that is over: the user may come again. One that is under way stays."""

    async def scrub(self, stream: StreamKey, seqs: Sequence[Seq]) -> None:
        """Empty facts at these places of a stream (`domain.erasing.scrubbed`). Atomic, and safe to repeat."""

    async def drop_rest(self, user: UserId) -> None:
        """Drop what is kept of a user beside the log: sessions and calls that are over, when they were seen, wills."""
