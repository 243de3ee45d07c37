"""One live connection, as the use cases see it: something that takes finished frames and can be ended."""

from collections.abc import Sequence
from typing import Protocol

from unisono.domain.errors import UnisonoError
from unisono.domain.events import Event, Priority
from unisono.domain.facts import PlacedFact
from unisono.domain.ids import Checkpoint


class Encoder(Protocol):
    """One door's way to write facts. Links that share an encoder share its frames: it is asked once for all of them."""

    def delivery(self, facts: Sequence[PlacedFact], checkpoint: Checkpoint) -> bytes:
        """Write facts of one stream, in order and without holes, ready for the transport."""

    def event(self, event: Event) -> bytes:
        """Write an event, ready for the transport."""


class Link(Protocol):
    """A connection that carries a session."""

    encoder: Encoder
    heard_at_s: float
    """When the peer last spoke, on the monotonic clock."""

    def push_nowait(self, frame: bytes) -> None:
        """Queue bytes for the peer; frames leave in this order. A link past its bound ends itself instead."""

    def push_at_once_nowait(self, frame: bytes) -> None:
        """Write bytes that come alone: there is nothing to wait for. Behind what waits, they are queued."""

    def push_transient_nowait(self, frame: bytes, priority: Priority) -> bool:
        """Queue bytes unless the link is congested for what matters so little; False when they were dropped."""

    def end(self, fault: UnisonoError) -> None:
        """Say why, then close. Safe to call more than once; the first reason counts."""
