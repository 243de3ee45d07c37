"""Threads under the messages of groups: lists of them, and what is still to be noted in them."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from unisono.domain.ids import ConversationId, UserId
from unisono.ports.directory import MyConversation


class Departure(Struct, frozen=True):
    """A user left a group that has threads, or, without a user, the group is over: its threads have not heard of it.

    It is written with the fact that tells of it in the group, in the same transaction. Numbers rise, and none is given
    twice.
    """

    number: int
    group: ConversationId
    user: UserId | None


class Threads(Protocol):
    """Threads of one app. Each call sees one moment; two calls may see two."""

    async def of_group(
        self, group: ConversationId, user: UserId | None, after: ConversationId | None, limit: int
    ) -> Sequence[MyConversation]:
        """List the threads of a group that are not over, with the reader's places in them; the oldest first.

        Those behind `after`, up to `limit`. Whether the reader may see them is for the caller to see.

        Raises:
            Invalid: Nothing ever happened in `after`.
        """

    async def of_user(self, user: UserId, after: ConversationId | None, limit: int) -> Sequence[MyConversation]:
        """List the threads that a user is in, of groups that they are in; the oldest first, behind `after`.

        Raises:
            Invalid: Nothing ever happened in `after`.
        """

    async def departures(self, limit: int) -> Sequence[Departure]:
        """Give the first of what has not been noted yet."""

    async def concerned(self, departure: Departure, limit: int) -> Sequence[ConversationId]:
        """Give threads of the group that have not heard of a departure: those not over, or those the user is still in.

        None where the user is back in the group.
        """

    async def settle(self, numbers: Sequence[int]) -> None:
        """Forget departures, which were noted wherever they were to be. Safe to repeat."""
