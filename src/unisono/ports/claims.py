"""Claims: which session of a user does a piece of work."""

from collections.abc import Callable
from typing import Protocol

from unisono.domain.call_answers import Claimed
from unisono.domain.claims import ClaimDecision, Held
from unisono.domain.ids import ClaimName, Instant, UserId

ClaimDecide = Callable[[Instant, Held | None], ClaimDecision]
"""Decides over the time, by the clock of leases, and who has the claim or had it last. Pure; may run twice."""


class Claims(Protocol):
    """Claims of one app."""

    async def decide(self, user: UserId, name: ClaimName, limit: int, decide: ClaimDecide) -> Claimed:
        """Change who has a claim.

        Linearisable per user across all nodes. Durable on return: a node that starts again gives no claim twice.
        Where one is new and about `limit` names of the user are remembered, the oldest that are over are forgotten:
        done, given up, or left to run out.

        Raises:
            LimitReached: It would be remembered anew, and that many are held just now.
            UnisonoError: What the decision raises; nothing was changed.
        """

    async def forget(self, kept_ms: int) -> int:
        """Drop claims that were done, or whose lease was over, longer ago than that; give how many."""
