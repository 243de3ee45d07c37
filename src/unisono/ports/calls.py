"""Calls: who is rung and who is in, decided once at a time."""

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from unisono.domain.calls import Call
from unisono.domain.facts import PlacedFact
from unisono.domain.ids import CallId, Instant, SessionId, UserId

CallDecide = Callable[[Instant, Call | None, int], Call | None]
"""Decides over the time, the call, and where there is none yet, how many that are not over its first user is part of.

Gives the call as it is to be, the very same one, or None, to leave it as it is. Pure; may run twice.
"""


class CallCommitted(Struct, frozen=True):
    """A call as it is now, whether that was changed, and the facts that it left at its end."""

    call: Call | None
    is_changed: bool = False
    facts: tuple[PlacedFact, ...] = ()


class Calls(Protocol):
    """Calls of one app."""

    async def decide(self, call: CallId, people: Sequence[UserId], decide: CallDecide) -> CallCommitted:
        """Change a call, and place `calls.facts_of` the change in the streams of its people.

        `people` are the call's own, which never change. Linearisable per call, and for each of its people, across all
        nodes: of two decisions the later sees what the earlier did. Durable on return.

        Raises:
            UnisonoError: What the decision raises; nothing was changed.
        """

    async def find(self, call: CallId) -> Call | None:
        """Give a call, over or not, as long as it is known."""

    async def of_user(self, user: UserId) -> Sequence[Call]:
        """List calls that are not over and that a user is part of, the oldest first."""

    async def active(self) -> Sequence[tuple[CallId, int]]:
        """List all calls that are not over, with their revisions."""

    async def due(self, limit: int) -> Sequence[CallId]:
        """List calls that have rung for long enough."""

    async def lost(self, away_ms: int, limit: int) -> Sequence[tuple[CallId, SessionId]]:
        """List sessions that are in a call and over, or without a connection for longer than `away_ms`."""

    async def strangers(self, limit: int) -> Sequence[tuple[CallId, UserId]]:
        """List those whom a call of a conversation concerns and who are no members of that any more."""

    async def forget(self, kept_ms: int) -> int:
        """Drop calls that ended longer ago than that; give how many."""
