"""What users are to each other, for reading."""

from collections.abc import Sequence
from typing import Protocol

from unisono.domain.commands import Ties
from unisono.domain.ids import UserId
from unisono.domain.ties import ContactView


class Contacts(Protocol):
    """Reads of one app. Each call sees one moment; two calls may see two."""

    async def page(self, user: UserId, which: Ties, after: UserId | None, limit: int) -> Sequence[ContactView]:
        """List a user's ties of a sort by user id, starting after `after`."""

    async def find(self, user: UserId, other: UserId) -> ContactView | None:
        """Give what another is to a user; None for nothing."""

    async def every(self, user: UserId, after: UserId | None, limit: int) -> Sequence[ContactView]:
        """List all that users are to a user, by user id, starting after `after`."""
