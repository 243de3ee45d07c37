"""One live connection, as the use cases see it: something that takes what its door makes of facts, and can be ended."""

from collections.abc import Sequence
from typing import Protocol

from unisono.domain.errors import UnisonoError
from unisono.domain.events import Event, Priority
from unisono.domain.facts import PlacedFact
from unisono.domain.ids import Checkpoint

Parcel = object
"""What an encoder makes of facts, and the links that share it take: bytes for the transport, or what they make into
such themselves. Nobody else looks into it."""


class Encoder(Protocol):
    """One door's way to write facts. Links that share an encoder share what it gives: it is asked once for all."""

    def delivery(self, facts: Sequence[PlacedFact], checkpoint: Checkpoint) -> Parcel:
        """Make a parcel of facts of one stream, in order and without holes."""

    def event(self, event: Event) -> Parcel:
        """Make a parcel of an event."""


class Link(Protocol):
    """A connection that carries a session."""

    @property
    def encoder(self) -> Encoder:
        """Give what makes its parcels."""

    @property
    def heard_at_s(self) -> float:
        """Say when the peer last spoke, on the monotonic clock."""

    def push_nowait(self, parcel: Parcel, /) -> None:
        """Queue what is for the peer; it leaves in this order. A link past its bound ends itself instead."""

    def push_at_once_nowait(self, parcel: Parcel, /) -> None:
        """Write what comes alone: there is nothing to wait for. Behind what waits, it is queued."""

    def push_transient_nowait(self, parcel: Parcel, priority: Priority, /) -> bool:
        """Queue something unless the link is congested for what matters so little; False when it was dropped."""

    def end(self, fault: UnisonoError) -> None:
        """Say why, then close. Safe to call more than once; the first reason counts."""
