"""What operators said about an app while it ran, and who said it."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from unisono.domain.ids import Instant
from unisono.domain.policy import PolicyChange, Revision

PolicyDecide = Callable[[Instant, PolicyChange | None], PolicyChange]
"""Decides over the time and the last change. Pure; may run twice."""


class PolicyPage(Struct, frozen=True):
    """Changes, the newest first. There are more below `next`."""

    changes: tuple[PolicyChange, ...]
    next: Revision | None = None


class Policies(Protocol):
    """The changes of one app's policy. What is said holds for each login that `ports.sessions` decides later."""

    async def last(self) -> PolicyChange | None:
        """Give the last change; None while there was none."""

    async def change(self, decide: PolicyDecide) -> PolicyChange:
        """Decide over the last change, and put the next one after it.

        Linearisable across all nodes, with logins as well: a login that was decided under the policy before is durable
        when this returns, and each one after sees what is said here. Durable on return.
        """

    async def log(self, before: int | None, limit: int) -> PolicyPage:
        """List changes below a revision, or all; the newest first, fewer of large ones, one at least.

        Only the last `domain.policy.CHANGES_KEPT` stay.
        """
